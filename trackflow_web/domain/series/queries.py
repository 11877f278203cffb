"""Reading album series."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.pagination import Page

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


SERIES_A_PAGE = 50
# A song completes a track while it is Released.
_COMPLETES = sa.and_(Song.id == Track.song_id, Song.status == Status.RELEASED)


@dataclass(frozen=True)
class Overview:
    """A series with how many of its relevant tracks are released songs."""

    series: Series
    relevant: int
    released: int

    @property
    def status(self) -> Status:
        """The status that it has as a whole: that of a song that is as far."""
        if self.series.completed_at is not None:
            return Status.RELEASED
        return Status.WIP if self.released else Status.FUTURE


def find_series(series_id: int, *, for_update: bool = False) -> Series | None:
    """Return the series with this id; with `for_update` locked until the commit."""
    return get_for_update(Series, series_id) if for_update else db.session.get(Series, series_id)


def find_same(user_id: int, artist_key: str, album_key: str) -> Series | None:
    """Return the user's series of this album, by comparison key."""
    return db.session.scalar(
        sa.select(Series).where(
            Series.user_id == user_id,
            Series.artist_key == artist_key,
            Series.album_key == album_key,
        )
    )


def list_series(user_id: int, *, page: int) -> Page[Overview]:
    """Return a page of the user's series with their counts, newest first."""
    total = db.session.scalar(sa.select(sa.func.count()).where(Series.user_id == user_id)) or 0
    found = _overviews().where(Series.user_id == user_id)
    rows = db.session.execute(found.limit(SERIES_A_PAGE).offset((page - 1) * SERIES_A_PAGE))
    return Page([_overview(row) for row in rows], page, SERIES_A_PAGE, total)


def overviews_after(user_id: int, *, before_id: int | None, limit: int) -> list[Overview]:
    """Return up to `limit` of them, newest first, before `before_id`."""
    wanted = _overviews().where(Series.user_id == user_id).limit(limit)
    if before_id is not None:
        wanted = wanted.where(Series.id < before_id)
    return [_overview(row) for row in db.session.execute(wanted)]


def overview(series_id: int) -> Overview:
    """Return one series with its counts."""
    return _overview(db.session.execute(_overviews().where(Series.id == series_id)).one())


def _overviews() -> sa.Select[Series, int, int]:
    # The condition is in the join, so that series with only irrelevant tracks are included.
    return (
        sa.select(Series, sa.func.count(Track.position), sa.func.count(Song.id.distinct()))
        .outerjoin(Track, sa.and_(Track.series_id == Series.id, ~Track.irrelevant))
        .outerjoin(Song, _COMPLETES)
        .group_by(Series.id)
        .order_by(Series.id.desc())
    )


def _overview(row: sa.Row[Series, int, int]) -> Overview:
    return Overview(*row)


def tracks_of(series_id: int) -> Sequence[Track]:
    """Return the tracks of a series with their songs, in order."""
    return db.session.scalars(
        sa.select(Track)
        .where(Track.series_id == series_id)
        .options(joinedload(Track.song))
        .order_by(Track.position)
        .execution_options(populate_existing=True)
    ).all()


def find_track(series_id: int, position: int, *, for_update: bool = False) -> Track | None:
    """Return one track of a series; with `for_update` locked until the commit."""
    key = (series_id, position)
    return get_for_update(Track, key) if for_update else db.session.get(Track, key)


def lock_tracks(series_id: int) -> None:
    """Lock all tracks of a series until the commit."""
    db.session.execute(
        sa.select(Track.position)
        .where(Track.series_id == series_id)
        .order_by(Track.position)
        .with_for_update()
    )


def songs_for_open_tracks(series: Series, tracks: Sequence[Track]) -> Mapping[int, Song]:
    """Return the owner's song for each open track by its position; no song occurs twice.

    Songs already linked to a track of the series are excluded. Of two tracks with one title the
    second gets the second version of the song, if any.
    """
    linked = {track.song_id for track in tracks}
    keys = {track.title_key for track in tracks if track.song_id is None and not track.irrelevant}
    waiting = defaultdict(list)
    for song in _songs_called(series, keys):
        if song.id not in linked:
            waiting[song.title_key].append(song)
    return {
        track.position: waiting[track.title_key].pop(0)
        for track in tracks
        if track.song_id is None and not track.irrelevant and waiting[track.title_key]
    }


def _songs_called(series: Series, title_keys: Collection[str]) -> Sequence[Song]:
    if not title_keys:
        return []
    return db.session.scalars(
        sa.select(Song)
        .where(
            Song.user_id == series.user_id,
            Song.artist_key == series.artist_key,
            Song.title_key.in_(title_keys),
        )
        .order_by(Song.id)
    ).all()


def other_track_of(series_id: int, song_id: int, position: int) -> Track | None:
    """Return another track of the series that this song is linked to."""
    return db.session.scalar(
        sa.select(Track)
        .where(Track.series_id == series_id, Track.song_id == song_id, Track.position != position)
        .limit(1)
    )


def complete_among(series_ids: Collection[int]) -> set[int]:
    """Return those that have a relevant track and a released song for each, none for two."""
    if not series_ids:
        return set()
    return set(
        db.session.scalars(
            sa.select(Track.series_id)
            .outerjoin(Song, _COMPLETES)
            .where(Track.series_id.in_(series_ids), ~Track.irrelevant)
            .group_by(Track.series_id)
            .having(sa.func.count(Track.position) == sa.func.count(Song.id.distinct()))
        )
    )


def lock_touched(
    *,
    series_ids: Collection[int] = (),
    song_ids: Collection[int] = (),
    user_ids: Collection[int] = (),
) -> Sequence[Series]:
    """These series, those with one of these songs and those of these users, held, by their ids."""
    touching = {"series_ids": series_ids, "song_ids": song_ids, "user_ids": user_ids}
    given = {name: list(ids) for name, ids in touching.items() if ids}
    if not given:
        return []
    return db.session.scalars(_held_touched(tuple(given)), given).all()


# Every release runs this, and building the statement takes longer than running it.
@cache
def _held_touched(names: tuple[str, ...]) -> sa.Select[Series]:
    ids: dict[str, Any] = {name: sa.bindparam(name, expanding=True) for name in names}
    touched = []
    if "series_ids" in ids:
        touched.append(Series.id.in_(ids["series_ids"]))
    if "song_ids" in ids:
        with_song = sa.select(Track.series_id).where(Track.song_id.in_(ids["song_ids"]))
        touched.append(Series.id.in_(with_song))
    if "user_ids" in ids:
        touched.append(Series.user_id.in_(ids["user_ids"]))
    return (
        sa.select(Series)
        .where(sa.or_(*touched))
        .order_by(Series.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
