"""A collaborator on a song."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Collaboration(Base):
    """One person on one song of somebody else; `owner_id` is the song's owner."""

    __tablename__ = "collaborations"
    __table_args__ = (
        sa.UniqueConstraint("song_id", "user_id"),
        sa.CheckConstraint("owner_id <> user_id", name="not_oneself"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    song_id: Mapped[int] = mapped_column(sa.ForeignKey("songs.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
