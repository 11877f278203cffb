"""Digests: what is unread, by mail, once a day or a week.

A digest is about the versions of a user's notifications behind the last digest, up to the current
one. Both ends are stored with the mail that is queued, in one transaction with the end of the last
digest: no two digests overlap, however late the job comes or how often it is killed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer

from trackflow_web.domain.mail.actions import queue
from trackflow_web.domain.mail.models import MailKind
from trackflow_web.domain.people import queries as people
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import NotFound
from trackflow_web.notifications import bell, inbox, preferences
from trackflow_web.notifications.models import Channel, Digest, NotificationPreferences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.mail.models import Mail
    from trackflow_web.domain.people.models import User
    from trackflow_web.notifications.inbox import Item

LONGEST_TOKEN = 500
# What else there is, is in the inbox.
MOST_TOLD = 50
NO_LINK = "This link is no longer valid."


def due(limit: int) -> Sequence[int]:
    """Return the ids of users whose digest is due."""
    found = sa.select(NotificationPreferences.user_id).where(
        NotificationPreferences.due_at <= clock.now()
    )
    return db.session.scalars(found.order_by(NotificationPreferences.due_at).limit(limit)).all()


def queue_digest(user_id: int) -> None:
    """Queue the digest of a user, if it is still due and there is something to tell."""
    row = db.session.scalar(
        sa.select(NotificationPreferences)
        .where(
            NotificationPreferences.user_id == user_id,
            NotificationPreferences.due_at <= clock.now(),
        )
        .with_for_update(skip_locked=True)
    )
    user = people.find_user(user_id)
    if row is None or user is None:
        return
    after, upto = row.mailed_version, bell.version_of(user_id)
    if _may_be_mailed(user) and _items(user, after, upto):
        versions = (after, upto)
        mail = queue(
            MailKind.DIGEST,
            address=user.email,
            base_url=row.base_url,
            user_id=user.id,
            versions=versions,
        )
        if mail is None:  # the address has got enough for now: it stays due
            return
    row.mailed_version = upto
    row.due_at = preferences.next_due(Digest(row.digest), clock.now(), ZoneInfo(user.timezone))


def items_of(mail: Mail, user: User) -> list[Item]:
    """Return what is still unread of the versions of a queued digest: one more than it tells."""
    if not _may_be_mailed(user) or user.email != mail.address:
        return []
    return _items(user, mail.after_version or 0, mail.upto_version or 0)


def _may_be_mailed(user: User) -> bool:
    return user.email_confirmed_at is not None and user.banned_at is None


def _items(user: User, after: int, upto: int) -> list[Item]:
    switches = preferences.switches_of(user)
    types = [type_ for (type_, channel), on in switches.items() if on and channel is Channel.MAIL]
    return inbox.unread_between(user.id, after, upto, types, limit=MOST_TOLD + 1)


# --- unsubscribing -------------------------------------------------------------------------------


def unsubscribe_token(user: User, secret: str) -> str:
    """Return a token that switches this user's digests off, and nothing else."""
    return _serializer(secret).dumps([user.id, _digest_of(user.email)])


def user_of_token(token: str, keys: Sequence[str]) -> User:
    """Return the user of a token. Raises NotFound."""
    for key in keys if len(token) <= LONGEST_TOKEN else ():
        try:
            user_id, address = _serializer(key).loads(token)
        except (BadData, TypeError, ValueError):
            continue
        user = people.find_user(user_id) if isinstance(user_id, int) else None
        if user is not None and _digest_of(user.email) == address:
            return user
    raise NotFound(NO_LINK)


def unsubscribe(user: User) -> None:
    """Switch a user's digests off."""
    row = db.session.get(NotificationPreferences, user.id, with_for_update=True)
    if row is not None:
        preferences.set_digest(row, Digest.NEVER, ZoneInfo(user.timezone))


def _digest_of(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        key, salt="trackflow unsubscribe", signer_kwargs={"digest_method": hashlib.sha256}
    )
