"""Followed users, and what somebody has muted."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Muted(StrEnum):
    """What can be muted: a person, or one thing that notifications are about."""

    PERSON = "person"
    SONG = "song"
    FEATURE = "feature"
    BUG = "bug"


class Follow(Base):
    """One user follows another; `user_id` is the follower."""

    __tablename__ = "follows"
    __table_args__ = (
        sa.Index("ix_follows_followed_id_user_id", "followed_id", "user_id"),
        sa.CheckConstraint("user_id <> followed_id", name="not_oneself"),
    )

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    followed_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[datetime]


class FollowNotice(Base):
    """When a user is, or was, told of a follower: once per pair in 30 days.

    `user_id` is the one who is followed. It stays when the follower leaves, so that following again
    and again tells nobody again; `sent_at` is empty while it waits until the follower's account is
    old enough.
    """

    __tablename__ = "follow_notices"
    __table_args__ = (
        sa.Index(
            "ix_follow_notices_waiting",
            "due_at",
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        ),
    )

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    follower_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Mute(Base):
    """What `user_id` has muted, until when; without an end for good. The other side sees nothing.

    `target_id` is the id of a user, a song, a request or a report, so it has no foreign key.
    """

    __tablename__ = "mutes"
    __table_args__ = (
        sa.Index("ix_mutes_kind_target_id", "kind", "target_id"),
        sa.CheckConstraint("kind <> 'person' OR user_id <> target_id", name="not_oneself"),
    )

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[Muted] = mapped_column(sa.String(10), primary_key=True)
    target_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    until: Mapped[datetime | None]
    created_at: Mapped[datetime]
