"""What undoes each kind of step. A row that has been changed since is left as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring import queries as parts
from trackflow_web.domain.authoring import templates
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.collaborations.queries import helps
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.undo import restoring, restoring_lists, steps
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from trackflow_web.domain.songs.models import Song


Change = TypeVar("Change", steps.Moved, steps.Placed, steps.Marked)


@dataclass(frozen=True)
class Undone:
    """What an undo changed: how many songs, and the song if it is one; or a pack or an album.

    `is_repeated` is true when it had been undone before.
    """

    kind: str
    changed: int
    song: Song | None = None
    name: str = ""
    is_repeated: bool = False


def reverse(step: steps.Step, actor: User, *, since: datetime) -> Undone:
    """Undo a step of the actor that was done at `since`."""
    if isinstance(step, steps.PackDeleted):
        name = restoring_lists.restore_pack(step, actor, since).name
        return Undone(kind=steps.name_of(step), changed=1, name=name)
    if isinstance(step, steps.AlbumDeleted):
        name = restoring_lists.restore_album(step, actor, since).album
        return Undone(kind=steps.name_of(step), changed=1, name=name)
    if isinstance(step, steps.TemplateDeleted):
        return _save_again(step, actor)
    found: list[Song] = []
    match step:
        case steps.SongsDeleted():
            found = restoring.restore(step.songs, actor, since)
        case steps.SongsMoved():
            found = [song for each in _by_id(step.songs) if (song := _move_back(each, actor))]
        case steps.SongsPlaced():
            found = [song for each in _by_id(step.songs) if (song := _put_back(each, actor))]
        case steps.PartsMarked():
            marked = [song for each in _by_id(step.parts) if (song := _mark_back(each, actor))]
            found = list({song.id: song for song in marked}.values())
        case steps.CollaboratorRemoved():
            song = _add_back(step, actor, since)
            found = [song] if song else []
    only = found[0] if len(found) == 1 else None
    return Undone(kind=steps.name_of(step), changed=len(found), song=only)


def _save_again(step: steps.TemplateDeleted, actor: User) -> Undone:
    """Save a deleted template, unless another one has its name since."""
    try:
        templates.save_template(actor, name=step.name, not_needed=step.not_needed)
    except Invalid:
        return Undone(kind=steps.name_of(step), changed=0)
    return Undone(kind=steps.name_of(step), changed=1, name=step.name)


def _by_id(changes: tuple[Change, ...]) -> list[Change]:
    """Return the changes in the order in which songs are locked."""
    return sorted(changes, key=lambda each: each.song_id)


def _move_back(moved: steps.Moved, actor: User) -> Song | None:
    song = _workable(moved.song_id, actor)
    if song is None or song.status != moved.after:
        return None
    songs.move_song(song, actor, status=moved.before)
    return song


def _put_back(placed: steps.Placed, actor: User) -> Song | None:
    song = find_song(placed.song_id, for_update=True)
    if song is None or song.user_id != actor.id or song.pack_id != placed.after:
        return None
    pack = find_pack(placed.before) if placed.before is not None else None
    if pack is not None and pack.user_id == actor.id:
        packs.put_song(pack, song_id=song.id, optional=placed.was_optional)
    else:
        packs.place_song(song, None)
    return song


def _mark_back(marked: steps.Marked, actor: User) -> Song | None:
    song = _workable(marked.song_id, actor)
    if song is None or parts.states_of(song.id)[marked.part] is not marked.after:
        return None
    authoring.mark_part(song, marked.part, actor, state=marked.before)
    return song


def _add_back(removed: steps.CollaboratorRemoved, actor: User, since: datetime) -> Song | None:
    """Add a collaborator again: for the owner, or for the collaborator who left."""
    song = find_song(removed.song_id, for_update=True)
    user = db.session.get(User, removed.user_id)
    if song is None or user is None or actor.id not in {song.user_id, user.id}:
        return None
    if user.banned_at is not None or user.created_at > since:
        return None
    if actor.id == user.id:
        invitations.forget_leaving(song.id, user.id)
    began = datetime.fromisoformat(removed.since)
    return song if collaborators.join([song], user, actor_id=actor.id, since=began) else None


def _workable(song_id: int, actor: User) -> Song | None:
    """Return the song, locked, while the actor owns it or works on it."""
    song = find_song(song_id, for_update=True)
    if song is None or not (song.user_id == actor.id or helps(actor.id, song.id)):
        return None
    return song
