"""Accepting and declining invitations.

The subject of an invitation is locked first, in the order of all other actions (songs by their ids,
then the pack), then the invitation. So a reply is serialised with a concurrent withdrawal, deletion
or another reply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.collaborations.models import Invitation
from trackflow_web.domain.packs import queries as packs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.database import get_for_update
from trackflow_web.kernel.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song


def accept(invitation: Invitation, user: User) -> None:
    """Accept an invitation: the user becomes a collaborator on the song, or on all of the pack.

    Accepting again changes nothing. Raises Invalid naming `form` when it was declined or
    left, NotFound when it is gone.
    """
    locked, inside = _lock(invitation)
    if invitations.accept(locked):
        collaborators.join(inside, user, actor_id=user.id)


def decline(invitation: Invitation) -> None:
    """Decline an invitation, for good; declining again changes nothing.

    Raises Invalid naming `form` when it was accepted, NotFound when it is gone.
    """
    locked, _ = _lock(invitation)
    invitations.decline(locked)


def _lock(invitation: Invitation) -> tuple[Invitation, Sequence[Song]]:
    """Return the invitation and the songs that it is to, locked. Raises NotFound."""
    invitation_id, song_id, pack_id = invitation.id, invitation.song_id, invitation.pack_id
    if song_id is not None:
        song = find_song(song_id, for_update=True)
        inside: Sequence[Song] = [song] if song else []
        is_there = song is not None
    else:
        inside = packs.lock_songs(pack_id or 0)
        is_there = packs.find_pack(pack_id or 0, for_update=True) is not None
    locked = get_for_update(Invitation, invitation_id) if is_there else None
    if locked is None:
        raise NotFound
    return locked, inside
