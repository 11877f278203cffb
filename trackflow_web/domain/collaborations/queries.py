"""Queries of collaborators, invitations, and users who have worked together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from trackflow_web.domain.collaborations import rules
from trackflow_web.domain.collaborations.models import Collaboration, Invitation, WorkedTogether
from trackflow_web.domain.collaborations.rules import State, Subject
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations import queries as relations
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Helper(NamedTuple):
    """A collaborator as one viewer sees them: with the name or without."""

    user: User
    is_named: bool


def helps(user_id: int, song_id: int) -> bool:
    """Return whether this user is a collaborator on this song."""
    found = sa.select(sa.literal(1)).where(
        Collaboration.song_id == song_id, Collaboration.user_id == user_id
    )
    return db.session.scalar(found) is not None


def since(user_id: int, song_id: int) -> datetime | None:
    """Return since when this user is a collaborator on this song; None when they are none."""
    found = sa.select(Collaboration.created_at).where(
        Collaboration.song_id == song_id, Collaboration.user_id == user_id
    )
    return db.session.scalar(found)


def helpers_of(song_id: int, *, owner_id: int, viewer_id: int) -> list[Helper]:
    """Return the collaborators on a song by name; those not named to the viewer come last."""
    users = db.session.scalars(
        sa.select(User)
        .join(Collaboration, Collaboration.user_id == User.id)
        .where(Collaboration.song_id == song_id)
        .order_by(User.username)
    ).all()
    helpers = [
        Helper(user, rules.is_named(user, owner_id=owner_id, viewer_id=viewer_id)) for user in users
    ]
    return sorted(helpers, key=lambda helper: not helper.is_named)


def song_ids_of(user_id: int) -> sa.Select[int]:
    """Return a SELECT of the ids of songs of others on which the user is a collaborator."""
    return sa.select(Collaboration.song_id).where(Collaboration.user_id == user_id)


def invited_to(subject: Subject) -> Sequence[User]:
    """Return the users with a pending invitation to a song or a pack, by name."""
    return db.session.scalars(
        sa.select(User)
        .join(Invitation, Invitation.invitee_id == User.id)
        .where(about(subject), Invitation.state == State.PENDING)
        .order_by(User.username)
    ).all()


def find_invitation(subject: Subject, invitee_id: int) -> Invitation | None:
    """Return the user's invitation to a song or a pack, in any state."""
    return db.session.scalar(
        sa.select(Invitation).where(about(subject), Invitation.invitee_id == invitee_id)
    )


def closed_songs(user_id: int, song_ids: Sequence[int]) -> set[int]:
    """Return those of the songs that the user has declined or left."""
    found = sa.select(Invitation.song_id).where(
        Invitation.song_id.in_(song_ids),
        Invitation.invitee_id == user_id,
        Invitation.state.in_(rules.CLOSED),
    )
    return {song_id for song_id in db.session.scalars(found) if song_id is not None}


def have_worked_together(user_id: int, other_id: int) -> bool:
    """Return whether one accepted a collaboration with the other, and neither ended it since."""
    found = sa.select(sa.literal(1)).where(
        WorkedTogether.user_id == user_id, WorkedTogether.other_id == other_id
    )
    return db.session.scalar(found) is not None


def may_be_added_by(user_id: int, owner_id: int) -> bool:
    """Return whether an owner may add the user at once: they worked together, or the user follows.

    All others are invited first.
    """
    return (
        have_worked_together(owner_id, user_id)
        or relations.follow_of(user_id, owner_id) is not None
    )


def about(subject: Subject) -> sa.ColumnElement[bool]:
    """Return the condition that an invitation is to this song or pack."""
    if subject.song_id is not None:
        return Invitation.song_id == subject.song_id
    return Invitation.pack_id == subject.pack_id


def names_beside(user_id: int, *, limit: int) -> Sequence[str]:
    """Return the names of the people a user works with or follows, in order."""
    pairs = (
        sa.select(Follow.followed_id).where(Follow.user_id == user_id),
        sa.select(Collaboration.user_id).where(Collaboration.owner_id == user_id),
        sa.select(Collaboration.owner_id).where(Collaboration.user_id == user_id),
    )
    return db.session.scalars(
        sa.select(User.username)
        .where(User.id.in_(sa.union(*pairs)), visible_to(user_id))
        .order_by(User.username)
        .limit(limit)
    ).all()
