"""What people do with album series, and when one is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.series import queries, rules
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.activity import Fact, Subject, record
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Duplicate, Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User
    from trackflow_web.kernel.activity import Activity

HAVE_IT_ALREADY = "You have a series of this album already."
NO_SUCH_SONG = "This is not one of your songs."


def create_series(
    owner: User, *, artist: object, album: object, year: object, tracks: object
) -> Series:
    """Give the user an album series. Raises Invalid naming the fields, Duplicate."""
    draft = rules.draft(artist=artist, album=album, year=year, tracks=tracks)
    artist_key, album_key = text.comparison_key(draft.artist), text.comparison_key(draft.album)
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
        raise Duplicate(existing.id if existing else 0, album=HAVE_IT_ALREADY)
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
    _record(Fact.SERIES_CREATED, series)
    return series


def delete_series(series: Series) -> None:
    """Delete a series; the songs stay."""
    _record(Fact.SERIES_DELETED, series, was_complete=series.completed_at is not None)
    db.session.execute(sa.delete(Series).where(Series.id == series.id))


def set_track(series: Series, track: Track, *, song_id: object, irrelevant: bool) -> None:
    """Link a track to one of the owner's songs (empty: to none), or mark it irrelevant.

    Raises Invalid naming `song_id`.
    """
    number = text.whole_number(song_id, "song_id", least=1, most=10**18 - 1)
    song = find_song(number, for_update=True) if number else None
    if number and (song is None or song.user_id != series.user_id):
        raise Invalid(song_id=NO_SUCH_SONG)
    track.song_id = song.id if song else None
    track.irrelevant = irrelevant
    db.session.flush()
    _record(Fact.SERIES_CHANGED, series)


def link_suggested(series: Series) -> int:
    """Link every open track to the owner's song of that title; gives how many were found."""
    tracks = queries.tracks_of(series.id)
    suggested = queries.suggestions(series, tracks)
    linked = 0
    for track in tracks:
        if track.song_id is None and not track.irrelevant and track.title_key in suggested:
            track.song_id = suggested[track.title_key].id
            linked += 1
    db.session.flush()
    if linked:
        _record(Fact.SERIES_CHANGED, series)
    return linked


# --- when a series is complete -------------------------------------------------------------------


def hear(activities: Sequence[Activity]) -> None:
    """Look again at every series whose tracks changed; several times changes nothing more."""
    touched = {series_id for activity in activities for series_id in _series_touched(activity)}
    for series_id in sorted(touched):
        _settle(series_id)


def _series_touched(activity: Activity) -> Sequence[int]:
    if activity.fact == Fact.SERIES_CHANGED:
        return [activity.subject_id]
    if activity.fact == Fact.SONG_RELEASED:
        return queries.touched_by_song(activity.subject_id)
    if activity.fact in {Fact.SONG_DELETED, Fact.SONGS_UNIMPORTED}:
        # The database has unlinked the tracks already; only what was complete can have changed.
        return queries.completed_of(activity.user_id)
    return []


def _settle(series_id: int) -> None:
    series = queries.find_series(series_id, for_update=True)
    if series is None:
        return
    complete = queries.is_complete(series_id)
    if complete and series.completed_at is None:
        series.completed_at = clock.now()
        _record(Fact.SERIES_COMPLETED, series)
    elif not complete and series.completed_at is not None:
        series.completed_at = None
        _record(Fact.SERIES_REOPENED, series)


def _record(fact: Fact, series: Series, **more: Any) -> None:  # noqa: ANN401 -- JSON
    record(
        fact,
        user_id=series.user_id,
        subject=Subject("series", series.id),
        data={"artist": series.artist, "album": series.album, **more},
    )
