"""Levels that users have reached: once reached, a level is never lost.

An unlocked achievement raises the points in the statement that updates the counters, which returns
them: only a level that is reached takes a further statement. After a recount the points are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.events import LevelReached
from trackflow_web.achievements.levels import level_of
from trackflow_web.achievements.models import UserStats
from trackflow_web.kernel.database import db, literal_ids
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEHIND = sa.select(UserStats.user_id, UserStats.total_points, UserStats.level_best).where(
    UserStats.user_id.in_(literal_ids("user_ids"))
)

_TABLE: Any = UserStats.__table__
_RAISE = (
    sa.update(_TABLE)
    .where(_TABLE.c.user_id == sa.bindparam("owner"))
    .values(level_best=sa.bindparam("level"))
)


def note_reached(user_ids: Sequence[int]) -> None:
    """Raise the highest level of users whose points reach a new one, and record that."""
    if not user_ids:
        return
    rows = db.session.execute(_BEHIND.order_by(UserStats.user_id), {"user_ids": user_ids}).all()
    reached = [
        (user_id, level, best)
        for user_id, points, best in rows
        if (level := level_of(points)) > best
    ]
    if reached:
        # In one call, for a recheck: each statement of its own takes longer than its row.
        values = [{"owner": user_id, "level": level} for user_id, level, _best in reached]
        db.session.connection().execute(_RAISE, values)
    for user_id, level, best in reached:
        _record(user_id, level, best)


def note_points(user_id: int, points: int, best: int) -> None:
    """Raise the highest level of a user whose locked row has these points, if they reach one."""
    level = level_of(points)
    if level > best:
        db.session.execute(
            sa.update(UserStats).where(UserStats.user_id == user_id).values(level_best=level)
        )
        _record(user_id, level, best)


def _record(user_id: int, level: int, before: int) -> None:
    record(LevelReached(level=level, before=before), user_id=user_id, subject_id=user_id)
