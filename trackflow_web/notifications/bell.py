"""What the bell shows, read in one statement of three index lookups."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import NotificationVersion


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


# As text: SQLAlchemy takes longer to find the compiled form of so large a statement than the
# database takes to run it.
_BELL = sa.text(
    "SELECT"
    " coalesce((SELECT n FROM notification_versions WHERE user_id = :user_id), 0) AS version,"
    " (SELECT count(*) FROM notifications WHERE user_id = :user_id AND read = false) AS unread,"
    " (SELECT count(*) FROM notifications WHERE user_id = :user_id AND seen_at IS NULL) AS new,"
    " EXISTS (SELECT 1 FROM notifications WHERE user_id = :user_id AND wants_toast) AS has_toasts,"
    " EXISTS (SELECT 1 FROM user_achievements WHERE user_id = :user_id AND NOT notified)"
    " AS has_awards"
)
_USER = sa.bindparam("user_id", type_=sa.BigInteger)
_VERSION_FOR = (
    sa.select(sa.func.coalesce(NotificationVersion.n, 0))
    .select_from(User)
    .outerjoin(NotificationVersion, NotificationVersion.user_id == User.id)
    .where(
        User.id == _USER,
        User.session_stamp == sa.bindparam("session_stamp"),
        User.banned_at.is_(None),
    )
)
_VERSION = sa.select(NotificationVersion.n).where(NotificationVersion.user_id == _USER)


def bell_of(user_id: int) -> Bell:
    """Return a user's bell."""
    row = db.session.execute(_BELL, {"user_id": user_id}).one()
    return Bell(row.version, row.unread, row.new, bool(row.has_toasts), bool(row.has_awards))


def version_for(user_id: int, session_stamp: str) -> int | None:
    """Return the version for a session, in the statement that checks it; None without one."""
    parameters = {"user_id": user_id, "session_stamp": session_stamp}
    version: int | None = db.session.scalar(_VERSION_FOR, parameters)
    return version


def version_of(user_id: int) -> int:
    """Return the version of a user's notifications, by one look at the primary key."""
    return db.session.scalar(_VERSION, {"user_id": user_id}) or 0
