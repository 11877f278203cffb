"""Actions on songs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from trackflow_web.domain.collaborations import actions as collaborations
from trackflow_web.domain.people.row_limits import RowLimit, require_room
from trackflow_web.domain.songs import queries, rules
from trackflow_web.domain.songs.events import (
    ArtistAndYear,
    SongAdded,
    SongAuthored,
    SongDeleted,
    SongDetailsChanged,
    SongEdited,
    SongFinished,
    SongInPackPayload,
    SongNoLongerAuthored,
    SongPayload,
    SongPlanned,
    SongReleased,
    SongReleasedAgain,
    SongRestored,
    SongStarted,
    SongUnreleased,
)
from trackflow_web.domain.songs.models import Milestone, Song
from trackflow_web.domain.songs.rules import Details, Draft, Status
from trackflow_web.kernel import cache_versions, clock
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Duplicate
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from datetime import datetime

    from trackflow_web.domain.people.models import User

# Two requests that add a version at the same time find the same number free.
VERSION_ATTEMPTS = 3
ALREADY_EXISTS = "You already have this song."

STATUS_MILESTONE = {
    Status.FUTURE: Milestone.PLANNED,
    Status.WIP: Milestone.STARTED,
    Status.RELEASED: Milestone.RELEASED,
}
EVENT_OF_MILESTONE: dict[Milestone, type[SongInPackPayload]] = {
    Milestone.PLANNED: SongPlanned,
    Milestone.STARTED: SongStarted,
    Milestone.RELEASED: SongReleased,
    Milestone.FINISHED: SongFinished,
    Milestone.AUTHORED: SongAuthored,
}


def add_song(
    owner: User,
    *,
    title: object,
    artist: object,
    album: object = "",
    year: object = None,
    status: object = Status.FUTURE,
    anyway: bool = False,
) -> Song:
    """Add a song to the user's songs; `anyway` adds another version of one that is there.

    Raises Invalid naming the fields, Duplicate when it is there, LimitReached.
    """
    draft = rules.draft(title=title, artist=artist, album=album, year=year)
    state = rules.status(status or Status.FUTURE)
    stored = queries.stored_count(owner.id)
    require_room(RowLimit.SONGS, owner.id, Song.user_id == owner.id, stored=stored)
    now = clock.now()
    song_id = _insert(owner.id, draft, state, now, anyway=anyway)
    if song_id is None:
        raise _duplicate(owner.id, draft)
    song = db.session.get_one(Song, song_id)
    _record(SongAdded(**about(song)), song, owner)
    _reach(song, STATUS_MILESTONE[state], owner, now)
    return song


def _insert(
    user_id: int, draft: Draft, status: Status, now: datetime, *, anyway: bool
) -> int | None:
    """Insert a song and return its id, or None if it exists or was inserted concurrently."""
    for _ in range(VERSION_ATTEMPTS):
        version = queries.next_version(user_id, draft.artist_key, draft.title_key)
        if version and not anyway:
            return None
        song_id: int | None = db.session.scalar(
            upsert(Song)
            .values(
                user_id=user_id,
                **draft.columns,
                version=version,
                status=status,
                is_optional=False,
                parts_done=0,
                parts_skipped=0,
                created_at=now,
                updated_at=now,
            )
            .on_conflict_do_nothing()
            .returning(Song.id)
        )
        if song_id is not None:
            return song_id
    return None


def edit_song(
    song: Song,
    actor: User,
    *,
    title: object,
    artist: object,
    album: object,
    year: object,
    anyway: bool = False,
) -> None:
    """Change title, artist, album and year; `anyway` makes it another version of an existing song.

    Raises Invalid naming the fields, Duplicate.
    """
    draft = rules.draft(title=title, artist=artist, album=album, year=year)
    before = ArtistAndYear(artist_key=song.artist_key, year=song.year)
    is_renamed = (draft.artist_key, draft.title_key) != (song.artist_key, song.title_key)
    version = queries.next_version(song.user_id, draft.artist_key, draft.title_key)
    if is_renamed and version and not anyway:
        raise _duplicate(song.user_id, draft)
    try:
        with db.session.begin_nested():
            for column, value in draft.columns.items():
                setattr(song, column, value)
            if is_renamed:
                song.version = version
            song.updated_at = clock.now()
    except IntegrityError:  # another request was first with the same name
        raise _duplicate(song.user_id, draft) from None
    _record(SongEdited(**about(song), before=before, was=song.milestones()), song, actor)


def set_details(song: Song, actor: User, details: Details) -> None:
    """Set notes, due date and links of a song."""
    changes = asdict(details)
    if all(getattr(song, name) == value for name, value in changes.items()):
        return
    if song.status == Status.RELEASED:
        cache_versions.hide()  # the earlier links
    for name, value in changes.items():
        setattr(song, name, value)
    song.updated_at = clock.now()
    _record(SongDetailsChanged(**about(song)), song, actor)


def move_song(song: Song, actor: User, *, status: object) -> None:
    """Move a song to another status. Raises Invalid naming `status`."""
    state = rules.status(status)
    if state == song.status:
        return
    now = clock.now()
    came_from, song.status, song.updated_at = song.status, state, now
    if came_from == Status.RELEASED:
        _record(SongUnreleased(**about(song), pack_id=song.pack_id), song, actor)
    elif state == Status.RELEASED and song.released_at is not None:
        _record(SongReleasedAgain(**about(song), pack_id=song.pack_id), song, actor)
    _reach(song, STATUS_MILESTONE[state], actor, now)
    if came_from == Status.WIP and state == Status.RELEASED:
        _reach(song, Milestone.FINISHED, actor, now)


def set_authored(song: Song, actor: User, *, authored: bool, since: datetime | None = None) -> None:
    """Set whether a song is fully authored; again if that was done earlier, `since` then."""
    if authored and song.authored_at is None:
        again = since is not None
        _reach(song, Milestone.AUTHORED, actor, since or clock.now(), again=again)
    elif not authored and song.authored_at is not None:
        song.authored_at = None
        _record(SongNoLongerAuthored(**about(song), pack_id=song.pack_id), song, actor)


def delete_song(song: Song, actor: User) -> None:
    """Delete a song with all that belongs to it."""
    collaborations.end_all(song_id=song.id, about=about(song))
    gone = SongDeleted(
        **about(song),
        **_history(song),
        released_at=song.released_at,
        import_id=song.import_id,
    )
    _record(gone, song, actor)
    db.session.execute(sa.delete(Song).where(Song.id == song.id))


def record_restored(song: Song, actor: User) -> None:
    """Record that a deleted song is there again, with the milestones that it had reached."""
    back = SongRestored(**about(song), **_history(song), import_id=song.import_id)
    _record(back, song, actor)


def about(song: Song) -> dict[str, Any]:
    """Return the fields of a song in the payloads of its events."""
    return {
        "title": song.title,
        "artist": song.artist,
        "artist_key": song.artist_key,
        "year": song.year,
    }


def _history(song: Song) -> dict[str, Any]:
    """Return what a song leaves behind when it is deleted."""
    done_by = queries.done_by(song.id)
    return {"pack_id": song.pack_id, "was": song.milestones(), "done_by": done_by}


def _reach(song: Song, milestone: Milestone, actor: User, at: datetime, **details: bool) -> None:
    """Record a milestone the first time; each song counts once, however often it moves."""
    if song.reached(milestone) is None:
        setattr(song, f"{milestone}_at", at)
        fields = about(song) | {"pack_id": song.pack_id, **details}
        _record(EVENT_OF_MILESTONE[milestone](**fields), song, actor)


def _record(payload: SongPayload, song: Song, actor: User) -> None:
    record(payload, user_id=song.user_id, actor_id=actor.id, subject_id=song.id)


def _duplicate(user_id: int, draft: Draft) -> Duplicate:
    existing = queries.find_same(user_id, draft.artist_key, draft.title_key)
    return Duplicate(existing.id if existing else 0, title=ALREADY_EXISTS)
