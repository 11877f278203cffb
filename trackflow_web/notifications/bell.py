"""What the bell shows, read in one statement of three index lookups."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from trackflow_web.achievements.models import UserAchievement
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import (
    UNREAD,
    UNSEEN,
    WANTS_TOAST,
    Notification,
    NotificationVersion,
)


@dataclass(frozen=True)
class Bell:
    """The numbers of unread and of new (not yet seen) notifications, and their version.

    `has_toasts` and `has_awards` are whether a toast waits: of a notification, of an award.
    """

    version: int
    unread: int
    new: int
    has_toasts: bool = False
    has_awards: bool = False


_USER = sa.bindparam("user_id", type_=sa.BigInteger)
_OWN = sa.select(sa.func.count()).where(Notification.user_id == _USER)
_BELL = sa.select(
    sa.func.coalesce(
        sa.select(NotificationVersion.n)
        .where(NotificationVersion.user_id == _USER)
        .scalar_subquery(),
        0,
    ).label("version"),
    _OWN.where(UNREAD).scalar_subquery().label("unread"),
    _OWN.where(UNSEEN).scalar_subquery().label("new"),
    sa.exists().where(Notification.user_id == _USER, WANTS_TOAST).label("has_toasts"),
    sa.exists()
    .where(UserAchievement.user_id == _USER, ~UserAchievement.notified)
    .label("has_awards"),
)
_VERSION = sa.select(NotificationVersion.n).where(NotificationVersion.user_id == _USER)


def bell_of(user_id: int) -> Bell:
    """Return a user's bell."""
    row = db.session.execute(_BELL, {"user_id": user_id}).one()
    return Bell(row.version, row.unread, row.new, bool(row.has_toasts), bool(row.has_awards))


def version_of(user_id: int) -> int:
    """Return the version of a user's notifications, by one look at the primary key."""
    return db.session.scalar(_VERSION, {"user_id": user_id}) or 0
