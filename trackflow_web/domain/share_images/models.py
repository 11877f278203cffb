"""Rendered images of public pages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Kind(StrEnum):
    """The kinds of pages with an image; the ids are those of users, awards, songs and packs."""

    PROFILE = "profile"
    ACHIEVEMENT = "achievement"
    RELEASE = "release"
    PACK = "pack"


class ShareImage(Base):
    """The image of a public page; without `image` it waits for its job.

    Its address has `key` and `digest`. Whatever hides the page deletes the row, and a new row has a
    new key: an old address stays gone. There is no foreign key to the page.
    """

    __tablename__ = "share_images"
    __table_args__ = (
        sa.UniqueConstraint("kind", "subject_id"),
        sa.Index("ix_share_images_user_id_id", "user_id", "id"),
        sa.Index(
            "ix_share_images_waiting",
            "wanted_at",
            sqlite_where=sa.text("wanted_at IS NOT NULL"),
            postgresql_where=sa.text("wanted_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Whose page it is.
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(sa.String(16), unique=True)
    # Of what the image shows.
    digest: Mapped[str | None] = mapped_column(sa.String(12))
    image: Mapped[bytes | None] = mapped_column(sa.LargeBinary(), deferred=True)
    # When it was last compared with the page.
    checked_at: Mapped[datetime | None] = mapped_column(index=True)
    # Since when it waits to be rendered; a page that kills workers is not retried indefinitely.
    wanted_at: Mapped[datetime | None]
    attempts: Mapped[int]
