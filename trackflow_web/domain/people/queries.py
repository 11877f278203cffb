"""Reading accounts, visits and tokens."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people import rules
from trackflow_web.domain.people.models import AccessToken, User, Visit
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import UTCDateTime, db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.lookalikes import skeleton

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


# Statements that are built once read the time when they are executed.
_NOW = sa.bindparam("now", callable_=clock.now, type_=UTCDateTime())
# Of users who are neither banned nor suspended; also for their sessions and tokens.
MAY_SIGN_IN = sa.and_(
    User.banned_at.is_(None), sa.or_(User.suspended_until.is_(None), User.suspended_until <= _NOW)
)


def find_user(user_id: int) -> User | None:
    """Return the user with this id, banned or not."""
    return db.session.get(User, user_id)


def find_by_username(name: str) -> User | None:
    """Return the user with this canonical user name."""
    return db.session.scalar(sa.select(User).where(User.username == name))


def find_by_typed_name(name: str) -> User | None:
    """Return the user with this username as typed, banned or not."""
    try:
        return find_by_username(rules.username(name, reserved_too=True))
    except Invalid:
        return None


def is_like_administrator(name: str, *, but: int | None = None) -> bool:
    """Return whether a name could be mistaken for an administrator, other than the user `but`."""
    found = sa.select(User.username, User.display_name).where(User.is_admin)
    if but is not None:
        found = found.where(User.id != but)
    names = {skeleton(each) for row in db.session.execute(found) for each in row if each}
    return skeleton(name) in names


def find_by_email(address: str) -> User | None:
    """Return the user with this canonical email address."""
    return db.session.scalar(sa.select(User).where(User.email == address))


def search_users(search: str, *, limit: int) -> Sequence[User]:
    """Return accounts whose username or email contains `search`, newest first; banned ones too."""
    found = sa.select(User).order_by(User.id.desc()).limit(limit)
    if search:
        pattern = text.like_pattern(search)
        found = found.where(
            sa.or_(User.username.like(pattern, escape="\\"), User.email.like(pattern, escape="\\"))
        )
    return db.session.scalars(found).all()


def get_by_username(name: str) -> User:
    """Return the user with this canonical user name; raises NotFound."""
    user = find_by_username(name)
    if user is None:
        message = "No user with that name."
        raise NotFound(message)
    return user


def days_of(user_id: int, since: date) -> Sequence[date]:
    """Return the local days from `since` on which the user was here."""
    return db.session.scalars(
        sa.select(Visit.day).where(Visit.user_id == user_id, Visit.day >= since)
    ).all()


def all_users() -> Sequence[User]:
    """Return everyone, by id."""
    return db.session.scalars(sa.select(User).order_by(User.id)).all()


def last_visit(user_id: int) -> Visit | None:
    """Return the latest day on which the user was here."""
    return db.session.scalar(
        sa.select(Visit).where(Visit.user_id == user_id).order_by(Visit.day.desc()).limit(1)
    )


def longest_run(user_id: int) -> int:
    """Return the user's longest row of days."""
    return db.session.scalar(sa.select(sa.func.max(Visit.run)).where(Visit.user_id == user_id)) or 0


def tokens_of(user_id: int) -> Sequence[AccessToken]:
    """Return the user's tokens, newest first, expired ones included."""
    return db.session.scalars(
        sa.select(AccessToken).where(AccessToken.user_id == user_id).order_by(AccessToken.id.desc())
    ).all()


def find_token(secret: str) -> tuple[AccessToken, User] | None:
    """Return the token with this secret and its user.

    None if it is unknown or has expired, or its user may not sign in.
    """
    row = db.session.execute(
        sa.select(AccessToken, User)
        .join(User, User.id == AccessToken.user_id)
        .where(
            AccessToken.digest == digest_of(secret),
            AccessToken.expires_at > clock.now(),
            MAY_SIGN_IN,
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def digest_of(secret: str) -> str:
    """Return the stored digest of a token. Plain SHA-256: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def usernames(user_ids: Sequence[int]) -> dict[int, str]:
    """Return the user names of these users by id."""
    rows = db.session.execute(sa.select(User.id, User.username).where(User.id.in_(user_ids))).all()
    return {row.id: row.username for row in rows}
