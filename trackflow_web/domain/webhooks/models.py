"""Webhooks of users, and what is delivered to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Kind(StrEnum):
    """What a receiver understands: the Standard Webhooks specification, or Discord's messages."""

    STANDARD = "standard"
    DISCORD = "discord"


class State(StrEnum):
    """Whether a webhook gets anything; a disabled one failed or was ended by its receiver."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class EventName(StrEnum):
    """What a webhook can be about, by the type that its receiver is sent."""

    SONG_RELEASED = "song.released"
    PACK_RELEASED = "pack.released"
    SERIES_COMPLETED = "series.completed"
    ACHIEVEMENT_UNLOCKED = "achievement.unlocked"
    LEVEL_REACHED = "level.reached"


class Reason(StrEnum):
    """Why a webhook was disabled."""

    GONE = "gone"
    FAILING = "failing"


class Outcome(StrEnum):
    """How a delivery ended; a dropped one was not sent (any more)."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


# What a test delivery is called; nobody can choose it.
TEST = "webhook.test"


class Webhook(Base):
    """An address that is told of a user's public work.

    The address and the secrets are encrypted: whoever knows the address of a Discord channel can
    write there. `shown_url` is its host and its last characters. `old_secret` signs beside the new
    one until `old_secret_until`. `wait_until` is when a receiver that fails or wants fewer requests
    gets the next one.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('standard', 'discord')", name="kind"),
        sa.CheckConstraint("state IN ('active', 'paused', 'disabled')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    url: Mapped[str] = mapped_column(sa.Text)
    shown_url: Mapped[str] = mapped_column(sa.String(300))
    secret: Mapped[str] = mapped_column(sa.Text)
    old_secret: Mapped[str | None] = mapped_column(sa.Text)
    old_secret_until: Mapped[datetime | None]
    # Event types between commas.
    events: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(10))
    reason: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    failing_since: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]
    # The URL of the site for links.
    base_url: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]

    @property
    def event_names(self) -> tuple[EventName, ...]:
        """Return the event types that it gets, in the order of the settings."""
        chosen = set(self.events.split(","))
        return tuple(name for name in EventName if name in chosen)

    @property
    def host(self) -> str:
        """Return the host of its address."""
        return self.shown_url.partition("/")[0]


class Delivery(Base):
    """One event for one webhook: waiting until `due_at`, or ended.

    It holds ids and no text: the message is made when it is sent, from what everyone may see then.
    `message_id` is the same in every attempt. `status`, `duration_ms`, `response` and `error` are
    those of the latest attempt. `remote_id` is that of the message in Discord, which is edited when
    the release changes; several deliveries may have one message.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.UniqueConstraint("webhook_id", "event_key"),
        sa.Index(
            "ix_webhook_deliveries_due",
            "due_at",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_webhook_deliveries_user_id_created_at", "user_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhooks.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(sa.String(40))
    event: Mapped[str] = mapped_column(sa.String(30))
    subject_id: Mapped[int] = mapped_column(BigId)
    # The same when an event is delivered to handlers again.
    event_key: Mapped[str] = mapped_column(sa.String(60))
    happened_at: Mapped[datetime]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    tried_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    status: Mapped[int | None]
    duration_ms: Mapped[int | None]
    response: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    error: Mapped[str] = mapped_column(sa.String(100), default="", server_default="")
    remote_id: Mapped[str] = mapped_column(sa.String(25), default="", server_default="")
