"""Queueing mails, and the steps in which a job sends them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.mail.models import Mail, MailKind
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

# A worker without a report for this long is dead: longer than any timeout of an adapter.
SENDING_TAKES = timedelta(minutes=2)
# Pauses after failures; after the last one the mail fails.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)
# How many mails one address gets, and in how long a time.
MOST_TO_AN_ADDRESS = 5
COUNTED_FOR = timedelta(hours=1)
# Sent and failed mails are kept this long, to investigate complaints.
KEPT_FOR = timedelta(days=7)


def queue(
    kind: MailKind,
    *,
    address: str,
    base_url: str,
    user_id: int | None = None,
    versions: tuple[int, int] | None = None,
) -> Mail | None:
    """Queue a mail to be sent after the commit; None when the address has got enough for now.

    Anybody can enter anybody's address, so that mails to one are limited, silently: known and
    unknown addresses get the same response. `versions` are those that a digest is about.
    """
    now = clock.now()
    lately = sa.select(sa.func.count()).where(
        Mail.address == address, Mail.created_at > now - COUNTED_FOR
    )
    if (db.session.scalar(lately) or 0) >= MOST_TO_AN_ADDRESS:
        return None
    mail = Mail(
        user_id=user_id,
        kind=kind,
        address=address,
        base_url=base_url,
        after_version=versions[0] if versions else None,
        upto_version=versions[1] if versions else None,
        created_at=now,
        due_at=now,
    )
    db.session.add(mail)
    db.session.flush()
    return mail


def find(mail_id: int) -> Mail | None:
    """Return a mail as it is now."""
    return db.session.get(Mail, mail_id, populate_existing=True)


def due(limit: int) -> Sequence[int]:
    """Return the ids of mails to be sent now, oldest first."""
    return db.session.scalars(
        sa.select(Mail.id)
        .where(Mail.ended_at.is_(None), Mail.due_at <= clock.now())
        .order_by(Mail.due_at, Mail.id)
        .limit(limit)
    ).all()


def acquire(mail_id: int) -> Mail | None:
    """Acquire a mail that is due, for one attempt; None when another worker has it."""
    now = clock.now()
    acquired = db.session.scalar(
        sa.update(Mail)
        .where(Mail.id == mail_id, Mail.ended_at.is_(None), Mail.due_at <= now)
        .values(due_at=now + SENDING_TAKES, attempts=Mail.attempts + 1)
        .returning(Mail.id)
    )
    return None if acquired is None else find(acquired)


def end(mail: Mail, error: str = "") -> None:
    """Mark a mail as ended: it was sent, or has no recipient."""
    mail.ended_at, mail.error = clock.now(), error[:200]


def fail(mail: Mail, error: str) -> None:
    """Record a failed attempt: retry after a pause, or fail after the last."""
    if mail.attempts > len(PAUSES):
        end(mail, error)
        return
    mail.due_at, mail.error = clock.now() + PAUSES[mail.attempts - 1], error[:200]


def delete_to(address: str) -> None:
    """Delete mails to an address that belong to no account."""
    db.session.execute(
        sa.delete(Mail)
        .where(Mail.address == address, Mail.user_id.is_(None))
        .execution_options(synchronize_session=False)
    )


def prune() -> None:
    """Delete mails that ended a week ago."""
    db.session.execute(
        sa.delete(Mail)
        .where(Mail.ended_at < clock.now() - KEPT_FOR)
        .execution_options(synchronize_session=False)
    )
