"""What the facts say: the numbers counted anew, and when thresholds were reached."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.metrics import registry as metrics
from trackflow_web.achievements.models import UserAchievement, UserValue
from trackflow_web.domain.people.models import Visit
from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from trackflow_web.achievements.metrics.distinct_values import Line
    from trackflow_web.achievements.metrics.sources import Rows

Numbers = dict[str, Any]

_USER_IDS = literal_ids("user_ids")


def names() -> list[str]:
    """The numbers that are counted or summed up."""
    return [*metrics.BY_NAME, metrics.TOTAL_POINTS]


def numbers(chunk: Sequence[int], wrong_lines: Iterable[Line] = ()) -> dict[int, Numbers]:
    """Every number of these users as the facts have it.

    Different values are counted in the ledger; `wrong_lines` are those not corrected there yet.
    """
    nothing: Numbers = {**dict.fromkeys(names(), 0), "last_login_date": None, "current_streak": 0}
    true = {user_id: dict(nothing) for user_id in chunk}
    for counted, statement in _counts():
        for user_id, *found in db.session.execute(statement, {"user_ids": chunk}).all():
            true[user_id].update(zip(counted, found, strict=True))
    for line in wrong_lines:
        true[line.user_id][metrics.DISTINCT[line.kind]] += (line.counted > 0) - (line.kept > 0)
    return true


def reached(name: str, thresholds: Collection[int]) -> sa.Select[Any]:
    """When users came to thresholds of a metric: `user_id`, `threshold`, `at` of the Nth row.

    Which users is said by `user_ids` when it is run.
    """
    rows = metrics.BY_NAME[name].rows
    counted = rows.where(rows.selected_columns.user_id.in_(_USER_IDS)).subquery()
    nth = sa.func.row_number().over(
        partition_by=counted.c.user_id, order_by=(counted.c.at, counted.c.subject_id)
    )
    numbered = sa.select(counted.c.user_id, counted.c.at, nth.label("threshold")).subquery()
    return sa.select(numbered).where(numbered.c.threshold.in_(thresholds))


# --- counting ----------------------------------------------------------------------------------


@cache
def _counts() -> list[tuple[list[str], sa.Executable]]:
    """The statements that count, each with the names of what it gives behind the user's id.

    Made once: making them costs as much as counting for a hundred users.
    """
    statements: list[tuple[list[str], sa.Executable]] = []
    together: dict[sa.ColumnElement[int], dict[str, sa.ColumnElement[int]]] = defaultdict(dict)
    for metric in metrics.METRICS:
        at = _only_column(metric.rows)
        if metric.distinct:
            mine = sa.case((sa.and_(UserValue.kind == metric.distinct, UserValue.n > 0), 1))
            together[UserValue.__table__.c.user_id][metric.name] = sa.func.count(mine)
        elif at is not None:
            together[at.table.c.user_id][metric.name] = sa.func.count(at)
        else:
            rows = metric.rows.subquery()
            statements.append(([metric.name], _by_user(rows.c.user_id, sa.func.count())))
    statements += [
        ([*those], _by_user(whose, *those.values())) for whose, those in together.items()
    ]
    points = sa.cast(sa.func.sum(UserAchievement.points), sa.Integer)
    still_held = UserAchievement.revoked_at.is_(None)
    statements += [
        ([metrics.TOTAL_POINTS], _by_user(UserAchievement.user_id, points).where(still_held)),
        (["last_login_date", "current_streak"], _last_visits()),
    ]
    return statements


def _only_column(rows: Rows) -> sa.Column[Any] | None:
    """The column that alone says which rows of a table count, where it is as simple as that.

    All such numbers of a table are counted together, in one walk through it.
    """
    label: Any = rows.selected_columns.at
    column = label.element
    where = rows.whereclause
    if isinstance(column, sa.Column) and rows.get_final_froms() == [column.table]:
        return column if where is not None and where.compare(column.is_not(None)) else None
    return None


def _by_user(user_id: Any, *found: sa.ColumnElement[Any]) -> sa.Select[Any]:  # noqa: ANN401 -- of any table
    return sa.select(user_id, *found).where(user_id.in_(_USER_IDS)).group_by(user_id)


def _last_visits() -> sa.Select[int, date, int]:
    last = _by_user(Visit.user_id, sa.func.max(Visit.day).label("day")).subquery()
    return sa.select(Visit.user_id, Visit.day, Visit.run).join(
        last, sa.and_(last.c.user_id == Visit.user_id, last.c.day == Visit.day)
    )
