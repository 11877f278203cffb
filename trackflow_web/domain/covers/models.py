"""Uploaded covers: re-encoded by a job, served by the digest of their content."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Cover(Base):
    """An upload for a song or a pack: `original` waits for its job, `large` and `small` are shown.

    `songs.cover` and `packs.cover` have the digest. There is no foreign key to either: a cover
    stays for as long as deleting its song can be undone. Covers without a song are pruned.
    """

    __tablename__ = "covers"
    __table_args__ = (
        sa.Index("ix_covers_user_id_id", "user_id", "id"),
        sa.Index(
            "ix_covers_waiting",
            "uploaded_at",
            sqlite_where=sa.text("original IS NOT NULL"),
            postgresql_where=sa.text("original IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    # What it was uploaded for: one of both.
    song_id: Mapped[int | None] = mapped_column(BigId, index=True)
    pack_id: Mapped[int | None] = mapped_column(BigId, index=True)
    original: Mapped[bytes | None]
    uploaded_at: Mapped[datetime] = mapped_column(index=True)
    # A picture that kills workers is not retried indefinitely.
    attempts: Mapped[int] = mapped_column(default=0)
    # It could not be read; the page shows a message.
    failed: Mapped[bool] = mapped_column(default=False)
    digest: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    large: Mapped[bytes | None]
    small: Mapped[bytes | None]
