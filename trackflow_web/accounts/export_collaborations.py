"""The export of collaborations, invitations, and users who have worked together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trackflow_web.accounts.pieces import json_list, selected
from trackflow_web.domain.collaborations import rules
from trackflow_web.domain.collaborations.models import Collaboration, Invitation, WorkedTogether
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def collaborations_of(user_id: int) -> Mapping[str, Iterator[str]]:
    """Return collaborations of both sides, invitations, and previous collaborators."""
    owner, collaborator = Collaboration.__table__.c.owner_id, Collaboration.__table__.c.user_id
    return {
        "helped_by": _pairs(user_id, owner, collaborator),
        "helping": _pairs(user_id, collaborator, owner),
        "invitations": _invitations(user_id),
        "worked_with": _worked_with(user_id),
    }


def _pairs(
    user_id: int, mine: sa.ColumnElement[int], other: sa.ColumnElement[int]
) -> Iterator[str]:
    found = sa.select(
        Collaboration.song_id,
        Song.title,
        Song.artist,
        User.username.label("with"),
        Collaboration.created_at.label("since"),
    )
    found = found.join(Song, Song.id == Collaboration.song_id).join(User, User.id == other)
    return json_list(selected(found.where(mine == user_id), Collaboration.id))


def _invitations(user_id: int) -> Iterator[str]:
    """Return sent and received invitations; subjects of closed ones are not named."""
    inviter, invitee = aliased(User), aliased(User)
    is_named = sa.or_(Invitation.inviter_id == user_id, Invitation.state.not_in(rules.CLOSED))
    found = sa.select(
        inviter.username.label("from"),
        invitee.username.label("to"),
        Invitation.song_id,
        Invitation.pack_id,
        sa.case((is_named, sa.func.coalesce(Song.title, Pack.name))).label("name"),
        Invitation.state,
        Invitation.created_at,
        Invitation.answered_at,
    )
    found = (
        found.join(inviter, inviter.id == Invitation.inviter_id)
        .join(invitee, invitee.id == Invitation.invitee_id)
        .outerjoin(Song, Song.id == Invitation.song_id)
        .outerjoin(Pack, Pack.id == Invitation.pack_id)
        .where(sa.or_(Invitation.inviter_id == user_id, Invitation.invitee_id == user_id))
    )
    return json_list(selected(found, Invitation.id))


def _worked_with(user_id: int) -> Iterator[str]:
    found = sa.select(User.username.label("with"), WorkedTogether.since)
    found = found.join(User, User.id == WorkedTogether.other_id)
    return json_list(selected(found.where(WorkedTogether.user_id == user_id), User.id))
