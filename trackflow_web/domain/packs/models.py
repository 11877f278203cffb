"""A pack of songs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.songs.rules import LONGEST_NAME
from trackflow_web.kernel.database import Base, BigId


class Pack(Base):
    """Songs of one owner that belong together; a song points at its pack.

    `completed_at` is since when every song that is not optional is fully authored; it is cleared
    when that ends.
    """

    __tablename__ = "packs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    name_key: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    # The digest of the uploaded cover.
    cover: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (
        sa.UniqueConstraint("user_id", "name_key"),
        sa.Index(
            "ix_packs_cover",
            "cover",
            sqlite_where=sa.text("cover IS NOT NULL"),
            postgresql_where=sa.text("cover IS NOT NULL"),
        ),
    )
