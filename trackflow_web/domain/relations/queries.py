"""Queries of followed and muted users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow, Mute, Muted
from trackflow_web.domain.visibility import has_blocked, visible_to
from trackflow_web.domain.visibility.models import Block
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import UTCDateTime, db

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Related:
    """A user in one of the lists, and since when; `until` is the end of a mute."""

    id: int
    username: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Relation:
    """The relations of a user to another one."""

    follows: bool
    mutes: bool
    blocks: bool = False
    is_followed: bool = False
    # The end of the mute; None if it has none.
    muted_until: datetime | None = None

    @property
    def is_any(self) -> bool:
        """Whether there is one to be ended."""
        return self.follows or self.mutes or self.blocks or self.is_followed


@dataclass(frozen=True)
class FollowCounts:
    """The numbers of a user's followers and of those whom the user follows."""

    followers: int
    following: int


def follow_of(follower_id: int, user_id: int) -> Follow | None:
    """Return the row of a follow."""
    return db.session.get(Follow, (follower_id, user_id))


def count_followed(user_id: int) -> int:
    """Return the number of users that a user follows."""
    found = sa.select(sa.func.count()).where(Follow.user_id == user_id)
    return db.session.scalar(found) or 0


def count_follows(user_id: int) -> FollowCounts:
    """Return how many users follow a user, and how many the user follows, in one statement."""
    followers = sa.select(sa.func.count()).where(Follow.followed_id == user_id)
    following = sa.select(sa.func.count()).where(Follow.user_id == user_id)
    row = db.session.execute(
        sa.select(followers.scalar_subquery(), following.scalar_subquery())
    ).one()
    return FollowCounts(*row)


def relation_to(user_id: int, person_id: int) -> Relation:
    """Return the relations of the user to another one, in one statement."""
    follow = sa.exists().where(Follow.user_id == user_id, Follow.followed_id == person_id)
    muted = (
        Mute.user_id == user_id,
        Mute.kind == Muted.PERSON,
        Mute.target_id == person_id,
        is_in_force(),
    )
    mute, until = sa.exists().where(*muted), sa.select(Mute.until).where(*muted)
    block, followed = (
        has_blocked(user_id, person_id),
        sa.exists().where(Follow.user_id == person_id, Follow.followed_id == user_id),
    )
    row = db.session.execute(
        sa.select(follow, mute, block, followed, until.scalar_subquery())
    ).one()
    follows, mutes, blocks, is_followed = (bool(each) for each in row[:4])
    return Relation(follows, mutes, blocks, is_followed, muted_until=row[4])


def is_blocked_by(user_id: int, person_id: int) -> bool:
    """Return whether another user has blocked the user."""
    found = sa.select(sa.literal(1)).where(has_blocked(person_id, user_id))
    return db.session.scalar(found) is not None


def is_in_force(until: Any = Mute.until) -> sa.ColumnElement[bool]:  # noqa: ANN401 -- a column
    """Return the condition for mutes that have not ended."""
    now = sa.bindparam(None, callable_=clock.now, type_=UTCDateTime(), unique=True)
    return sa.or_(until.is_(None), until > now)


def followed_by(user_id: int, after: str | None, limit: int) -> Sequence[Related]:
    """Return the users that a user follows, by name, after a name; hidden profiles are omitted.

    Those stay followed, and are listed again once they are visible.
    """
    return _listed(Follow.followed_id, Follow.user_id, user_id, after, limit)


def followers_of(user_id: int, after: str | None, limit: int) -> Sequence[Related]:
    """Return the followers of a user, by name, after a name; hidden profiles are omitted."""
    return _listed(Follow.user_id, Follow.followed_id, user_id, after, limit)


def _listed(
    other: sa.orm.InstrumentedAttribute[int],
    own: sa.orm.InstrumentedAttribute[int],
    user_id: int,
    after: str | None,
    limit: int,
) -> Sequence[Related]:
    rows = db.session.execute(
        sa.select(User.id, User.username, Follow.created_at)
        .join(Follow, other == User.id)
        .where(own == user_id, visible_to(user_id), User.username > (after or ""))
        .order_by(User.username)
        .limit(limit)
    )
    return [Related(*row) for row in rows]


def get_followed(user_id: int, person: User) -> Related:
    """Return a user that the user follows, or has tried to follow after having been removed."""
    follow = follow_of(user_id, person.id)
    return Related(person.id, person.username, follow.created_at if follow else clock.now())


def get_blocked(user_id: int, person: User) -> Related:
    """Return a user that the user has blocked. Raises NoResultFound."""
    block = db.session.get_one(Block, (user_id, person.id))
    return Related(person.id, person.username, block.created_at)


def blocked_by(user_id: int, after: str | None, limit: int) -> Sequence[Related]:
    """Return the users that a user has blocked, by name, after a name."""
    rows = db.session.execute(
        sa.select(User.id, User.username, Block.created_at)
        .join(Block, Block.blocked_id == User.id)
        .where(Block.user_id == user_id, sa.not_(has_blocked(User.id, user_id)))
        .where(User.username > (after or ""))
        .order_by(User.username)
        .limit(limit)
    )
    return [Related(*row) for row in rows]


def get_muted(user_id: int, person: User) -> Related:
    """Return a user that the user has muted. Raises NoResultFound."""
    mute = db.session.get_one(Mute, (user_id, Muted.PERSON, person.id), populate_existing=True)
    return Related(person.id, person.username, mute.created_at, mute.until)


def muted_by(user_id: int, after: str | None, limit: int) -> Sequence[Related]:
    """Return the users that a user has muted, by name, after a name."""
    rows = db.session.execute(
        sa.select(User.id, User.username, Mute.created_at, Mute.until)
        .join(Mute, Mute.target_id == User.id)
        .where(
            Mute.user_id == user_id,
            Mute.kind == Muted.PERSON,
            is_in_force(),
            sa.not_(has_blocked(User.id, user_id)),
            User.username > (after or ""),
        )
        .order_by(User.username)
        .limit(limit)
    )
    return [Related(*row) for row in rows]
