"""Recounting from the source rows: counters, and when thresholds were reached."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.achievements.metrics import definitions
from trackflow_web.achievements.models import UserAchievement, UserValue
from trackflow_web.domain.people.models import Visit
from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from trackflow_web.achievements.catalogue.entries import Period
    from trackflow_web.achievements.metrics.distinct_values import ValueDrift
    from trackflow_web.achievements.metrics.sources import Rows

Counters = dict[str, Any]

_USER_IDS = literal_ids("user_ids")


def names() -> list[str]:
    """Return the names of the counters that are counts or sums."""
    return [*definitions.BY_NAME, definitions.TOTAL_POINTS]


def counters(chunk: Sequence[int], drift: Iterable[ValueDrift] = ()) -> dict[int, Counters]:
    """Return every counter of these users, recounted, by user id.

    Distinct values are counted in `user_values`; `drift` are its rows that are not corrected yet.
    """
    nothing: Counters = {**dict.fromkeys(names(), 0), "last_login_date": None, "current_streak": 0}
    true = {user_id: dict(nothing) for user_id in chunk}
    for counted, statement in _counts():
        for user_id, *found in db.session.execute(statement, {"user_ids": chunk}).all():
            true[user_id].update(zip(counted, found, strict=True))
    for row in drift:
        true[row.user_id][definitions.DISTINCT[row.kind]] += (row.counted > 0) - (row.stored > 0)
    return true


def reached(name: str, thresholds: Collection[int], period: Period | None = None) -> sa.Select[Any]:
    """Return the SELECT of when users reached thresholds: `user_id`, `at` and `threshold`.

    `at` is that of the Nth source row, in a period of the Nth row within it. Takes `user_ids`.
    """
    counted = source_rows(name, _USER_IDS, period).subquery()
    nth = sa.func.row_number().over(
        partition_by=counted.c.user_id, order_by=(counted.c.at, counted.c.subject_id)
    )
    numbered = sa.select(counted.c.user_id, counted.c.at, nth.label("threshold")).subquery()
    return sa.select(numbered).where(numbered.c.threshold.in_(thresholds))


def source_rows(name: str, user_ids: Any, period: Period | None = None) -> Rows:  # noqa: ANN401 -- a list or a parameter
    """Return the SELECT of the source rows of these users, all or those within a period.

    Within a period nothing imported or backfilled counts: it was not done then.
    """
    rows = definitions.BY_NAME[name].rows
    found = rows.where(rows.selected_columns.user_id.in_(user_ids))
    if period is None:
        return found
    at: Any = rows.selected_columns.at.element
    imported: Any = rows.selected_columns.imported.element
    return found.where(at >= period.starts_at, at < period.ends_at, sa.not_(imported))


# --- counting ----------------------------------------------------------------------------------


@cache
def _counts() -> list[tuple[list[str], sa.Executable]]:
    """Return the statements that count, each with the names of its columns after the user's id.

    Built once: building them takes as long as counting for a hundred users.
    """
    statements: list[tuple[list[str], sa.Executable]] = []
    together: dict[sa.ColumnElement[int], dict[str, sa.ColumnElement[int]]] = defaultdict(dict)
    for metric in definitions.METRICS:
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
    statements += [
        ([definitions.TOTAL_POINTS], _points()),
        (["last_login_date", "current_streak"], _last_visits()),
    ]
    return statements


def _only_column(rows: Rows) -> sa.Column[Any] | None:
    """Return the column whose non-NULL values are the source rows; None where it is not so simple.

    All such counters of a table are counted together, in one scan of it.
    """
    label: Any = rows.selected_columns.at
    column = label.element
    where = rows.whereclause
    if isinstance(column, sa.Column) and rows.get_final_froms() == [column.table]:
        return column if where is not None and where.compare(column.is_not(None)) else None
    return None


def _by_user(user_id: Any, *found: sa.ColumnElement[Any]) -> sa.Select[Any]:  # noqa: ANN401 -- of any table
    return sa.select(user_id, *found).where(user_id.in_(_USER_IDS)).group_by(user_id)


def _points() -> sa.Select[int, int]:
    """Return the SELECT of points: those of awards, and the bonuses of completed categories."""
    awards = _by_user(
        UserAchievement.user_id, sa.func.sum(UserAchievement.points).label("points")
    ).where(UserAchievement.revoked_at.is_(None))
    bonuses = _by_user(CategoryCompletion.user_id, sa.func.sum(CategoryCompletion.points))
    both = awards.union_all(bonuses).subquery()
    total = sa.cast(sa.func.sum(both.c.points), sa.Integer)
    return sa.select(both.c.user_id, total).group_by(both.c.user_id)


def _last_visits() -> sa.Select[int, date, int]:
    last = _by_user(Visit.user_id, sa.func.max(Visit.day).label("day")).subquery()
    return sa.select(Visit.user_id, Visit.day, Visit.run).join(
        last, sa.and_(last.c.user_id == Visit.user_id, last.c.day == Visit.day)
    )
