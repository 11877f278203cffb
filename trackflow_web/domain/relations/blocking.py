"""Blocking users and removing followers. Both set a state and are not announced to the other."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.people.events import PersonPromoted
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.events import UserBlocked, UserUnfollowed
from trackflow_web.domain.relations.models import Follow, Mute, Muted, RemovedFollower
from trackflow_web.domain.visibility.models import Block
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import UTCDateTime, db, upsert
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackflow_web.kernel.events import Event

# Longer lists are no longer about persons one has met.
MOST_BLOCKED = 1000
REMOVED_FOR = timedelta(days=30)


def set_block(user: User, person: User, *, wanted: bool) -> None:
    """Block a user, or no longer. Raises Invalid naming `username`.

    A block ends the follows of both, which do not come back with the end of the block.
    """
    if user.id == person.id:
        raise Invalid(username="You can't block yourself.")
    lock_pair(user.id, person.id)
    if not wanted:
        db.session.execute(_of(Block, Block.user_id == user.id, Block.blocked_id == person.id))
        return
    if _is_administrator(person.id):
        raise Invalid(username="You can mute administrators, but not block them.")
    blocked = sa.select(sa.func.count()).where(Block.user_id == user.id)
    if (db.session.scalar(blocked) or 0) >= MOST_BLOCKED:
        raise Invalid(username=f"You've blocked {MOST_BLOCKED} people. Unblock one first.")
    added = db.session.scalar(
        upsert(Block)
        .values(user_id=user.id, blocked_id=person.id, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(Block.user_id)
    )
    if added is not None:
        _end_follows(user.id, person.id)
        record(UserBlocked(), user_id=user.id, subject_id=person.id)


def handle(events: Sequence[Event]) -> None:
    """End the blocks of users who became administrators; those who had blocked them mute them."""
    for event in events:
        if isinstance(event.payload, PersonPromoted) and _is_administrator(event.user_id):
            _turn_into_mutes(event.user_id)


def _turn_into_mutes(user_id: int) -> None:
    blocks = sa.select(
        Block.user_id,
        sa.literal(str(Muted.PERSON)),
        Block.blocked_id,
        sa.literal(clock.now(), UTCDateTime()),
    ).where(Block.blocked_id == user_id)
    columns = ["user_id", "kind", "target_id", "created_at"]
    db.session.execute(upsert(Mute).from_select(columns, blocks).on_conflict_do_nothing())
    ended = db.session.scalars(_of(Block, Block.blocked_id == user_id).returning(Block.user_id))
    if n := len(ended.all()):
        note_if_committed(SecurityEvent.BLOCKS_ENDED, of=user_id, n=n)


def _is_administrator(user_id: int) -> bool:
    """Return whether a user is an administrator now; a promotion waits for this unit of work.

    A promotion ends the blocks that are there.
    """
    found = sa.select(User.is_admin).where(User.id == user_id)
    return bool(db.session.scalar(found.with_for_update(read=True)))


def remove_follower(user: User, follower: User) -> None:
    """Remove a follower; for 30 days they cannot follow again, and are not told."""
    lock_pair(user.id, follower.id)
    gone = db.session.scalar(
        _of(Follow, Follow.user_id == follower.id, Follow.followed_id == user.id).returning(
            Follow.user_id
        )
    )
    if gone is None:
        return
    until = clock.now() + REMOVED_FOR
    db.session.execute(
        upsert(RemovedFollower)
        .values(user_id=user.id, follower_id=follower.id, until=until)
        .on_conflict_do_update(
            index_elements=[RemovedFollower.user_id, RemovedFollower.follower_id],
            set_={"until": until},
        )
    )
    record(UserUnfollowed(), user_id=follower.id, actor_id=user.id, subject_id=user.id)


def is_removed(user_id: int, follower_id: int) -> bool:
    """Return whether a user has removed this follower during the last 30 days."""
    until: datetime | None = db.session.scalar(
        sa.select(RemovedFollower.until).where(
            RemovedFollower.user_id == user_id, RemovedFollower.follower_id == follower_id
        )
    )
    return until is not None and until > clock.now()


def prune_removed() -> None:
    """Delete what no longer keeps anybody from following."""
    db.session.execute(_of(RemovedFollower, RemovedFollower.until <= clock.now()))


def lock_pair(one_id: int, other_id: int) -> None:
    """Lock the row of the first of two users, so that follows and blocks of the two take turns.

    Requests wait only for users with lower ids than theirs, so never for each other.
    """
    first = sa.select(User.id).where(User.id == min(one_id, other_id))
    db.session.execute(first.with_for_update(key_share=True))


def _end_follows(user_id: int, person_id: int) -> None:
    both = (user_id, person_id)
    db.session.execute(_of(Follow, Follow.user_id.in_(both), Follow.followed_id.in_(both)))


def _of(table: type[Block | Follow | RemovedFollower], *which: sa.ColumnElement[bool]) -> sa.Delete:
    return sa.delete(table).where(*which).execution_options(synchronize_session=False)
