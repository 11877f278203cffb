"""Reading album series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Overview:
    """A series with how many of its relevant tracks are released songs."""

    series: Series
    relevant: int
    released: int


def find_series(series_id: int, *, for_update: bool = False) -> Series | None:
    """The series with this id; `for_update` makes others wait to change it until the commit."""
    return db.session.get(Series, series_id, with_for_update=for_update or None)


def find_same(user_id: int, artist_key: str, album_key: str) -> Series | None:
    """The user's series of this album, compared as people compare."""
    return db.session.scalar(
        sa.select(Series).where(
            Series.user_id == user_id,
            Series.artist_key == artist_key,
            Series.album_key == album_key,
        )
    )


def overviews_of(user_id: int) -> list[Overview]:
    """The user's series with their numbers, newest first."""
    rows = db.session.scalars(
        sa.select(Series)
        .where(Series.user_id == user_id)
        .options(selectinload(Series.tracks).joinedload(Track.song))
        .order_by(Series.id.desc())
    )
    return [overview(series) for series in rows]


def overview(series: Series) -> Overview:
    """One series with its numbers."""
    relevant = [track for track in series.tracks if not track.irrelevant]
    released = [track for track in relevant if track.song and track.song.released_at]
    return Overview(series, len(relevant), len(released))


def tracks_of(series_id: int) -> Sequence[Track]:
    """The tracks of a series with their songs, in order."""
    return db.session.scalars(
        sa.select(Track)
        .where(Track.series_id == series_id)
        .options(joinedload(Track.song))
        .order_by(Track.position)
        .execution_options(populate_existing=True)
    ).all()


def find_track(series_id: int, position: int) -> Track | None:
    """One track of a series."""
    return db.session.get(Track, (series_id, position), with_for_update=True)


def suggestions(series: Series, tracks: Sequence[Track]) -> Mapping[str, Song]:
    """The owner's songs by this artist whose title is an open track's, by the title's key."""
    keys = {track.title_key for track in tracks if track.song_id is None}
    songs = db.session.scalars(
        sa.select(Song).where(
            Song.user_id == series.user_id,
            Song.artist_key == series.artist_key,
            Song.title_key.in_(keys),
        )
    )
    return {song.title_key: song for song in songs}


def is_complete(series_id: int) -> bool:
    """Whether every relevant track is a song that was released, and there is such a track."""
    relevant, released = db.session.execute(
        sa.select(sa.func.count(Track.position), sa.func.count(Song.released_at))
        .select_from(Track)
        .outerjoin(Song, Song.id == Track.song_id)
        .where(Track.series_id == series_id, ~Track.irrelevant)
    ).one()
    return relevant > 0 and relevant == released


def touched_by_song(song_id: int) -> Sequence[int]:
    """The ids of the series that have this song as a track."""
    return db.session.scalars(
        sa.select(Track.series_id).where(Track.song_id == song_id).distinct()
    ).all()


def completed_of(user_id: int) -> Sequence[int]:
    """The ids of the user's series that are noted as complete."""
    return db.session.scalars(
        sa.select(Series.id).where(Series.user_id == user_id, Series.completed_at.is_not(None))
    ).all()
