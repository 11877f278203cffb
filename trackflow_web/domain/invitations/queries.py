"""Reading the invitations that a user received. Those of banned and blocked users are not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.collaborations.models import Invitation
from trackflow_web.domain.collaborations.rules import State
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility import may_deal_with
from trackflow_web.kernel.database import db
from trackflow_web.kernel.pagination import Page, last_page

if TYPE_CHECKING:
    from collections.abc import Sequence

INVITATIONS_A_PAGE = 50


@dataclass(frozen=True)
class Received:
    """An invitation with its inviter and the song or the pack that it is to."""

    invitation: Invitation
    inviter: User
    song: Song | None
    pack: Pack | None

    @property
    def name(self) -> str:
        """The title of the song or the name of the pack."""
        if self.song is not None:
            return self.song.title
        return self.pack.name if self.pack is not None else ""


def find_received(invitation_id: int, user_id: int) -> Received | None:
    """Return an invitation that the user received, in any state."""
    row = db.session.execute(_received(user_id).where(Invitation.id == invitation_id)).one_or_none()
    return None if row is None else Received(*row)


def count_pending(user_id: int) -> int:
    """Return the number of pending invitations of the user."""
    pending = _pending(user_id).with_only_columns(sa.func.count(Invitation.id))
    return db.session.scalar(pending) or 0


def list_pending(user_id: int, *, page: int) -> Page[Received]:
    """Return a page of the pending invitations of the user, newest first."""
    total = count_pending(user_id)
    page = min(page, last_page(total, INVITATIONS_A_PAGE))
    found = _pending(user_id).order_by(Invitation.id.desc())
    rows = db.session.execute(
        found.limit(INVITATIONS_A_PAGE).offset((page - 1) * INVITATIONS_A_PAGE)
    )
    return Page([Received(*row) for row in rows], page, INVITATIONS_A_PAGE, total)


def pending_after(user_id: int, *, before_id: int | None, limit: int) -> Sequence[Received]:
    """Return up to `limit` of them, newest first, before `before_id`."""
    wanted = _pending(user_id).order_by(Invitation.id.desc()).limit(limit)
    if before_id is not None:
        wanted = wanted.where(Invitation.id < before_id)
    return [Received(*row) for row in db.session.execute(wanted)]


def _pending(user_id: int) -> sa.Select[Invitation, User, Song, Pack]:
    return _received(user_id).where(Invitation.state == State.PENDING)


def _received(user_id: int) -> sa.Select[Invitation, User, Song, Pack]:
    return (
        sa.select(Invitation, User, Song, Pack)
        .join(User, User.id == Invitation.inviter_id)
        .outerjoin(Song, Song.id == Invitation.song_id)
        .outerjoin(Pack, Pack.id == Invitation.pack_id)
        .where(Invitation.invitee_id == user_id, may_deal_with(user_id))
    )
