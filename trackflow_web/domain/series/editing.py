"""Editing an album: its title and its track list.

Tracks are identified by their position, so an edit rewrites the values of rows and keeps their
keys: positions always count from 1 without gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from trackflow_web.domain.series import queries, rules
from trackflow_web.domain.series.actions import ALREADY_EXISTS, about, changed, record_about
from trackflow_web.domain.series.events import SeriesChanged
from trackflow_web.domain.series.models import Track
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel import cache_versions, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Duplicate, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.domain.series.models import Series
    from trackflow_web.domain.series.rules import TrackEdit

MEANWHILE = "The track list has changed in the meantime. Check it and try again."


def edit_series(series: Series, *, artist: object, album: object, year: object) -> None:
    """Change artist, album and year. Raises Invalid naming the fields, Duplicate, NotFound."""
    draft = rules.about_album(artist=artist, album=album, year=year)
    artist_key, album_key = text.artist_key(draft.artist), text.comparison_key(draft.album)
    if queries.find_series(series.id, for_update=True) is None:
        raise NotFound
    existing = queries.find_same(series.user_id, artist_key, album_key)
    if existing is not None and existing.id != series.id:
        raise Duplicate(existing.id, album=ALREADY_EXISTS)
    try:
        with db.session.begin_nested():
            series.artist, series.artist_key = draft.artist, artist_key
            series.album, series.album_key = draft.album, album_key
            series.year = draft.year
    except IntegrityError:  # another request was first with the same album
        existing = queries.find_same(series.user_id, artist_key, album_key)
        raise Duplicate(existing.id if existing else 0, album=ALREADY_EXISTS) from None
    cache_versions.hide()  # the earlier names
    record_about(SeriesChanged(**about(series)), series)


def edit_tracks(series: Series, wanted: Sequence[TrackEdit], *, seen: str = "") -> None:
    """Replace the track list: tracks keep their songs wherever they move, others are new or go.

    `seen` is the version of the list that the user edited, if known. Raises Invalid naming
    `tracks`.
    """
    rules.require_track_list(wanted)
    tracks = _lock_with_songs(series)
    if seen and seen != rules.track_list_version(tracks):
        raise Invalid(tracks=MEANWHILE)
    before = {track.position: _content(track) for track in tracks}
    after = [_edited(each, before) for each in wanted]
    if after == list(before.values()):
        return
    _rewrite(series, tracks, after)
    db.session.flush()
    changed(series)


def _lock_with_songs(series: Series) -> Sequence[Track]:
    """Return the tracks, locked after their songs. Raises Invalid when others changed links."""
    linked = {track.song_id for track in queries.tracks_of(series.id) if track.song_id}
    for song_id in sorted(linked):
        find_song(song_id, for_update=True)
    queries.lock_tracks(series.id)
    tracks = queries.tracks_of(series.id)
    if {track.song_id for track in tracks if track.song_id} - linked:
        raise Invalid(tracks=MEANWHILE)
    return tracks


def _edited(edit: TrackEdit, before: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    names = {"title": edit.title, "title_key": text.comparison_key(edit.title)}
    if edit.position is None:
        return {**names, "song_id": None, "irrelevant": False}
    if edit.position not in before:
        raise Invalid(tracks=f"There is no track {edit.position}.")
    return {**before[edit.position], **names}


def _rewrite(series: Series, tracks: Sequence[Track], after: Sequence[dict[str, Any]]) -> None:
    for track, content in zip(tracks, after, strict=False):
        for column, value in content.items():
            setattr(track, column, value)
    for track in tracks[len(after) :]:
        db.session.delete(track)
    db.session.add_all(
        Track(series_id=series.id, position=position, **content)
        for position, content in enumerate(after[len(tracks) :], start=len(tracks) + 1)
    )


def _content(track: Track) -> dict[str, Any]:
    return {
        "title": track.title,
        "title_key": track.title_key,
        "song_id": track.song_id,
        "irrelevant": track.irrelevant,
    }
