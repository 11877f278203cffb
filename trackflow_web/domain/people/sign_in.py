"""Checking passwords at sign-in, within rate limits."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.audit import SecurityEvent, note
from trackflow_web.domain.people import passwords, rules
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import rate_limits, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.kernel.rate_limits import LimitCount
from trackflow_web.kernel.transactions import writing

if TYPE_CHECKING:
    from limits import RateLimitItem

WRONG_CREDENTIALS = "Wrong username or password."
TOO_MANY_TRIES = "Too many failed attempts. Wait a moment and try again."
# Scopes of attempts: of one client, its failed ones, for one username or email address,
# and in total.
SIGN_IN_ADDRESS = "sign-in address"
SIGN_IN_FAILED = "sign-in failed"
SIGN_IN_NAME = "sign-in name"
SIGN_IN_ALL = "sign-in all"
NOBODY = "-"
# Seconds that an attempt waits for concurrent ones of its client address, and between polls.
PATIENCE = 5
PAUSE = 0.05


@dataclass(frozen=True)
class SignInLimits:
    """Limits of failed sign-ins: for one address or one name, and in total."""

    each: RateLimitItem
    all_together: RateLimitItem


class Suspended(Invalid):
    """The password is right, and the account with `user_id` is suspended."""

    def __init__(self, user_id: int, **errors: str) -> None:
        super().__init__(**errors)
        self.user_id = user_id


def check_password(*, name: object, password: object, address: str, bounds: SignInLimits) -> User:
    """Return the user with this username or email address and password.

    Raises Invalid if they do not match, without naming the wrong one, Suspended, and TooMany after
    too many failures. Only failures of the same client address reject the right password. Failures
    of others, for this name or in total, turn failures into TooMany and nothing else: otherwise a
    client could lock other users out.
    """
    wanted = _canonical(name)
    _take_turn(address, bounds.each)
    wait = max(
        rate_limits.hit(SIGN_IN_NAME, wanted, bounds.each),
        rate_limits.hit(SIGN_IN_ALL, "", bounds.all_together),
    )
    with writing() as session:
        user = session.scalar(
            sa.select(User).where(sa.or_(User.username == wanted, User.email == wanted))
        )
    secret = password if isinstance(password, str) else ""
    # No password is longer, and hashing megabytes would help an attacker.
    secret = secret if len(secret) <= rules.LONGEST_PASSWORD else ""
    fits = passwords.matches(user.password_hash if user else None, secret)
    if user is None or not fits or user.banned_at is not None:
        rate_limits.hit(SIGN_IN_FAILED, address, bounds.each)
        note(SecurityEvent.SIGN_IN_FAILED, account=user.id if user else None)
        if wait:
            raise TooMany(TOO_MANY_TRIES, wait)
        raise Invalid(form=WRONG_CREDENTIALS)
    for scope, key in (
        (SIGN_IN_ADDRESS, address),
        (SIGN_IN_ALL, ""),
        (SIGN_IN_NAME, wanted),
    ):
        rate_limits.undo_hit(scope, key)
    if user.is_suspended:
        raise Suspended(user.id, form=_suspended(user))
    if passwords.needs_rehash(user.password_hash):
        _rehash(user, secret)
    found = db.session.get(User, user.id)
    if found is None:  # deleted while the password was hashed
        raise Invalid(form=WRONG_CREDENTIALS)
    return found


def _suspended(user: User) -> str:
    """Return why an account is suspended and until when, for whoever knows its password."""
    until = f"{user.suspended_until:%-d %B %Y}"
    return f"This account is suspended until {until}: {user.suspended_for}"


def _take_turn(address: str, limit: RateLimitItem) -> None:
    """Count an attempt of a client address. Raises TooMany after too many failures.

    An attempt above the limit waits for concurrent ones, because successful ones do not count.
    """
    ends_at = time.monotonic() + PATIENCE
    while wait := rate_limits.hit(SIGN_IN_ADDRESS, address, limit):
        rate_limits.undo_hit(SIGN_IN_ADDRESS, address)
        failed = rate_limits.count(SIGN_IN_FAILED, address)
        if failed >= limit.amount or time.monotonic() > ends_at:
            raise TooMany(TOO_MANY_TRIES, wait)
        time.sleep(PAUSE)


def forget_attempts(user: User) -> None:
    """Delete the counts of attempts to sign in as this user, by username and email address."""
    db.session.execute(
        sa.delete(LimitCount).where(
            LimitCount.scope == SIGN_IN_NAME, LimitCount.key.in_([user.username, user.email])
        )
    )


def _canonical(name: object) -> str:
    """Return the stored spelling of a username or email address; an impossible name otherwise."""
    try:
        typed = text.line(name, "username", longest=rules.LONGEST_EMAIL)
    except Invalid:
        return NOBODY
    folded = unicodedata.normalize("NFKC", typed).casefold()
    if rules.USERNAME.fullmatch(folded):
        return folded
    try:
        return rules.email(typed)
    except Invalid:
        return NOBODY


def _rehash(user: User, password: str) -> None:
    new_hash = passwords.hash_password(password)
    with writing() as session:
        session.execute(
            sa.update(User)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .values(password_hash=new_hash)
        )
