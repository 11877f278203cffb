"""Actions on album series, and when one is complete.

Rows are locked in one order everywhere, so that there are no deadlocks: songs, then tracks, then
series by their ids, then the users' counters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.people.row_limits import RowLimit, require_room
from trackflow_web.domain.series import queries, rules
from trackflow_web.domain.series.events import (
    SeriesChanged,
    SeriesCompleted,
    SeriesCreated,
    SeriesDeleted,
    SeriesPayload,
    SeriesReopened,
    SeriesRestored,
)
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.series.rules import Mismatch
from trackflow_web.domain.songs import versions
from trackflow_web.domain.songs.events import (
    SongDeleted,
    SongReleased,
    SongReleasedAgain,
    SongRestored,
    SongUnreleased,
)
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Duplicate, Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.kernel.events import Event

ALREADY_EXISTS = "You already have this album."
NO_SUCH_SONG = "This isn't one of your songs."
MISMATCH = "This song has a different title or artist. Link it anyway?"
SONGS_MOVED = (SongReleased, SongReleasedAgain, SongRestored, SongUnreleased)


def create_series(
    owner: User, *, artist: object, album: object, year: object, tracks: object
) -> Series:
    """Create an album series. Raises Invalid naming the fields, Duplicate, LimitReached."""
    draft = rules.draft(artist=artist, album=album, year=year, tracks=tracks)
    require_room(RowLimit.ALBUMS, owner.id, Series.user_id == owner.id)
    artist_key, album_key = text.artist_key(draft.artist), text.comparison_key(draft.album)
    series_id = db.session.scalar(
        upsert(Series)
        .values(
            user_id=owner.id,
            artist=draft.artist,
            album=draft.album,
            year=draft.year,
            artist_key=artist_key,
            album_key=album_key,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(Series.id)
    )
    if series_id is None:
        existing = queries.find_same(owner.id, artist_key, album_key)
        raise Duplicate(existing.id if existing else 0, album=ALREADY_EXISTS)
    db.session.add_all(
        Track(
            series_id=series_id,
            position=position,
            title=title,
            title_key=text.comparison_key(title),
            irrelevant=False,
        )
        for position, title in enumerate(draft.tracks, start=1)
    )
    db.session.flush()
    series = db.session.get_one(Series, series_id)
    record_about(SeriesCreated(**about(series)), series)
    return series


def delete_series(series: Series) -> None:
    """Delete a series; the songs stay. Raises NotFound if it is already deleted."""
    queries.lock_tracks(series.id)
    if queries.find_series(series.id, for_update=True) is None:
        raise NotFound
    was_complete = series.completed_at is not None
    record_about(SeriesDeleted(**about(series), was_complete=was_complete), series)
    db.session.execute(sa.delete(Series).where(Series.id == series.id))


def record_restored(series: Series) -> None:
    """Record that a deleted album is there again, and update its completion."""
    was_complete = series.completed_at is not None
    record_about(SeriesRestored(**about(series), was_complete=was_complete), series)
    _update_completions(series_ids={series.id})


def set_track(
    series: Series, position: int, *, song_id: object, irrelevant: bool, anyway: bool = False
) -> Track:
    """Link a track to one of the owner's songs (empty: to none), or mark it irrelevant.

    One song completes one track of a series. A song of another title or artist is linked only with
    `anyway`. Raises NotFound without such a track, Invalid naming `song_id`.
    """
    number = text.whole_number(song_id, "song_id", least=1, most=text.LARGEST_ID)
    # Held, so that two tracks cannot get it at once.
    song = find_song(number, for_update=True) if number else None
    if number and (song is None or song.user_id != series.user_id):
        raise Invalid(song_id=NO_SUCH_SONG)
    track = queries.find_track(series.id, position, for_update=True)
    if track is None:
        message = f"There is no track {position}."
        raise NotFound(message)
    if song is not None and song.id != track.song_id:
        _require_fit(series, track, song, anyway=anyway)
    track.song_id = song.id if song else None
    track.irrelevant = irrelevant
    db.session.flush()
    changed(series)
    return track


def change_track(series: Series, position: int, changes: Mapping[str, Any]) -> Track:
    """Change the fields of a track in `changes`: `song_id`, `irrelevant`; others stay unchanged.

    Raises NotFound without such a track, Invalid naming `song_id`.
    """
    track = queries.find_track(series.id, position)
    if track is None:
        raise NotFound
    before = {"song_id": track.song_id, "irrelevant": track.irrelevant}
    return set_track(series, position, **{**before, **changes})


def _require_fit(series: Series, track: Track, song: Song, *, anyway: bool) -> None:
    """Raise Invalid for a song of another track, Mismatch for one of another name."""
    other = queries.other_track_of(series.id, song.id, track.position)
    if other is not None:
        raise Invalid(song_id=f"This song is already linked to track {other.position}.")
    same_title = track.title_key in {song.title_key, versions.base_key(song.title)}
    if not anyway and (song.artist_key != series.artist_key or not same_title):
        raise Mismatch(song.id, song_id=MISMATCH)


def link_suggested(series: Series) -> int:
    """Link every open track to the owner's song of that title; return how many were linked."""
    found = queries.songs_for_open_tracks(series, queries.tracks_of(series.id))
    for song_id in sorted(song.id for song in found.values()):
        find_song(song_id, for_update=True)  # as set_track has it: songs first
    queries.lock_tracks(series.id)
    still = queries.songs_for_open_tracks(series, queries.tracks_of(series.id))
    linked = 0
    for track in queries.tracks_of(series.id):
        song = still.get(track.position)
        if song is not None and song.id in {each.id for each in found.values()}:
            track.song_id = song.id
            linked += 1
    db.session.flush()
    if linked:
        changed(series)
    return linked


# --- when a series is complete -------------------------------------------------------------------


def handle(events: Sequence[Event]) -> None:
    """Update completion of every series of which a song changed; idempotent."""
    _update_completions(
        song_ids={each.subject_id for each in events if isinstance(each.payload, SONGS_MOVED)},
        # The database has already unlinked the tracks, so their series are unknown.
        user_ids={each.user_id for each in events if isinstance(each.payload, SongDeleted)},
    )


def changed(series: Series) -> None:
    """Record the change and update completion at once: the response shows it."""
    record_about(SeriesChanged(**about(series)), series)
    _update_completions(series_ids={series.id})


def _update_completions(**touched: set[int]) -> None:
    touched_series = queries.lock_touched(**touched)
    complete = queries.complete_among([series.id for series in touched_series])
    for series in touched_series:
        _update_completion(series, complete=series.id in complete)


def _update_completion(series: Series, *, complete: bool) -> None:
    if complete and series.completed_at is None:
        series.completed_at = clock.now()
        record_about(SeriesCompleted(**about(series)), series)
    elif not complete and series.completed_at is not None:
        series.completed_at = None
        record_about(SeriesReopened(**about(series)), series)


def record_about(payload: SeriesPayload, series: Series) -> None:
    """Record an event about an album."""
    record(payload, user_id=series.user_id, subject_id=series.id)


def about(series: Series) -> dict[str, Any]:
    """Return the fields of an album in the payloads of its events."""
    return {"artist": series.artist, "album": series.album}
