"""Notifications, their versions, and what users want to be notified of."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId
from trackflow_web.kernel.leases import Leased

# SQLite uses a partial index only where a query has the very same words.
UNREAD_INDEX = sa.text("NOT read")
# Not by the same words: SQLite counts by the index that begins with both columns, which it needs an
# equality for; PostgreSQL takes it for the words of the partial index.
UNREAD = sa.text("notifications.read = false")
UNSEEN = sa.text("seen_at IS NULL")
WANTS_TOAST = sa.text("wants_toast")


class Channel(StrEnum):
    """Where a notification appears: in the inbox, as a toast, in the digest."""

    SITE = "site"
    TOAST = "toast"
    MAIL = "mail"


class Digest(StrEnum):
    """How often unread notifications are mailed."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


class Notification(Base):
    """One row per user and group of events while it is unread, updated in place.

    A read row is never reopened: the next event makes a new one. `title` and `message` hold the
    generic text of the type, `link` nothing: names and addresses are made from ids when a row is
    shown. `actor_ids` and `subject_ids` are ids between commas, the latest first. `version` is the
    user's version at the latest event, so that rows are in the order of the commits.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        sa.Index("ix_notifications_user_id_read_created_at", "user_id", "read", "created_at"),
        sa.Index("ix_notifications_user_id_version", "user_id", "version", "id"),
        # What makes grouping one upsert; it also serves to count what is unread.
        sa.Index(
            "ix_notifications_unread",
            "user_id",
            "group_key",
            unique=True,
            sqlite_where=UNREAD_INDEX,
            postgresql_where=UNREAD_INDEX,
        ),
        sa.Index(
            "ix_notifications_unseen", "user_id", sqlite_where=UNSEEN, postgresql_where=UNSEEN
        ),
        sa.Index(
            "ix_notifications_toasts",
            "user_id",
            sqlite_where=WANTS_TOAST,
            postgresql_where=WANTS_TOAST,
        ),
        # Not `=`: SQLite keeps a boolean as a number.
        sa.CheckConstraint("(read AND read_at IS NOT NULL) OR (NOT read AND read_at IS NULL)",
                           name="read_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[str] = mapped_column(sa.String(100))
    message: Mapped[str] = mapped_column(sa.String(200))
    link: Mapped[str] = mapped_column(sa.String(200), server_default="")
    metadata_json: Mapped[dict[str, Any]]
    read: Mapped[bool] = mapped_column(server_default=sa.false())
    read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(20))
    group_key: Mapped[str] = mapped_column(sa.String(120))
    n: Mapped[int]
    actor_ids: Mapped[str] = mapped_column(sa.String(200))
    subject_type: Mapped[str] = mapped_column(sa.String(20))
    subject_ids: Mapped[str] = mapped_column(sa.String(200))
    # The latest event, so that one that is delivered twice counts once.
    event_key: Mapped[str] = mapped_column(sa.String(16))
    version: Mapped[int] = mapped_column(sa.BigInteger)
    wants_toast: Mapped[bool] = mapped_column(server_default=sa.false())
    # Of a row that was read or deleted with others: what undoes it for some minutes.
    undo_token: Mapped[str | None] = mapped_column(sa.String(32))
    deleted_at: Mapped[datetime | None]


class NotificationVersion(Base):
    """How often a user's notifications have changed: what a browser compares with the bell's.

    `own_changes` is how often the user changed something, counted only where there is a replica.
    """

    __tablename__ = "notification_versions"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(sa.BigInteger)
    own_changes: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")


class NotificationSetting(Base):
    """Whether a user wants a type on a channel, where that differs from the default."""

    __tablename__ = "notification_settings"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    type: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    channel: Mapped[Channel] = mapped_column(sa.String(5), primary_key=True)
    is_on: Mapped[bool]


class NotificationPreferences(Base):
    """How a user's notifications are grouped and mailed.

    `mailed_version` is the version up to which digests have told: the next one begins behind it, so
    that no two overlap. `base_url` is the site's address when the digest was switched on.
    """

    __tablename__ = "notification_preferences"
    __table_args__ = (
        sa.Index(
            "ix_notification_preferences_due",
            "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
    )

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    one_line_each: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    digest: Mapped[Digest] = mapped_column(
        sa.String(6), default=Digest.NEVER, server_default="never"
    )
    due_at: Mapped[datetime | None]
    mailed_version: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    base_url: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")


class FanOut(Leased):
    """A notice for more recipients than one request writes; `user_id` is who acted.

    A job writes it in slices, in the order of the recipients' ids, up to `last_user_id` so far.
    """

    __tablename__ = "notification_fan_outs"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    notice: Mapped[dict[str, Any]]
    last_user_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    created_at: Mapped[datetime]
