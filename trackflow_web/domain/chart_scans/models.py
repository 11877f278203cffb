"""An upload of chart files, and the songs in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import Base, BigId

# Jobs that may begin to read an upload: a file may kill its worker.
MOST_ATTEMPTS = 3
# The last of these has ended by then; maintenance starts one a minute.
ATTEMPTS_TAKE = timedelta(minutes=10)


class ChartScan(Base):
    """An upload with chart files; `attempts` counts the jobs that have begun to read it."""

    __tablename__ = "chart_scans"
    __table_args__ = (sa.Index("ix_chart_scans_user_id_id", "user_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(200))
    songs: Mapped[int]
    # How many of them are read; the rest are left to a job.
    read: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def is_read(self) -> bool:
        """Whether every song is read."""
        return self.read >= self.songs

    @property
    def is_waiting(self) -> bool:
        """Whether a job will read more of it."""
        may_be_read = self.attempts < MOST_ATTEMPTS
        return not self.is_read and (may_be_read or clock.now() < self.created_at + ATTEMPTS_TAKE)


class ScannedSong(Base):
    """One song of an upload. `files` are names and metadata; `notes` its compressed notes.

    `report` is what reading came to; from then on the notes are gone. `song_id` is the song that
    was made or changed when its user confirmed it, and `confirmed_at` when.
    """

    __tablename__ = "chart_scan_songs"
    __table_args__ = (sa.Index("ix_chart_scan_songs_song_id", "song_id"),)

    scan_id: Mapped[int] = mapped_column(
        sa.ForeignKey("chart_scans.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    files: Mapped[dict[str, Any]]
    notes: Mapped[bytes | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    song_id: Mapped[int | None] = mapped_column(sa.ForeignKey("songs.id", ondelete="SET NULL"))
    confirmed_at: Mapped[datetime | None]
