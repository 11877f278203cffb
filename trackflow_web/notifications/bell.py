"""What the bell shows, and where it is kept while its version is the same.

The statement that loads the user of a session reads the version of their bell too. Only when that
has changed the bell is counted again, in one statement of index lookups.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.queries import MAY_SIGN_IN
from trackflow_web.kernel.database import db
from trackflow_web.kernel.replica import from_primary
from trackflow_web.notifications.models import NotificationVersion

# Bells that a process keeps; each takes some hundred bytes.
MOST_KEPT = 10_000


@dataclass(frozen=True)
class Bell:
    """The numbers of unread and of new (not yet seen) notifications, and their version.

    `has_toasts` and `has_awards` are whether a toast waits: of a notification, of an award. They
    may say so for longer than it is the case, never the other way round.
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
_N = sa.func.coalesce(NotificationVersion.n, 0)
_IS_SESSION = (
    User.id == _USER,
    User.session_stamp == sa.bindparam("session_stamp"),
    MAY_SIGN_IN,
)
_of_user = NotificationVersion.user_id == User.id
_VERSION_FOR = (
    sa.select(_N).select_from(User).outerjoin(NotificationVersion, _of_user).where(*_IS_SESSION)
)
_SESSION = sa.select(User, _N).outerjoin(NotificationVersion, _of_user).where(*_IS_SESSION)
_VERSION = sa.select(NotificationVersion.n).where(NotificationVersion.user_id == _USER)

# The user's id -> their session stamp, and the bell. An id may be given again after an account was
# deleted; a stamp is not.
_kept: dict[int, tuple[str, Bell]] = {}


def bell_of(user_id: int) -> Bell:
    """Return a user's bell, as the running transaction sees it."""
    row = db.session.execute(_BELL, {"user_id": user_id}).one()
    return Bell(row.version, row.unread, row.new, bool(row.has_toasts), bool(row.has_awards))


def bell_at(user: User, version: int) -> Bell:
    """Return a user's bell at a version that the running transaction has read."""
    stamp, kept = _kept.get(user.id, ("", None))
    if kept is not None and kept.version == version and stamp == user.session_stamp:
        return kept
    with from_primary():  # as the version was
        current = bell_of(user.id)
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[user.id] = (user.session_stamp, current)
    return current


def forget(user_id: int | None = None) -> None:
    """Count the bell of a user, or of all users, anew."""
    if user_id is None:
        _kept.clear()
    else:
        _kept.pop(user_id, None)


def session_of(user_id: int, session_stamp: str) -> tuple[User, int] | None:
    """Return the user of a session and the version of their bell; None if it has ended."""
    found = db.session.execute(_SESSION, {"user_id": user_id, "session_stamp": session_stamp})
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


def version_for(user_id: int, session_stamp: str) -> int | None:
    """Return the version for a session, in the statement that checks it; None without one."""
    parameters = {"user_id": user_id, "session_stamp": session_stamp}
    version: int | None = db.session.scalar(_VERSION_FOR, parameters)
    return version


def version_of(user_id: int) -> int:
    """Return the version of a user's notifications, by one look at the primary key."""
    return db.session.scalar(_VERSION, {"user_id": user_id}) or 0
