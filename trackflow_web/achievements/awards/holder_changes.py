"""What an action changes in stored holder counts, written with it.

The awards that some users show are read before the action and again right before the commit; the
difference is added to the counts. So a hidden award is gone from them with the commit that hides
it, and nobody counts everything again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import event

from trackflow_web.achievements.holder_models import HolderCount, HolderCounting
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import visible_to_members
from trackflow_web.kernel import cache_versions
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

# How many show an achievement, by its id; None is the number of users.
Counts = Counter[int | None]

_BEFORE = "holders before"
_AWARDS, _USERS = UserAchievement.__table__, User.__table__
# Their awards are not visible, so they are not counted either.
_UNSEEN = sa.select(_USERS.c.id).where(sa.not_(visible_to_members(_USERS.c)))
# As the index has it, so that on either database the index is all that is read.
IS_COUNTED = sa.and_(
    _AWARDS.c.is_public, _AWARDS.c.revoked_at.is_(None), _AWARDS.c.user_id.not_in(_UNSEEN)
)
IS_MEMBER = _USERS.c.banned_at.is_(None)

_IDS = literal_ids("ids")
# Nothing where nothing is stored.
_OF_USERS = sa.union_all(
    sa.select(_AWARDS.c.achievement_id, sa.func.count().label("n"))
    .where(_AWARDS.c.user_id.in_(_IDS), IS_COUNTED)
    .group_by(_AWARDS.c.achievement_id),
    sa.select(sa.null(), sa.func.count()).where(_USERS.c.id.in_(_IDS), IS_MEMBER),
).subquery()
_STORED = sa.select(_OF_USERS.c.achievement_id, _OF_USERS.c.n).where(
    sa.exists().where(HolderCounting.id.is_not(None))
)


@dataclass
class _Before:
    """The users that a unit of work has changed, and what they showed before it."""

    users: set[int] = field(default_factory=set)
    counts: Counts = field(default_factory=Counter)


def note(user_ids: Collection[int]) -> None:
    """Remember what users show, before the running unit of work changes it."""
    before: _Before = db.session().info.setdefault(_BEFORE, _Before())
    new = set(user_ids) - before.users
    if new and (counts := _shown_by(new)):
        before.users |= new
        before.counts.update(counts)


def pending() -> Counts:
    """Return what the running unit of work has changed so far."""
    before: _Before | None = db.session().info.get(_BEFORE)
    if before is None or not before.users:
        return Counter()
    changed = _shown_by(before.users)
    changed.subtract(before.counts)
    return Counter({key: n for key, n in changed.items() if n})


def _shown_by(user_ids: Collection[int]) -> Counts:
    """Return the counts of users; empty where no counts are stored."""
    rows = db.session.execute(_STORED, {"ids": sorted(user_ids)})
    return Counter({row.achievement_id: row.n for row in rows})


@event.listens_for(db.session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction() or _BEFORE not in session.info:  # a savepoint is no commit
        return
    changed = pending()
    session.info.pop(_BEFORE)
    if changed:
        rows = [{"achievement_id": key, "n": n} for key, n in changed.items()]
        session.execute(sa.insert(HolderCount), rows)


cache_versions.watch(Versioned.HOLDERS, note)
