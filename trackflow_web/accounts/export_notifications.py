"""The export of notifications and of what the user wants to be notified of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.accounts.pieces import json_list, json_of_first, rows_of
from trackflow_web.notifications.models import (
    Notification,
    NotificationPreferences,
    NotificationSetting,
    NotificationVersion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def notifications_of(user_id: int) -> Mapping[str, Iterator[str]]:
    """Return the user's notifications and what they want to be notified of."""
    preferences, version = NotificationPreferences.user_id, NotificationVersion.user_id
    settings = NotificationSetting.user_id
    return {
        "notifications": json_list(
            rows_of(Notification, Notification.user_id == user_id, leave_out={"undo_token"})
        ),
        "notification_settings": json_list(rows_of(NotificationSetting, settings == user_id)),
        "notification_preferences": json_of_first(
            rows_of(NotificationPreferences, preferences == user_id)
        ),
        "notification_version": json_of_first(rows_of(NotificationVersion, version == user_id)),
    }
