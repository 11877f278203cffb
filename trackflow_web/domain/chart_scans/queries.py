"""Reading scans of chart files."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.chart_scans.models import MOST_ATTEMPTS, ChartScan, ScannedSong
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, get_for_update

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# A worker that has not read a song for so long is dead.
READING_TAKES = timedelta(minutes=2)


def find_scan(scan_id: int, user_id: int, *, for_update: bool = False) -> ChartScan | None:
    """Return a user's scan, perhaps locked."""
    scan = get_for_update(ChartScan, scan_id) if for_update else db.session.get(ChartScan, scan_id)
    return scan if scan is not None and scan.user_id == user_id else None


def scans_of(user_id: int) -> Sequence[ChartScan]:
    """Return the stored scans of a user, newest first."""
    found = sa.select(ChartScan).where(ChartScan.user_id == user_id)
    return db.session.scalars(found.order_by(ChartScan.id.desc())).all()


def songs_of(scan_id: int, *, after: int = -1, limit: int = 50) -> Sequence[ScannedSong]:
    """Return songs of a scan in order, without their notes."""
    found = (
        sa.select(ScannedSong)
        .options(sa.orm.defer(ScannedSong.notes))
        .where(ScannedSong.scan_id == scan_id, ScannedSong.position > after)
    )
    return db.session.scalars(found.order_by(ScannedSong.position).limit(limit)).all()


def count_unconfirmed(scan_id: int) -> int:
    """Return how many songs of a scan are not confirmed yet."""
    found = sa.select(sa.func.count()).where(
        ScannedSong.scan_id == scan_id, ScannedSong.confirmed_at.is_(None)
    )
    return db.session.scalar(found) or 0


def next_unread(scan_id: int) -> ScannedSong | None:
    """Return the first song that is not read yet, with its notes."""
    found = sa.select(ScannedSong).where(
        ScannedSong.scan_id == scan_id, ScannedSong.report.is_(None)
    )
    return db.session.scalars(found.order_by(ScannedSong.position).limit(1)).one_or_none()


def own_songs(
    user_id: int, artist_keys: Collection[str], *, for_update: bool = False
) -> Mapping[tuple[str, str], Song]:
    """Return a user's songs of these artists by artist and title; of several versions the first."""
    wanted = sa.select(Song).where(Song.user_id == user_id, Song.artist_key.in_(artist_keys))
    wanted = wanted.order_by(Song.version.desc(), Song.id)
    if for_update:
        wanted = wanted.order_by(None).order_by(Song.id).with_for_update()
    songs = sorted(db.session.scalars(wanted), key=lambda song: -song.version)
    return {(song.artist_key, song.title_key): song for song in songs}


def abandoned(limit: int, *, all_unread: bool = False) -> Sequence[int]:
    """Return scans that no worker has finished in time; with `all_unread` all unfinished ones."""
    waiting = sa.select(ChartScan.id).where(
        ChartScan.read < ChartScan.songs, ChartScan.attempts < MOST_ATTEMPTS
    )
    if not all_unread:
        waiting = waiting.where(ChartScan.created_at <= clock.now() - READING_TAKES)
    return db.session.scalars(waiting.order_by(ChartScan.id).limit(limit)).all()
