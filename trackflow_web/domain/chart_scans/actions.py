"""Keeping uploads of chart files and what reading them came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.chart_scans.models import MOST_ATTEMPTS, ChartScan, ScannedSong
from trackflow_web.domain.chart_scans.rules import (
    KEPT_FOR,
    MOST_SCANS,
)
from trackflow_web.domain.people import row_limits
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackflow_web.domain.people.models import User

LONGEST_NAME = 200
NOTHING_FOUND = "No song was found: a song is a folder with song.ini or notes."


@dataclass(frozen=True)
class Kept:
    """A song to keep: names and metadata of its files, and its notes, packed, or the report."""

    files: Mapping[str, Any]
    notes: bytes | None = None
    report: Mapping[str, Any] | None = None


def begin(user: User, name: str, found: Iterable[Kept]) -> ChartScan:
    """Keep the songs of an upload; older uploads of the user are deleted.

    Raises Invalid naming `files` if there are none.
    """
    _make_room(user.id)
    scan = ChartScan(
        user_id=user.id,
        name=name[:LONGEST_NAME],
        songs=0,
        read=0,
        attempts=0,
        created_at=clock.now(),
    )
    db.session.add(scan)
    db.session.flush()
    for position, song in enumerate(found):
        db.session.execute(
            sa.insert(ScannedSong).values(
                scan_id=scan.id,
                position=position,
                files=song.files,
                notes=song.notes,
                report=sa.null() if song.report is None else song.report,
            )
        )
        scan.songs = position + 1
        scan.read += song.report is not None
    if not scan.songs:
        raise Invalid(files=NOTHING_FOUND)
    return scan


def keep_report(scan_id: int, position: int, report: Mapping[str, Any]) -> None:
    """Keep what reading a song came to; its notes are not needed any more."""
    read = db.session.scalar(
        sa.update(ScannedSong)
        .where(
            ScannedSong.scan_id == scan_id,
            ScannedSong.position == position,
            ScannedSong.report.is_(None),
        )
        .values(report=report, notes=None)
        .returning(ScannedSong.position)
    )
    if read is not None:  # no other worker was faster
        db.session.execute(
            sa.update(ChartScan).where(ChartScan.id == scan_id).values(read=ChartScan.read + 1)
        )


def count_attempt(scan_id: int) -> bool:
    """Count an attempt to read a scan; return whether there is anything to read."""
    attempts = db.session.scalar(
        sa.update(ChartScan)
        .where(
            ChartScan.id == scan_id,
            ChartScan.read < ChartScan.songs,
            ChartScan.attempts < MOST_ATTEMPTS,
        )
        .values(attempts=ChartScan.attempts + 1)
        .returning(ChartScan.attempts)
    )
    return attempts is not None


def prune() -> None:
    """Delete scans that are older than a week."""
    db.session.execute(sa.delete(ChartScan).where(ChartScan.created_at < clock.now() - KEPT_FOR))


def _make_room(user_id: int) -> None:
    row_limits.hold(user_id)
    surplus = db.session.scalars(
        sa.select(ChartScan.id)
        .where(ChartScan.user_id == user_id)
        .order_by(ChartScan.id.desc())
        .offset(MOST_SCANS - 1)
    ).all()
    if surplus:
        db.session.execute(sa.delete(ChartScan).where(ChartScan.id.in_(surplus)))
