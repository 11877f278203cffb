"""Response bodies of invitations."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.domain.collaborations.rules import State
from trackflow_web.domain.invitations.queries import Received


class Invitation(BaseModel):
    """An invitation to a song or to every song of a pack; one of the two ids is null."""

    id: int
    state: State
    inviter: str = Field(description="A username.")
    song_id: int | None
    pack_id: int | None
    name: str = Field(description="The title of the song or the name of the pack.")
    artist: str | None = Field(description="That of the song.")
    created_at: datetime

    @classmethod
    def of(cls, received: Received) -> Invitation:
        """Return an invitation for its invitee."""
        invitation = received.invitation
        return cls(
            id=invitation.id,
            state=State(invitation.state),
            inviter=received.inviter.username,
            song_id=invitation.song_id,
            pack_id=invitation.pack_id,
            name=received.name,
            artist=received.song.artist if received.song else None,
            created_at=invitation.created_at,
        )


class Invitations(BaseModel):
    """A part of the list of invitations, newest first."""

    items: list[Invitation]
    next: str | None
