"""How many users have each achievement.

In a small community each process counts, and keeps the count with the version and the newest ids
that it was counted at; every reader compares them first. A large one is counted by a job
(`holder_counting`), and processes read what it has stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from trackflow_web.achievements.awards import holder_changes
from trackflow_web.achievements.awards.holder_changes import IS_COUNTED, IS_MEMBER
from trackflow_web.achievements.holder_models import HolderCount, HolderCounting
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import cache_versions, clock
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db, is_writing

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.engine import Engine

# Above this number of awards, one more does not change a share visibly, and a job counts.
MANY = 50_000
# How long a process keeps a count of many, where no job has counted yet.
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
class _Counted:
    """A count of this process, and the version and newest ids read before it was made."""

    holders: Holders
    version: int | None
    newest: tuple[int | None, int | None]
    at: datetime

    def is_current(self, now: Any) -> bool:  # noqa: ANN401 -- a row of _NOW
        """Return whether it is still exact, or young enough."""
        few = sum(self.holders.by_code.values()) < MANY
        age = clock.now() - self.at
        return (
            now.version == self.version
            and ((now.newest_award, now.newest_user) == self.newest or not few)
            and timedelta(0) <= age <= (MAX_AGE_WHEN_FEW if few else MAX_AGE_WHEN_MANY)
        )


@dataclass(frozen=True)
class _Read:
    """What a job has stored, as this process has read it."""

    holders: Holders
    version: int | None
    number: int

    def is_current(self, now: Any) -> bool:  # noqa: ANN401 -- a row of _NOW
        """Return whether nothing was stored or withdrawn since."""
        return (now.version, now.number) == (self.version, self.number)


_AWARDS, _USERS = UserAchievement.__table__, User.__table__
VERSION = cache_versions.of(Versioned.HOLDERS).label("version")
NEWEST = (
    sa.select(sa.func.max(_AWARDS.c.id)).scalar_subquery().label("newest_award"),
    sa.select(sa.func.max(_USERS.c.id)).scalar_subquery().label("newest_user"),
)
_NOW = sa.select(
    VERSION,
    *NEWEST,
    sa.select(HolderCounting.number).scalar_subquery().label("number"),
    sa.select(HolderCounting.awards).scalar_subquery().label("awards"),
)
_HELD = (
    sa.select(_AWARDS.c.achievement_id, sa.func.count().label("n"))
    .where(IS_COUNTED)
    .group_by(_AWARDS.c.achievement_id)
    .subquery()
)
_COUNT = sa.select(
    Achievement.id,
    Achievement.code,
    sa.func.coalesce(_HELD.c.n, 0).label("n"),
    sa.select(sa.func.count()).where(IS_MEMBER).scalar_subquery().label("users"),
).outerjoin_from(Achievement, _HELD, _HELD.c.achievement_id == Achievement.id)
_SUM = sa.func.coalesce(sa.func.sum(HolderCount.n), 0)
_READ = (
    sa.select(
        Achievement.id,
        Achievement.code,
        _SUM.label("n"),
        sa.select(_SUM)
        .where(HolderCount.achievement_id.is_(None))
        .scalar_subquery()
        .label("users"),
    )
    .outerjoin_from(Achievement, HolderCount, HolderCount.achievement_id == Achievement.id)
    .group_by(Achievement.id, Achievement.code)
)

_cache: WeakKeyDictionary[Engine, _Counted | _Read] = WeakKeyDictionary()


def of_each() -> Holders:
    """Return how many users show each achievement.

    Exact up to MANY awards; beyond, new awards and new users may be missing for a minute. What was
    hidden, revoked or deleted is never counted.
    """
    now = db.session.execute(_NOW).one()
    is_stored = now.awards is not None and now.awards >= MANY
    wanted = _Read if is_stored else _Counted
    cached = _cache.get(db.engine)
    if (
        isinstance(cached, wanted)
        and cached.is_current(now)
        and not cache_versions.is_stepped(Versioned.HOLDERS)
    ):
        return cached.holders
    found: _Counted | _Read
    if is_stored:
        found = _Read(_holders(_READ, plus=holder_changes.pending()), now.version, now.number)
    else:
        at = clock.now()
        newest = now.newest_award, now.newest_user
        found = _Counted(_holders(_COUNT), now.version, newest, at)
    if not is_writing():  # what this transaction has changed may yet be rolled back
        _cache[db.engine] = found
    return found.holders


def changed(user_ids: Collection[int]) -> None:
    """Let every process count again: call it before awards of users are hidden, shown or deleted.

    Granting one needs no call.
    """
    cache_versions.step(Versioned.HOLDERS, users=user_ids)


def forget() -> None:
    """Forget what this process has counted: its database was replaced by another one."""
    _cache.clear()


def _holders(select: sa.Select[Any], *, plus: holder_changes.Counts | None = None) -> Holders:
    """Return the counts of a SELECT, with what this transaction has changed."""
    more: Mapping[int | None, int] = plus or {}
    rows = db.session.execute(select).all()
    return Holders(
        # An award that was hidden before the job had counted it is taken off all the same.
        by_code={row.code: max(0, int(row.n) + more.get(row.id, 0)) for row in rows},
        users=int(rows[0].users) + more.get(None, 0) if rows else 0,
    )
