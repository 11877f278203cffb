"""Collaborators of songs: adding or inviting them, and removing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.domain.collaborations import actions as collaborations
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.collaborations.queries import closed_songs, helps, may_be_added_by
from trackflow_web.domain.collaborations.rules import Addition, Subject
from trackflow_web.domain.songs.actions import about
from trackflow_web.kernel.errors import Forbidden, Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from limits import RateLimitItem

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song

IS_COLLABORATOR = "This person is already a collaborator."


def add_collaborator(song: Song, *, username: object, limits: Sequence[RateLimitItem]) -> Addition:
    """Add a collaborator, or invite a user who may not be added at once, within the limits.

    The song must have been loaded for update. Raises Invalid naming `username`, TooMany.
    """
    user = collaborations.get_addable_user(username, song.user_id)
    subject = Subject(song_id=song.id)
    if helps(user.id, song.id):
        raise Invalid(username=IS_COLLABORATOR)
    invitations.check_open(subject, user)
    if not may_be_added_by(user.id, song.user_id):
        invitations.send(subject, user, owner_id=song.user_id, limits=limits)
        return Addition(user, invited=True, songs=0)
    return Addition(user, invited=False, songs=join([song], user))


def join(
    songs: Sequence[Song],
    user: User,
    *,
    actor_id: int | None = None,
    since: datetime | None = None,
) -> int:
    """Add a user to songs of one owner that they have neither declined nor left.

    The songs must be locked, in the order of their ids. `since` is when a collaboration that is
    restored began. Return to how many the user is new.
    """
    closed = closed_songs(user.id, [song.id for song in songs])
    open_songs = [song for song in songs if song.id not in closed]
    added = sum(
        collaborations.add(
            song_id=song.id,
            owner_id=song.user_id,
            user=user,
            about=about(song),
            actor_id=actor_id,
            since=since,
        )
        for song in open_songs
    )
    if added:
        invitations.settle(user.id, song_ids=[song.id for song in open_songs])
        invitations.remember_work(open_songs[0].user_id, user.id)
    return added


def remove_collaborator(song: Song, actor: User, user_id: int) -> None:
    """Remove a collaborator: the owner may remove all, collaborators only themselves.

    The owner also withdraws pending invitations with this. Raises Forbidden, or NotFound if the
    user neither collaborates on the song nor is invited.
    """
    if actor.id not in {song.user_id, user_id}:
        raise Forbidden
    collaborations.remove(
        song_id=song.id,
        owner_id=song.user_id,
        user_id=user_id,
        about=about(song),
        leaves=actor.id == user_id,
    )
