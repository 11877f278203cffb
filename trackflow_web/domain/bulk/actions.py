"""Move, place, mark and delete selected songs: one unit of work, one step to undo."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring import queries as parts
from trackflow_web.domain.authoring import templates
from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.domain.bulk.selection import Selection, only, select
from trackflow_web.domain.collaborations import queries as collaborations
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import lock_songs
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators, rules
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.undo import actions as undo
from trackflow_web.domain.undo import snapshots, steps
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song


@dataclass(frozen=True)
class Outcome:
    """What an action changed, and what it skipped: songs that were so already, not one's own, gone.

    `title` is that of the only song. `token` undoes the action; None when nothing was changed.
    """

    changed: int
    title: str = ""
    unchanged: int = 0
    not_own: int = 0
    missing: int = 0
    token: str | None = None


class Action(StrEnum):
    """What can be done with selected songs."""

    MOVE = "move"
    PACK = "pack"
    PART = "part"
    TEMPLATE = "template"
    DELETE = "delete"


def perform(actor: User, song_ids: Iterable[object], fields: Mapping[str, object]) -> Outcome:
    """Do what `action` says with the songs of these ids.

    `move` reads `status`, `pack` reads `pack_id` (empty: none), `part` reads `part` and `state`,
    `template` reads `template`.
    Raises Invalid naming the field.
    """
    action = text.choice(fields.get("action"), "action", Action)
    if action is Action.MOVE:
        status = rules.status(fields.get("status"))
        return move(select(actor, song_ids), actor, status=status)
    if action is Action.PACK:
        pack = packs.own_pack(actor, fields.get("pack_id"))
        return place(select(actor, song_ids), actor, pack=pack)
    if action is Action.PART:
        part = text.choice(fields.get("part"), "part", Part)
        state = text.choice(fields.get("state"), "state", State)
        return mark(select(actor, song_ids), actor, part=part, state=state)
    if action is Action.TEMPLATE:
        template = fields.get("template")
        return apply_template(select(actor, song_ids), actor, template=template)
    return delete(select(actor, song_ids), actor)


def move(selection: Selection, actor: User, *, status: object) -> Outcome:
    """Move songs to another status. Raises Invalid naming `status`."""
    after = rules.status(status)
    moving = [song for song in selection.workable if song.status != after]
    step = steps.SongsMoved(
        songs=tuple(
            steps.Moved(song_id=song.id, before=rules.Status(song.status), after=after)
            for song in moving
        )
    )
    for song in moving:
        songs.move_song(song, actor, status=after)
    return _outcome(selection, actor, moving, step)


def place(selection: Selection, actor: User, *, pack: Pack | None) -> Outcome:
    """Put one's own songs into a pack, or into none."""
    after = pack.id if pack else None
    placing = [song for song in selection.own if song.pack_id != after]
    step = steps.SongsPlaced(
        songs=tuple(
            steps.Placed(
                song_id=song.id, before=song.pack_id, was_optional=song.is_optional, after=after
            )
            for song in placing
        )
    )
    for song in placing:
        packs.place_song(song, pack)
    return _outcome(selection, actor, placing, step, own_only=True)


def mark(selection: Selection, actor: User, *, part: Part, state: object) -> Outcome:
    """Set a part of songs to todo, done or not needed. Raises Invalid naming `state`."""
    after = text.choice(state, "state", State)
    at = list(type(part)).index(part)
    charts = parts.charts_of([song.id for song in selection.workable])
    before = {song_id: chart.states[at] for song_id, chart in charts.items()}
    marking = [song for song in selection.workable if before[song.id] is not after]
    step = steps.PartsMarked(
        parts=tuple(
            steps.Marked(song_id=song.id, part=part, before=before[song.id], after=after)
            for song in marking
        )
    )
    for song in marking:
        authoring.mark_part(song, part, actor, state=after)
    return _outcome(selection, actor, marking, step)


def apply_template(selection: Selection, actor: User, *, template: object) -> Outcome:
    """Mark the parts that songs of a template do not need. Raises Invalid naming `template`."""
    templates.not_needed_by(actor.id, template)  # also if no song is selected
    changed, marked = [], []
    for song in selection.workable:
        parts_of_song = authoring.apply_template(song, actor, template=template)
        if parts_of_song:
            changed.append(song)
        marked += [
            steps.Marked(song_id=song.id, part=part, before=before, after=after)
            for part, before, after in parts_of_song
        ]
    return _outcome(selection, actor, changed, steps.PartsMarked(parts=tuple(marked)))


def delete(selection: Selection, actor: User) -> Outcome:
    """Delete one's own songs with all that belongs to them."""
    deleting = sorted(selection.own, key=lambda song: song.id)
    step = steps.SongsDeleted(songs=snapshots.take_songs(deleting))
    for song in deleting:
        songs.delete_song(song, actor)
    return _outcome(selection, actor, deleting, step, own_only=True)


def _outcome(
    selection: Selection,
    actor: User,
    changed: Sequence[Song],
    step: steps.Step,
    *,
    own_only: bool = False,
) -> Outcome:
    allowed = len(selection.own) if own_only else len(selection.workable)
    return Outcome(
        changed=len(changed),
        title=changed[0].title if len(changed) == 1 else "",
        unchanged=allowed - len(changed),
        not_own=len(selection.workable) - allowed,
        missing=selection.missing,
        token=undo.keep(actor, step) if changed else None,
    )


def take_out(pack: Pack, song_id: int, actor: User) -> Outcome:
    """Remove a song from the actor's pack. Raises NotFound when it is not in it."""
    song = find_song(song_id, for_update=True)
    if song is None or song.pack_id != pack.id:
        raise NotFound(packs.NOT_IN_PACK)
    return place(only(song, actor), actor, pack=None)


def release(pack: Pack, actor: User) -> Outcome:
    """Release every song of the actor's pack."""
    return move(Selection(own=lock_songs(pack.id), shared=[]), actor, status=rules.Status.RELEASED)


def remove_collaborator(song: Song, actor: User, user_id: int) -> Outcome:
    """Remove a collaborator: the owner removes anybody, the others only themselves.

    The owner also withdraws an invitation with this, which cannot be undone. Raises Forbidden,
    NotFound when the user does not collaborate on the song.
    """
    began = collaborations.since(user_id, song.id)
    collaborators.remove_collaborator(song, actor, user_id)
    if began is None:  # a pending invitation was withdrawn
        return Outcome(changed=1, title=song.title)
    step = steps.CollaboratorRemoved(song_id=song.id, user_id=user_id, since=began.isoformat())
    return Outcome(changed=1, title=song.title, token=undo.keep(actor, step))
