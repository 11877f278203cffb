"""Songs."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.rules import LONGEST_LINK, LONGEST_NAME, Progress, Status
from trackflow_web.kernel.database import Base, BigId


class Milestone(StrEnum):
    """A milestone of a song, stored in the column `<milestone>_at`."""

    PLANNED = "planned"
    STARTED = "started"
    RELEASED = "released"
    FINISHED = "finished"
    AUTHORED = "authored"


class Song(Base):
    """One user's song.

    `planned_at`, `started_at` and `released_at` are when it first had that status and `finished_at`
    when it first went from WIP to Released; later moves do not change them. `authored_at` is since
    when all its parts are done or not needed; it is cleared when one is reopened.
    """

    __tablename__ = "songs"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "artist_key", "title_key", "version"),
        sa.Index("ix_songs_user_id_status_id", "user_id", "status", "id"),
        # The releases of a user by time.
        sa.Index(
            "ix_songs_released",
            "user_id",
            "released_at",
            sqlite_where=sa.text("released_at IS NOT NULL"),
            postgresql_where=sa.text("released_at IS NOT NULL"),
        ),
        # Releases of everyone, and of one artist, newest first.
        sa.Index("ix_songs_status_released_at", "status", "released_at", "id"),
        sa.Index("ix_songs_artist_key_released_at", "artist_key", "released_at"),
        sa.Index(
            "ix_songs_import_id",
            "import_id",
            sqlite_where=sa.text("import_id IS NOT NULL"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_songs_cover",
            "cover",
            sqlite_where=sa.text("cover IS NOT NULL"),
            postgresql_where=sa.text("cover IS NOT NULL"),
        ),
        sa.CheckConstraint("status IN ('future', 'wip', 'released')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    artist: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    album: Mapped[str] = mapped_column(sa.String(LONGEST_NAME), default="")
    year: Mapped[int | None]
    status: Mapped[Status] = mapped_column(sa.String(10))
    pack_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("packs.id", ondelete="SET NULL"), index=True
    )
    # The import that created it. Values that the import set are imported, later ones are work.
    import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("imports.id", ondelete="SET NULL"))
    # An optional song of a pack may stay unfinished.
    is_optional: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    title_key: Mapped[str] = mapped_column(sa.Text)
    artist_key: Mapped[str] = mapped_column(sa.Text)
    search_key: Mapped[str] = mapped_column(sa.Text)
    # The version among songs with one artist and title, which need confirmation: 0 is the first.
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    planned_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    authored_at: Mapped[datetime | None]
    # Stored in addition to the rows of parts, so that a list of songs needs no second query.
    parts_done: Mapped[int] = mapped_column(default=0)
    parts_skipped: Mapped[int] = mapped_column(default=0)
    notes: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    due_on: Mapped[date | None]
    video_url: Mapped[str] = mapped_column(sa.String(LONGEST_LINK), default="", server_default="")
    download_url: Mapped[str] = mapped_column(
        sa.String(LONGEST_LINK), default="", server_default=""
    )
    # The digest of the uploaded cover; a generated one is shown without it.
    cover: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    owner: Mapped[User] = relationship(viewonly=True)

    @property
    def progress(self) -> Progress:
        """How far the charting is."""
        return Progress(done=self.parts_done, skipped=self.parts_skipped)

    def reached(self, milestone: Milestone) -> datetime | None:
        """Return when the song reached it; None when it has not."""
        at: datetime | None = getattr(self, f"{milestone}_at")
        return at

    def milestones(self) -> tuple[Milestone, ...]:
        """Return the milestones that the song has reached."""
        return tuple(milestone for milestone in Milestone if self.reached(milestone) is not None)
