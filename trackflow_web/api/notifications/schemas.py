"""Request and response bodies of notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from trackflow_web.api.core.schemas import Paging
from trackflow_web.notifications.inbox import Item
from trackflow_web.web.notifications import address_of


class NotificationItem(BaseModel):
    """A notification; text and names are as they are now."""

    id: int
    type: str
    reason: str = Field(description="Why you got it.")
    title: str
    message: str
    link: str = Field(description="The path of what it is about.")
    metadata: dict[str, Any]
    actors: list[str] = Field(description="User names, the latest first, eight at the most.")
    n: int = Field(description="How many events it is about.")
    read: bool
    read_at: datetime | None
    seen_at: datetime | None
    created_at: datetime
    updated_at: datetime = Field(description="When the latest event was.")

    @classmethod
    def of(cls, item: Item) -> NotificationItem:
        """Return a notification as its user reads it."""
        return cls(
            id=item.id,
            type=item.type,
            reason=item.reason,
            title=item.title,
            message=item.message,
            link=address_of(item.target),
            metadata=item.data,
            actors=[actor.username for actor in item.named_actors],
            n=item.n,
            read=item.read,
            read_at=item.read_at,
            seen_at=item.seen_at,
            created_at=item.created_at,
            updated_at=item.updated_at,
        )


class Notifications(BaseModel):
    """Notifications, the latest event first."""

    items: list[NotificationItem]
    next: str | None = Field(description="The cursor of the next part.")


class NotificationPaging(Paging):
    """Which notifications to return."""

    unread: bool | None = Field(None, description="`true` returns unread ones only.")


class UnreadCount(BaseModel):
    """How many are unread, and how many of them are new: not seen yet."""

    unread: int
    new: int


class ReadUpTo(BaseModel):
    """The id of the first notification shown; without it, all are marked as read."""

    upto: int | None = None


class AllRead(BaseModel):
    """How many were marked as read, and what undoes it for ten minutes."""

    read: int
    undo: str
