"""Usernames and email addresses that stay reserved after a deletion or a ban."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people import rules
from trackflow_web.domain.people.models import Reservation
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Long enough to prevent impersonation of a deleted account by its name, or deleting
# an account to get rid of limits and revocations.
NAME_RESERVED_FOR = timedelta(days=90)


def reserve(*values: str, ends_at: datetime | None) -> None:
    """Reserve usernames or email addresses until a time, or until they are released."""
    for value in values:
        db.session.execute(
            upsert(Reservation)
            .values(digest=_digest(value), ends_at=ends_at)
            .on_conflict_do_update(index_elements=[Reservation.digest], set_={"ends_at": ends_at})
        )


def reserve_name(username: str) -> None:
    """Reserve the name of a deleted account, and with it the names that look like it."""
    reserve(username, _like(username), ends_at=clock.now() + NAME_RESERVED_FOR)


def reserve_email(address: str) -> None:
    """Reserve the email address of a banned user, with all addresses of the same mailbox."""
    reserve(address, _mailbox(address), ends_at=None)


def release_email(address: str) -> None:
    """Release an email address and those of the same mailbox."""
    values = (address, _mailbox(address))
    db.session.execute(
        sa.delete(Reservation).where(Reservation.digest.in_([_digest(value) for value in values]))
    )


def is_reserved(address: str) -> bool:
    """Return whether this email address, or one of the same mailbox, is reserved."""
    return bool(_reserved_among(address, _mailbox(address)))


def is_name_reserved(username: str) -> bool:
    """Return whether this username, or one that looks like it, is reserved."""
    return bool(_reserved_among(username, _like(username)))


def _like(username: str) -> str:
    # No username and no email address, since it has a colon and no @.
    return f"like:{rules.skeleton(username)}"


def _mailbox(address: str) -> str:
    # Most providers deliver to `alice` what is for `alice+new`.
    name, _, host = address.partition("@")
    return f"mailbox:{name.partition('+')[0]}@{host}"


def _reserved_among(*values: str) -> Sequence[str]:
    digests = {_digest(value): value for value in values}
    found = db.session.scalars(
        sa.select(Reservation.digest).where(
            Reservation.digest.in_(list(digests)),
            sa.or_(Reservation.ends_at.is_(None), Reservation.ends_at > clock.now()),
        )
    )
    return [digests[digest] for digest in found]


def prune() -> None:
    """Delete reservations that have ended."""
    db.session.execute(
        sa.delete(Reservation)
        .where(Reservation.ends_at <= clock.now())
        .execution_options(synchronize_session=False)
    )


def _digest(value: str) -> str:
    return hashlib.sha256(f"reserved {value}".encode()).hexdigest()
