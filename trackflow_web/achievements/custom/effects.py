"""What a custom achievement would do: who would get it, judged by the stored counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.achievements.models import UserAchievement, UserStats
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

MOST_NAMED = 50


@dataclass(frozen=True)
class Effect:
    """How many users would get an achievement and the first of them by name.

    `holders` have it; `below` of these have less than the threshold, and keep it.
    """

    users: int
    usernames: Sequence[str]
    holders: int = 0
    below: int = 0


def of_threshold(metric: str, threshold: int, achievement_id: int = 0) -> Effect:
    """Return the effect of a threshold on a new achievement, or on one with this id."""
    counter: Any = UserStats.__table__.c[metric]
    award = sa.exists().where(
        UserAchievement.user_id == UserStats.user_id,
        UserAchievement.achievement_id == achievement_id,
    )
    stands = award.where(UserAchievement.revoked_at.is_(None))
    gains = sa.and_(counter >= threshold, ~award)
    names = (
        sa.select(User.username)
        .join(UserStats, UserStats.user_id == User.id)
        .where(gains)
        .order_by(User.username)
        .limit(MOST_NAMED)
    )
    below = sa.and_(stands, counter < threshold)
    return Effect(
        users=_count(gains),
        usernames=db.session.scalars(names).all(),
        holders=_count(stands) if achievement_id else 0,
        below=_count(below) if achievement_id else 0,
    )


def _count(which: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count(UserStats.user_id)).where(which)) or 0
