"""What hides users and objects from a viewer: blocks, and holds by moderators."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Held(StrEnum):
    """The types of subjects that a moderator can hide."""

    PROFILE = "profile"
    RELEASE = "release"
    ACHIEVEMENT = "achievement"
    PACK = "pack"
    SERIES = "series"
    COMMENT = "comment"
    FEATURE_REQUEST = "feature_request"
    BUG_REPORT = "bug_report"


class Block(Base):
    """`user_id` has blocked another user: neither sees anything of the other."""

    __tablename__ = "blocks"
    __table_args__ = (
        sa.Index("ix_blocks_blocked_id_user_id", "blocked_id", "user_id"),
        sa.CheckConstraint("user_id <> blocked_id", name="not_oneself"),
    )

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    blocked_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[datetime]


class Hold(Base):
    """A subject that nobody but its owner sees until a moderator restores it.

    `subject_id` is the id of a user, a song, an award and so on, so it has no foreign key.
    """

    __tablename__ = "holds"

    subject_type: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Held because several users reported it; a moderator has not decided yet.
    is_automatic: Mapped[bool]
    created_at: Mapped[datetime]
