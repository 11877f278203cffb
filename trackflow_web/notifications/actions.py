"""What a user does with their notifications. Reading, seeing and deleting change only their own."""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.people import queries as people
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations.models import Muted
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.notifications import inbox, preferences, versions
from trackflow_web.notifications.models import UNREAD, UNSEEN, Channel, Notification
from trackflow_web.notifications.types import Type

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

UNDO_LASTS = timedelta(minutes=10)
EXPIRED = "This can no longer be undone."
NO_ROW = "This isn't one of your notifications."
LONGEST_TOKEN = 32


class What(StrEnum):
    """What of a notification is muted."""

    TYPE = "type"
    SUBJECT = "subject"
    PERSON = "person"


def get_own(user: User, notification_id: int) -> Notification:
    """Return one of the user's notifications. Raises NotFound."""
    row = db.session.scalar(
        sa.select(Notification).where(
            Notification.id == notification_id,
            Notification.user_id == user.id,
            Notification.deleted_at.is_(None),
        )
    )
    if row is None:
        raise NotFound
    return row


def mark_read(row: Notification) -> None:
    """Mark a notification as read, and with that as seen."""
    if row.read:
        return
    now = clock.now()
    row.read, row.read_at, row.wants_toast = True, now, False
    row.seen_at = row.seen_at or now
    versions.touch(row.user_id)


def mark_unread(row: Notification) -> None:
    """Mark a notification as unread. What has come since stays a row of its own."""
    if not row.read:
        return
    if _has_unread(row):
        row.group_key = f"{row.group_key}:{row.id}"
    row.read, row.read_at = False, None
    versions.touch(row.user_id)


def _has_unread(row: Notification) -> bool:
    found = sa.select(Notification.id).where(
        Notification.user_id == row.user_id, Notification.group_key == row.group_key, UNREAD
    )
    return db.session.scalar(found) is not None


def read_all(
    user: User, *, upto: object = None, version: object = None, type_: Type | None = None
) -> tuple[int, str]:
    """Mark all as read up to what the user was shown; return how many, and what undoes it.

    `upto` is the id of the first row shown, `version` the one that the page was rendered at;
    `type_` is the only type it showed. Raises Invalid naming `upto` or `version`.
    """
    now, token = clock.now(), secrets.token_hex(16)
    which = _shown(user, upto, version)
    if type_ is not None:
        which.append(Notification.type == type_)
    read = db.session.scalars(
        sa.update(Notification)
        .where(Notification.user_id == user.id, UNREAD, *which)
        .values(
            read=True,
            read_at=now,
            seen_at=sa.func.coalesce(Notification.seen_at, now),
            undo_token=token,
            wants_toast=False,
        )
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    ).all()
    if read:
        versions.touch(user.id)
    return len(read), token


def mark_seen(user: User, *, upto: object = None, version: object = None) -> None:
    """Note that the user has seen the list. Raises Invalid naming `upto` or `version`."""
    seen = db.session.scalars(
        sa.update(Notification)
        .where(Notification.user_id == user.id, UNSEEN, *_shown(user, upto, version))
        .values(seen_at=clock.now(), wants_toast=False)
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    ).all()
    if seen:
        versions.touch(user.id)


def _shown(user: User, upto: object, version: object) -> list[Any]:
    """Return the condition for rows whose latest event is not later than what was shown."""
    shown = text.whole_number(version, "version", least=0, most=text.LARGEST_ID)
    if shown is not None:
        return [Notification.version <= shown]
    first = text.whole_number(upto, "upto", least=1, most=text.LARGEST_ID)
    if first is None:
        return []
    found = sa.select(Notification.version).where(
        Notification.user_id == user.id, Notification.id == first
    )
    latest = db.session.scalar(found)
    if latest is None:
        raise Invalid(upto=NO_ROW)
    return [Notification.version <= latest]


def delete(row: Notification) -> str:
    """Delete a notification; return what undoes it. The row is kept until that is over."""
    now = clock.now()
    if not row.read:  # the same moment says that it was unread
        row.read, row.read_at = True, now
    row.deleted_at, row.seen_at, row.wants_toast = now, row.seen_at or now, False
    row.undo_token = secrets.token_hex(16)
    versions.touch(row.user_id)
    return row.undo_token


def undo(user: User, token: object) -> int:
    """Undo a deletion or that all were read; return how many rows. Raises NotFound."""
    known = token if isinstance(token, str) and len(token) == LONGEST_TOKEN else None
    since = clock.now() - UNDO_LASTS
    rows = db.session.scalars(
        sa.select(Notification).where(
            Notification.user_id == user.id,
            Notification.undo_token == known,
            Notification.read_at >= since,
        )
        if known
        else sa.select(Notification).where(sa.false())
    ).all()
    if not rows:
        raise NotFound(EXPIRED)
    for row in rows:
        _undo(row)
    return len(rows)


def _undo(row: Notification) -> None:
    was_unread = row.deleted_at is None or row.read_at == row.deleted_at
    row.deleted_at, row.undo_token = None, None
    versions.touch(row.user_id)
    if was_unread:
        mark_unread(row)
        db.session.flush()  # the next one may have the same key


def mute(user: User, row: Notification, *, what: object, username: object = None) -> str:
    """Mute the type, the subject or a person of a notification; return what is muted.

    Raises Invalid naming `what` or `username`.
    """
    kind = text.choice(what, "what", What)
    (item,) = inbox.items_by_id(user.id, [row.id])
    if kind is What.TYPE:
        preferences.set_channel(user, Type(row.type), Channel.SITE, is_on=False)
        return "notifications of this kind"
    if kind is What.SUBJECT:
        if not item.can_mute_subject:
            raise Invalid(what="There's nothing to mute in this notification.")
        subject_id = int(row.subject_ids.strip(",").partition(",")[0])
        relations.mute(user, Muted(row.subject_type), subject_id)
        return item.subject
    return _mute_person(user, item, username)


def _mute_person(user: User, item: inbox.Item, username: object) -> str:
    names = [actor.username for actor in item.named_actors]
    if not names:
        raise Invalid(what="There's nobody to mute in this notification.")
    name = names[0] if len(names) == 1 and not username else username
    if name not in names:
        raise Invalid(username=f"Choose one of: {', '.join(names)}.")
    person = people.get_by_username(str(name))
    relations.mute(user, Muted.PERSON, person.id)
    return person.username
