"""Your notifications: list, count, read, delete. Listing marks nothing as seen."""

from __future__ import annotations

import re
from enum import StrEnum

from flask import request

from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import NO_CONTENT, api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.notifications import schemas
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid
from trackflow_web.notifications import actions, bell, inbox
from trackflow_web.notifications.inbox import Item, Wanted
from trackflow_web.web.caller import get_current_user

PLACE = re.compile(r"([0-9]+)-([0-9]+)", re.ASCII)


class TrueOrFalse(StrEnum):
    """What `unread` may be."""

    TRUE = "true"
    FALSE = "false"


@api.get("/notifications/")
@described(schemas.Notifications, query=schemas.NotificationPaging)
def list_notifications() -> schemas.Notifications:
    """List your notifications, the latest event first."""
    check = Checks()
    at_most, after = check(pagination.limit), check(pagination.place, str)
    unread = check(text.choice, request.args.get("unread") or "false", "unread", TrueOrFalse)
    check.finish()
    wanted = Wanted(
        unread=unread is TrueOrFalse.TRUE,
        after=_place(after) if after else None,
        limit=at_most + 1,
    )
    items = inbox.items_of(get_current_user().id, wanted)
    return schemas.Notifications(
        items=[schemas.NotificationItem.of(item) for item in items[:at_most]],
        next=pagination.cursor_after(items, at_most, _place_of),
    )


@api.get("/notifications/unread-count")
@described(schemas.UnreadCount)
def count_unread_notifications() -> schemas.UnreadCount:
    """Count your unread notifications, and the new ones among them."""
    current = bell.bell_of(get_current_user().id)
    return schemas.UnreadCount(unread=current.unread, new=current.new)


@api.put("/notifications/<id:notification_id>/read")
@described(schemas.NotificationItem)
def read_notification(notification_id: int) -> schemas.NotificationItem:
    """Mark a notification as read."""
    user = get_current_user()
    row = actions.get_own(user, notification_id)
    actions.mark_read(row)
    (item,) = inbox.items_by_id(user.id, [row.id])
    return schemas.NotificationItem.of(item)


@api.put("/notifications/read-all")
@described(schemas.AllRead, body=schemas.ReadUpTo)
def read_all_notifications() -> schemas.AllRead:
    """Mark all notifications as read, or those up to the first one that you have shown."""
    wanted = bodies.parse_body(schemas.ReadUpTo)
    count, token = actions.read_all(get_current_user(), upto=wanted.upto)
    return schemas.AllRead(read=count, undo=token)


@api.delete("/notifications/<id:notification_id>")
@described(None, status=204)
def delete_notification(notification_id: int) -> tuple[str, int]:
    """Delete a notification."""
    actions.delete(actions.get_own(get_current_user(), notification_id))
    return NO_CONTENT


def _place_of(item: Item) -> str:
    return f"{item.version}-{item.id}"


def _place(place: str) -> tuple[int, int]:
    found = PLACE.fullmatch(place)
    if found is None:  # signed by us for another list
        raise Invalid(cursor=pagination.NO_SUCH_CURSOR)
    return int(found[1]), int(found[2])
