"""Actions on collaborations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.collaborations import invitations, queries
from trackflow_web.domain.collaborations.events import (
    CollaborationJoined,
    CollaborationLeft,
    CollaboratorAdded,
    CollaboratorRemoved,
)
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.collaborations.rules import Subject
from trackflow_web.domain.people import rules
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.row_limits import RowLimit, require_room_among
from trackflow_web.domain.visibility import may_deal_with
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from datetime import datetime

NOBODY = "No user with that name."


def get_addable_user(name: object, owner_id: int) -> User:
    """Return the user with this name who may be added to this owner's songs or invited.

    A user with a private profile is found only by owners who may add them at once; for others, and
    with a block between the two, the error is that of an unknown name. Raises Invalid naming
    `username`.
    """
    try:
        user = _find(rules.username(name, reserved_too=True), owner_id)
    except Invalid:
        user = None
    if user is None:
        raise Invalid(username=NOBODY)
    if user.id == owner_id:
        raise Invalid(username="This person owns the song.")
    if not user.is_profile_public and not queries.may_be_added_by(user.id, owner_id):
        raise Invalid(username=NOBODY)
    return user


def _find(username: str, owner_id: int) -> User | None:
    return db.session.scalar(
        sa.select(User).where(User.username == username, may_deal_with(owner_id))
    )


def add(
    *,
    song_id: int,
    owner_id: int,
    user: User,
    about: dict[str, Any],
    actor_id: int | None = None,
    since: datetime | None = None,
) -> bool:
    """Add a collaborator to a song; return False if they were one already.

    `about` describes the song, which the caller has locked, in the events. The actor is the
    owner unless another is given. `since` is when a collaboration that is restored began.
    Raises LimitReached naming `username`.
    """
    others = (Collaboration.song_id == song_id) & (Collaboration.user_id != user.id)
    require_room_among(RowLimit.COLLABORATORS, others, field="username")
    added = db.session.scalar(
        upsert(Collaboration)
        .values(
            song_id=song_id, owner_id=owner_id, user_id=user.id, created_at=since or clock.now()
        )
        .on_conflict_do_nothing()
        .returning(Collaboration.id)
    )
    if added is None:
        return False
    actor_id = actor_id or owner_id
    record(
        CollaboratorAdded(**about, collaborator_id=user.id),
        user_id=owner_id,
        actor_id=actor_id,
        subject_id=song_id,
    )
    record(
        CollaborationJoined(**about, owner_id=owner_id),
        user_id=user.id,
        actor_id=actor_id,
        subject_id=song_id,
    )
    return True


def remove(
    *, song_id: int, owner_id: int, user_id: int, about: dict[str, Any], leaves: bool
) -> None:
    """Remove a collaborator from a song, or withdraw a pending invitation to it.

    A user who `leaves` cannot be added again. Raises NotFound if they are neither.
    """
    gone = db.session.scalar(
        sa.delete(Collaboration)
        .where(Collaboration.song_id == song_id, Collaboration.user_id == user_id)
        .returning(Collaboration.id)
    )
    if gone is None:
        if invitations.withdraw(Subject(song_id=song_id), user_id):
            return
        message = "This person isn't a collaborator on this song."
        raise NotFound(message)
    if leaves:
        invitations.close_left(song_id, owner_id=owner_id, user_id=user_id)
    else:
        invitations.reopen(song_id, user_id)
    _record_end(song_id, owner_id, user_id, about)


def end_all(*, song_id: int, about: dict[str, Any]) -> None:
    """Remove every collaborator from a song that is being deleted."""
    gone = db.session.execute(
        sa.delete(Collaboration)
        .where(Collaboration.song_id == song_id)
        .returning(Collaboration.owner_id, Collaboration.user_id)
    ).all()
    for owner_id, user_id in sorted((owner_id, user_id) for owner_id, user_id in gone):
        _record_end(song_id, owner_id, user_id, about)


def _record_end(song_id: int, owner_id: int, user_id: int, about: dict[str, Any]) -> None:
    record(
        CollaboratorRemoved(**about, collaborator_id=user_id), user_id=owner_id, subject_id=song_id
    )
    record(
        CollaborationLeft(**about, owner_id=owner_id),
        user_id=user_id,
        actor_id=owner_id,
        subject_id=song_id,
    )
