"""Toasts of notifications. Each is shown at most once: what was missed is in the inbox."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications import inbox
from trackflow_web.notifications.inbox import Item
from trackflow_web.notifications.models import WANTS_TOAST, Notification

MOST_AT_ONCE = 3
# Older ones would come out of nowhere.
OLDEST_SHOWN = timedelta(days=30)


def reserve(user_id: int) -> list[Item]:
    """Take the toasts that wait for a response that will show them; the latest few."""
    rows = db.session.execute(
        sa.update(Notification)
        .where(Notification.user_id == user_id, WANTS_TOAST)
        .values(wants_toast=False)
        .returning(Notification.id, Notification.updated_at)
        .execution_options(synchronize_session=False)
    ).all()
    since = clock.now() - OLDEST_SHOWN
    ids = [row.id for row in rows if row.updated_at >= since]
    return inbox.items_by_id(user_id, ids)[:MOST_AT_ONCE] if ids else []
