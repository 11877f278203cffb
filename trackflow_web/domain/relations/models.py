"""Followed users, and muted users and objects."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Muted(StrEnum):
    """The kinds of muted objects: a user, or a subject of notifications."""

    PERSON = "person"
    SONG = "song"
    PACK = "pack"
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
    """The time at which a user is notified of a follower: once per pair in 30 days.

    `user_id` is the followed user. It stays after an unfollow, so that following again does not
    notify again; `sent_at` is empty while it waits until the follower's account is
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
    """A muted user or object of `user_id`; permanent without an end. Not visible to others.

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


class MutedArtist(Base):
    """An artist whose releases `user_id` does not want to hear of.

    Songs are compared by `artist_key`; `artist` is the name as it was when it was muted.
    """

    __tablename__ = "muted_artists"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    artist_key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    artist: Mapped[str] = mapped_column(sa.Text)
    until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class RemovedFollower(Base):
    """A follower whom `user_id` has removed: until then, following again has no effect."""

    __tablename__ = "removed_followers"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    follower_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    until: Mapped[datetime] = mapped_column(index=True)
