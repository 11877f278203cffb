"""How many users have each achievement: cached per process, recounted when it may have changed.

Counting takes about 0.5 s per million awards, so a process caches the count with the version and
the newest ids that it was counted at; every reader compares them first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import visible_to_members
from trackflow_web.kernel import cache_versions, clock
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db, is_writing

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

# Above this number of awards, one more does not change a share visibly.
MANY = 50_000
# How long a new award or user may be missing in large communities. Hidden and revoked awards,
# banned and deleted users are never counted.
MAX_AGE_WHEN_MANY = timedelta(minutes=1)
# PostgreSQL may commit an award after one with a higher id, and only the highest is looked at.
MAX_AGE_WHEN_FEW = timedelta(seconds=2)


@dataclass(frozen=True)
class Holders:
    """The number of users who show each achievement, by code, and the number of users.

    Banned users are not counted.
    """

    by_code: dict[str, int]
    users: int

    @classmethod
    def unknown(cls) -> Holders:
        """Return no counts, for pages that do not show them."""
        return cls(by_code={}, users=0)


@dataclass(frozen=True)
class _CachedCount:
    """A count, and the version and newest ids read before it was made."""

    holders: Holders
    version: int | None
    newest: tuple[int | None, int | None]
    at: datetime

    def is_current(self, version: int | None, newest: tuple[int | None, int | None]) -> bool:
        """Return whether it is still exact, or young enough."""
        few = sum(self.holders.by_code.values()) < MANY
        age = clock.now() - self.at
        return (
            version == self.version
            and (newest == self.newest or not few)
            and timedelta(0) <= age <= (MAX_AGE_WHEN_FEW if few else MAX_AGE_WHEN_MANY)
        )


_AWARDS, _USERS = UserAchievement.__table__, User.__table__
_NOW = sa.select(
    cache_versions.of(Versioned.HOLDERS),
    sa.select(sa.func.max(_AWARDS.c.id)).scalar_subquery(),
    sa.select(sa.func.max(_USERS.c.id)).scalar_subquery(),
)
# Their awards are not visible, so they are not counted either.
_UNSEEN = sa.select(_USERS.c.id).where(sa.not_(visible_to_members(_USERS.c)))
_HELD = (
    sa.select(_AWARDS.c.achievement_id, sa.func.count().label("n"))
    # As the index has it, so that on either database the index is all that is read.
    .where(_AWARDS.c.is_public, _AWARDS.c.revoked_at.is_(None), _AWARDS.c.user_id.not_in(_UNSEEN))
    .group_by(_AWARDS.c.achievement_id)
    .subquery()
)
_COUNT = sa.select(
    Achievement.code,
    sa.func.coalesce(_HELD.c.n, 0),
    sa.select(sa.func.count()).where(_USERS.c.banned_at.is_(None)).scalar_subquery(),
).outerjoin_from(Achievement, _HELD, _HELD.c.achievement_id == Achievement.id)

_cache: WeakKeyDictionary[Engine, _CachedCount] = WeakKeyDictionary()


def of_each() -> Holders:
    """Return how many users show each achievement.

    Exact up to MANY awards; beyond, new awards and new users may be missing for a minute.
    """
    version, newest_award, newest_user = db.session.execute(_NOW).one()
    newest = newest_award, newest_user
    cached = _cache.get(db.engine)
    if (
        cached
        and cached.is_current(version, newest)
        and not cache_versions.is_stepped(Versioned.HOLDERS)
    ):
        return cached.holders
    at = clock.now()
    counted = _count()
    if not is_writing():  # what this transaction has changed may yet be rolled back
        _cache[db.engine] = _CachedCount(counted, version, newest, at)
    return counted


def changed() -> None:
    """Let every process recount: call it when an award is hidden, shown, revoked or deleted.

    Granting one needs no call.
    """
    cache_versions.step(Versioned.HOLDERS)


def forget() -> None:
    """Forget what this process has counted: its database was replaced by another one."""
    _cache.clear()


def _count() -> Holders:
    rows = db.session.execute(_COUNT).all()
    return Holders(by_code={code: n for code, n, _ in rows}, users=rows[0][2] if rows else 0)
