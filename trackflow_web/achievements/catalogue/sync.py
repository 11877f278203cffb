"""What a new version of the catalogue changes, told before it is applied, and applied.

`code` is the identity of an achievement. What people earned stays theirs, with the points of that
day, whatever happens to it here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.catalogue.registry import COMPLETIONIST
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from trackflow_web.achievements.catalogue.registry import Entry

# What decides who is to have an achievement; the rest only describes it.
DECIDING = frozenset({"metric", "threshold"})


class Kind(StrEnum):
    """What becomes of an achievement."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"
    RETURNED = "returned"


@dataclass(frozen=True)
class Change:
    """One achievement that is not in the table as it is in the code.

    `fields` has (old, new) by column. `holders` is how many people have it, `gainers` how many
    more would get it by the numbers as they are kept.
    """

    kind: Kind
    code: str
    fields: dict[str, tuple[object, object]] = field(default_factory=dict)
    holders: int = 0
    gainers: int = 0

    @property
    def decides(self) -> bool:
        """Whether somebody may be due something by it."""
        return self.kind != Kind.CHANGED or bool(DECIDING & self.fields.keys())

    @property
    def text(self) -> str:
        """The change in a line: `threshold 10 -> 5`."""
        return ", ".join(f"{name} {old} -> {new}" for name, (old, new) in self.fields.items())


def planned() -> list[Change]:
    """What `sync` would change now, with numbers; changes nothing."""
    rows = {row.code: row for row in db.session.scalars(sa.select(Achievement))}
    found = _differences(rows)
    ids = {code: row.id for code, row in rows.items()}
    holders = _holders([ids[change.code] for change in found if change.code in ids])
    gainers = _gainers(found, ids)
    if gainers.get(COMPLETIONIST) and all(change.code != COMPLETIONIST for change in found):
        found.append(Change(Kind.CHANGED, COMPLETIONIST))  # by what becomes of the others
    return [
        replace(
            change,
            holders=holders.get(ids.get(change.code, 0), 0),
            gainers=gainers.get(change.code, 0),
        )
        for change in found
    ]


def sync() -> list[Change]:
    """Bring the table in line with the code; gives what was changed, without numbers.

    Repeating it changes nothing. What is due to people afterwards a recheck gives.
    """
    # Who syncs at the same time is waited for and then seen. Awards may be given meanwhile.
    found = sa.select(Achievement).order_by(Achievement.id).with_for_update(key_share=True)
    rows = {
        row.code: row for row in db.session.scalars(found.execution_options(populate_existing=True))
    }
    changes = _differences(rows)
    now = clock.now()
    for change in changes:
        if change.kind is Kind.ADDED:
            continue
        for column, (_old, new) in change.fields.items():
            setattr(rows[change.code], column, new)
        if change.kind is not Kind.CHANGED:
            rows[change.code].retired_at = now if change.kind is Kind.RETIRED else None
    db.session.flush()
    catalogue.add_missing()
    _move_totals(
        gone=_counted_ids(changes, rows, Kind.RETIRED),
        back=_counted_ids(changes, rows, Kind.RETURNED),
    )
    return changes


def _differences(rows: dict[str, Achievement]) -> list[Change]:
    """In the order of the catalogue; what is retired comes last."""
    found = [
        change
        for entry in catalogue.ENTRIES
        if (change := _difference(entry, rows.get(entry.code))) is not None
    ]
    found += [
        Change(Kind.RETIRED, code)
        for code, row in rows.items()
        if row.built_in and code not in catalogue.BY_CODE and row.retired_at is None
    ]
    return found


def _difference(entry: Entry, row: Achievement | None) -> Change | None:
    if row is None:
        return Change(Kind.ADDED, entry.code)
    fields = {
        column: (getattr(row, column), new)
        for column, new in catalogue.columns_of(entry).items()
        if getattr(row, column) != new
    }
    if row.retired_at is not None:
        return Change(Kind.RETURNED, entry.code, fields)
    return Change(Kind.CHANGED, entry.code, fields) if fields else None


# --- the numbers of the completionist ----------------------------------------------------------


def _counted_ids(changes: Iterable[Change], rows: dict[str, Achievement], kind: Kind) -> list[int]:
    """The ids of those that the completionist's number has one less or one more for."""
    return [
        rows[change.code].id
        for change in changes
        if change.kind is kind and change.code != COMPLETIONIST
    ]


def _move_totals(*, gone: list[int], back: list[int]) -> None:
    """Count what was retired no longer, and what returned again, for everybody who has it.

    In the transaction of the change itself: in between somebody could reach the completionist's
    threshold with one that does not count any more.
    """
    if not gone and not back:
        return
    concerned = UserStats.user_id.in_(
        sa.select(UserAchievement.user_id).where(_stands(), _of_any([*gone, *back]))
    )
    held = sa.select(UserStats.user_id).where(concerned).order_by(UserStats.user_id)
    db.session.execute(sa.select(sa.func.count()).select_from(held.with_for_update().subquery()))
    db.session.execute(
        sa.update(UserStats)
        .where(concerned)
        .values(
            total_achievements=UserStats.total_achievements + _number_of(back) - _number_of(gone),
            updated_at=clock.now(),
        ),
        execution_options={"synchronize_session": False},
    )


def _number_of(ids: Collection[int]) -> sa.ColumnElement[int]:
    """How many of these achievements a user has."""
    return (
        sa.select(sa.func.count())
        .where(UserAchievement.user_id == UserStats.user_id, _stands(), _of_any(ids))
        .scalar_subquery()
    )


def _stands() -> sa.ColumnElement[bool]:
    return UserAchievement.revoked_at.is_(None)


def _of_any(ids: Collection[int]) -> sa.ColumnElement[bool]:
    return UserAchievement.achievement_id.in_(ids)


# --- the numbers of a plan ---------------------------------------------------------------------


def _holders(ids: Sequence[int]) -> dict[int, int]:
    """How many people have each of these achievements, by id."""
    rows = db.session.execute(
        sa.select(UserAchievement.achievement_id, sa.func.count().label("holders"))
        .where(_stands(), _of_any(ids))
        .group_by(UserAchievement.achievement_id)
    )
    return {row.achievement_id: row.holders for row in rows}


def _gainers(changes: Sequence[Change], ids: dict[str, int]) -> dict[str, int]:
    """How many people more would have each of these, by code.

    By the numbers as they are kept, each user's own in one row: a look at every row of numbers for
    each change, at none of anybody's work.
    """
    due = {
        change.code: _is_due(catalogue.BY_CODE[change.code], ids)
        for change in changes
        if change.decides and change.kind is not Kind.RETIRED and change.code != COMPLETIONIST
    }
    last = catalogue.BY_CODE.get(COMPLETIONIST)
    if last is not None and any(change.decides for change in changes):
        total = UserStats.total_achievements + sum(
            (sa.case((is_due, 1), else_=0) for is_due in due.values()), start=sa.literal(0)
        )
        for kind, sign in ((Kind.RETIRED, -1), (Kind.RETURNED, 1)):
            those = [ids[c.code] for c in changes if c.kind is kind and c.code != last.code]
            total += sign * _number_of(those)
        due[last.code] = sa.and_(total >= last.threshold, _has_not(ids.get(last.code, 0)))
    return {code: _count(is_due) for code, is_due in due.items()}


def _count(is_due: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count(UserStats.user_id)).where(is_due)) or 0


def _is_due(entry: Entry, ids: dict[str, int]) -> sa.ColumnElement[bool]:
    number: sa.ColumnElement[Any] = UserStats.__table__.c[entry.metric]
    return sa.and_(number >= entry.threshold, _has_not(ids.get(entry.code, 0)))


def _has_not(achievement_id: int) -> sa.ColumnElement[bool]:
    """What was revoked is not given again either."""
    return ~sa.exists().where(
        UserAchievement.user_id == UserStats.user_id,
        UserAchievement.achievement_id == achievement_id,
    )
