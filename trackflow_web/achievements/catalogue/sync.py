"""Synchronising the table with the built-in entries of the code, with a dry run.

`code` is the identity of an achievement. A sync never removes awards or changes their points.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import editions, entries, loading, rows
from trackflow_web.achievements.catalogue.entries import COMPLETIONIST, Kind
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from trackflow_web.achievements.catalogue.entries import Entry

# The fields that decide which users earn an achievement; the others only describe it.
DECIDING = frozenset({"metric", "threshold"})


class ChangeType(StrEnum):
    """The kind of change that a sync makes to an entry."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"
    RETURNED = "returned"


@dataclass(frozen=True)
class Change:
    """One built-in entry whose row differs from the code.

    `fields` has (old, new) by column. `holders` is how many users have it, `gainers` how many more
    reach it by the stored counters.
    """

    kind: ChangeType
    code: str
    fields: dict[str, tuple[object, object]] = field(default_factory=dict)
    holders: int = 0
    gainers: int = 0

    @property
    def decides(self) -> bool:
        """Return whether users may be due an award by it."""
        return self.kind != ChangeType.CHANGED or bool(DECIDING & self.fields.keys())

    @property
    def text(self) -> str:
        """Return the change in a line: `threshold 10 -> 5`."""
        return ", ".join(f"{name} {old} -> {new}" for name, (old, new) in self.fields.items())


@dataclass(frozen=True)
class Synced:
    """The changes of a sync, without figures, and the categories that have a new edition."""

    changes: list[Change]
    categories: list[str]

    @property
    def decides(self) -> bool:
        """Return whether users may be due something by it."""
        return bool(self.categories) or any(change.decides for change in self.changes)


def planned() -> list[Change]:
    """Return what `sync` would change now, with figures; change nothing."""
    stored = {row.code: row for row in db.session.scalars(sa.select(Achievement))}
    found = _differences(stored)
    ids = {code: row.id for code, row in stored.items()}
    holders = _holders([ids[change.code] for change in found if change.code in ids])
    gainers = _gainers(found, ids)
    if gainers.get(COMPLETIONIST) and all(change.code != COMPLETIONIST for change in found):
        found.append(Change(ChangeType.CHANGED, COMPLETIONIST))  # by what becomes of the others
    return [
        replace(
            change,
            holders=holders.get(ids.get(change.code, 0), 0),
            gainers=gainers.get(change.code, 0),
        )
        for change in found
    ]


def sync() -> Synced:
    """Synchronise the table with the code; return what that changed.

    Repeating it changes nothing. A recheck grants the awards that become due.
    """
    # A concurrent sync waits for this lock and then sees what was changed. Awards do not wait.
    found = sa.select(Achievement).order_by(Achievement.id).with_for_update(key_share=True)
    stored = {
        row.code: row for row in db.session.scalars(found.execution_options(populate_existing=True))
    }
    changes = _differences(stored)
    now = clock.now()
    for change in changes:
        if change.kind is ChangeType.ADDED:
            continue
        for column, (_old, new) in change.fields.items():
            setattr(stored[change.code], column, new)
        if change.kind is not ChangeType.CHANGED:
            stored[change.code].retired_at = now if change.kind is ChangeType.RETIRED else None
    db.session.flush()
    rows.add_missing()
    _update_totals(
        gone=_counted_ids(changes, stored, ChangeType.RETIRED),
        back=_counted_ids(changes, stored, ChangeType.RETURNED),
    )
    categories = editions.write(rows.read_ids())
    if changes:
        loading.changed()
    return Synced(changes, categories)


def _differences(stored: dict[str, Achievement]) -> list[Change]:
    """Return the changes in the order of the catalogue, retirements last."""
    known = {entry.code for entry in entries.BUILT_IN}
    found = [
        change
        for entry in entries.BUILT_IN
        if (change := _difference(entry, stored.get(entry.code))) is not None
    ]
    found += [
        Change(ChangeType.RETIRED, code)
        for code, row in stored.items()
        if row.kind == Kind.BUILTIN and code not in known and row.retired_at is None
    ]
    return found


def _difference(entry: Entry, row: Achievement | None) -> Change | None:
    if row is None:
        return Change(ChangeType.ADDED, entry.code)
    fields = {
        column: (getattr(row, column), new)
        for column, new in rows.columns_of(entry).items()
        if getattr(row, column) != new
    }
    if row.retired_at is not None:
        return Change(ChangeType.RETURNED, entry.code, fields)
    return Change(ChangeType.CHANGED, entry.code, fields) if fields else None


# --- the counter of the completionist -----------------------------------------------------------


def _counted_ids(
    changes: Iterable[Change], stored: dict[str, Achievement], kind: ChangeType
) -> list[int]:
    """Return the ids of those that the completionist's counter includes no longer, or again."""
    return [
        stored[change.code].id
        for change in changes
        if change.kind is kind and change.code != COMPLETIONIST
    ]


def _update_totals(*, gone: list[int], back: list[int]) -> None:
    """Subtract retired entries and add returned ones, for every user who has them.

    In the transaction of the change itself: in between a user could reach the completionist's
    threshold with an entry that does not count any more.
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
    """Return the number of these achievements that a user has."""
    return (
        sa.select(sa.func.count())
        .where(UserAchievement.user_id == UserStats.user_id, _stands(), _of_any(ids))
        .scalar_subquery()
    )


def _stands() -> sa.ColumnElement[bool]:
    return UserAchievement.revoked_at.is_(None)


def _of_any(ids: Collection[int]) -> sa.ColumnElement[bool]:
    return UserAchievement.achievement_id.in_(ids)


# --- the figures of a dry run --------------------------------------------------------------------


def _holders(ids: Sequence[int]) -> dict[int, int]:
    """Return how many users have each of these achievements, by id."""
    stored = db.session.execute(
        sa.select(UserAchievement.achievement_id, sa.func.count().label("holders"))
        .where(_stands(), _of_any(ids))
        .group_by(UserAchievement.achievement_id)
    )
    return {row.achievement_id: row.holders for row in stored}


def _gainers(changes: Sequence[Change], ids: dict[str, int]) -> dict[str, int]:
    """Return how many more users would have each of these, by code.

    Judged by the stored counters: one scan of `user_stats` per change, none of the source rows.
    """
    by_code = {entry.code: entry for entry in entries.BUILT_IN}
    due = {
        change.code: _is_due(by_code[change.code], ids)
        for change in changes
        if change.decides and change.kind is not ChangeType.RETIRED and change.code != COMPLETIONIST
    }
    last = by_code.get(COMPLETIONIST)
    if last is not None and any(change.decides for change in changes):
        total = UserStats.total_achievements + sum(
            (sa.case((is_due, 1), else_=0) for is_due in due.values()), start=sa.literal(0)
        )
        for kind, sign in ((ChangeType.RETIRED, -1), (ChangeType.RETURNED, 1)):
            those = [ids[c.code] for c in changes if c.kind is kind and c.code != last.code]
            total += sign * _number_of(those)
        due[last.code] = sa.and_(total >= last.threshold, _has_not(ids.get(last.code, 0)))
    return {code: _count(is_due) for code, is_due in due.items()}


def _count(is_due: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count(UserStats.user_id)).where(is_due)) or 0


def _is_due(entry: Entry, ids: dict[str, int]) -> sa.ColumnElement[bool]:
    counter: sa.ColumnElement[Any] = UserStats.__table__.c[str(entry.metric)]
    return sa.and_(counter >= entry.threshold, _has_not(ids.get(entry.code, 0)))


def _has_not(achievement_id: int) -> sa.ColumnElement[bool]:
    """Return whether a user has no row for it; a revoked award has one and is not granted again."""
    return ~sa.exists().where(
        UserAchievement.user_id == UserStats.user_id,
        UserAchievement.achievement_id == achievement_id,
    )
