"""Actions on accounts."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.people import passwords, queries, reservations, rules
from trackflow_web.domain.people.events import PersonRegistered, Visited
from trackflow_web.domain.people.models import AccessToken, Scope, User, Visit
from trackflow_web.domain.people.row_limits import RowLimit, require_room
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Checks, Invalid, NotFound
from trackflow_web.kernel.events import record
from trackflow_web.kernel.transactions import reading, writing

if TYPE_CHECKING:
    from datetime import datetime


log = structlog.get_logger()

TOKEN_PREFIX = "tf_"  # noqa: S105 -- the visible start of every token, not a secret
# A client may send many requests per second; users only need to know which tokens are in use.
TOKEN_USE_NOTED_EVERY = timedelta(hours=1)
# Recording a visit or the use of a token gives up after this wait for the database; seconds.
PATIENCE_FOR_A_NOTE = 0.25
# Their owner sees expired tokens for this long.
EXPIRED_TOKENS_FOR = timedelta(days=30)
ONLY_ADMINISTRATORS_ADMINISTER = "Only administrators can create admin tokens."
NAME_TAKEN = "This username is taken."
PASSWORD_IS_THE_NAME = "Your password can't be your username or email."  # noqa: S105 -- a sentence


def register(
    *,
    username: object,
    email: object,
    password: object,
    timezone: object = "",
    is_admin: bool = False,
    by_operator: bool = False,
) -> User:
    """Create an account. Raises Invalid naming every invalid field.

    Operators (`by_operator`) may use reserved names and any password.
    """
    check = Checks()
    name = check(rules.username, username, reserved_too=by_operator)
    address = check(rules.email, email)
    secret = check(rules.password, password, common_too=by_operator)
    zone = check(rules.time_zone, timezone)
    check.finish()
    if secret.casefold() in {name, address}:
        raise Invalid(password=PASSWORD_IS_THE_NAME)
    if taken := _taken(name, address, by_operator=by_operator):
        raise Invalid(**taken)
    password_hash = passwords.hash_password(secret)
    user_id = db.session.scalar(
        upsert(User)
        .values(
            username=name,
            username_key=rules.skeleton(name),
            email=address,
            password_hash=password_hash,
            session_stamp=secrets.token_hex(16),
            is_admin=is_admin,
            timezone=zone,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(User.id)
    )
    if user_id is None:  # the same form was sent twice at once; the other one was first
        raise Invalid(**(_taken(name, address) or {"username": NAME_TAKEN}))
    user = db.session.get_one(User, user_id)
    if is_admin:
        note_if_committed(SecurityEvent.ADMINISTRATOR_CREATED, of=user.id)
    record(PersonRegistered(username=user.username), user_id=user.id, subject_id=user.id)
    return user


def _taken(username: str, email: str, *, by_operator: bool = False) -> dict[str, str]:
    """Return an error for each taken one. Its transaction ends before the hashing."""
    with reading():
        rows = db.session.execute(
            sa.select(User.username, User.username_key, User.email).where(
                sa.or_(
                    User.username_key == rules.skeleton(username),
                    User.username == username,
                    User.email == email,
                )
            )
        ).all()
        is_reserved = not by_operator and (
            reservations.is_name_reserved(username) or queries.is_like_administrator(username)
        )
        is_barred = not by_operator and reservations.is_reserved(email)
    errors: dict[str, str] = {}
    if is_reserved:
        errors["username"] = NAME_TAKEN
    if is_barred:
        errors["email"] = "This email can't be used."
    if any(
        row.username == username or row.username_key == rules.skeleton(username) for row in rows
    ):
        errors["username"] = NAME_TAKEN
    if any(row.email == email for row in rows):
        errors["email"] = "This email can't be used. Do you already have an account?"
    return errors


def record_visit(user: User) -> bool:
    """Record a visit; return whether it counts as a new day of the streak.

    Concurrent requests record it once: the row of the day decides.
    """
    now = clock.now()
    last = queries.last_visit(user.id)
    run = rules.run_after(
        rules.CountedDay(last.day, last.at, last.timezone, last.run) if last else None,
        seen_at=user.last_seen_at,
        now=now,
        zone_name=user.timezone,
    )
    if run is not None or rules.is_new_since(user.last_seen_at, now=now):
        user.last_seen_at = now
    return run is not None and _count_day(user, run, now)


def _count_day(user: User, run: int, now: datetime) -> bool:
    today = rules.local_day(now, user.timezone)
    longest = queries.longest_run(user.id)
    added = db.session.scalar(
        upsert(Visit)
        .values(user_id=user.id, day=today, at=now, timezone=user.timezone, run=run)
        .on_conflict_do_nothing()
        .returning(Visit.run)
    )
    if added is None:
        return False
    user.last_visit_day = today
    record(Visited(day=today, run=run, longest=run > longest), user_id=user.id, subject_id=user.id)
    return True


def visit_is_due(user: User) -> bool:
    """Return whether a visit now may count as a new day, or none was recorded for an hour.

    Reads no table.
    """
    now = clock.now()
    if user.last_visit_day is None or rules.is_new_since(user.last_seen_at, now=now):
        return True
    return rules.local_day(now, user.timezone) > user.last_visit_day


def sign_out_everywhere(user: User) -> None:
    """End every session of the user, on every device."""
    user.session_stamp = secrets.token_hex(16)


def change_password(user: User, *, new: object) -> None:
    """Set a new password and end every session, token and change of email made with the old one.

    Who knew the old one could otherwise confirm their own address later, and reset the new one.
    """
    password = rules.password(new)
    if password.casefold() in {user.username, user.email}:
        raise Invalid(password=PASSWORD_IS_THE_NAME)
    note_if_committed(SecurityEvent.PASSWORD_CHANGED, of=user.id)
    user.password_hash = passwords.hash_password(password)
    user.new_email = None
    sign_out_everywhere(user)
    db.session.execute(sa.delete(AccessToken).where(AccessToken.user_id == user.id))


def create_token(user: User, *, name: object, scope: object, days: object) -> str:
    """Create an access token; return its secret, which is shown once and not stored.

    Raises Invalid naming the fields, LimitReached naming `name`.
    """
    check = Checks()
    title = check(text.line, name, "name", longest=60)
    kind = check(_scope_of, user, scope)
    lifetime = check(rules.token_lifetime, days)
    check.finish()
    require_room(RowLimit.TOKENS, user.id, AccessToken.user_id == user.id, field="name")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    note_if_committed(SecurityEvent.TOKEN_CREATED, of=user.id, scope=kind)
    db.session.add(
        AccessToken(
            user_id=user.id,
            name=title,
            digest=queries.digest_of(secret),
            scope=kind,
            created_at=now,
            expires_at=now + timedelta(days=lifetime),
        )
    )
    return secret


def _scope_of(user: User, scope: object) -> Scope:
    kind = text.choice(scope, "scope", Scope)
    if kind is Scope.ADMIN and not user.is_admin:
        raise Invalid(scope=ONLY_ADMINISTRATORS_ADMINISTER)
    return kind


def revoke_token(user: User, token_id: int) -> None:
    """Delete one of the user's own tokens; raises NotFound."""
    token = db.session.scalar(
        sa.select(AccessToken).where(AccessToken.id == token_id, AccessToken.user_id == user.id)
    )
    if token is None:
        message = "This token doesn't exist."
        raise NotFound(message)
    note_if_committed(SecurityEvent.TOKEN_REVOKED, of=user.id)
    db.session.delete(token)


def prune_tokens() -> None:
    """Delete the tokens that expired a month ago."""
    db.session.execute(
        sa.delete(AccessToken)
        .where(AccessToken.expires_at < clock.now() - EXPIRED_TOKENS_FOR)
        .execution_options(synchronize_session=False)
    )


def note_token_use(token: AccessToken) -> None:
    """Record the use of a token, at most once an hour; failures are ignored.

    It uses a separate transaction, so it must run before the action.
    """
    now = clock.now()
    used = token.last_used_at
    if used is not None and now - used < TOKEN_USE_NOTED_EVERY:
        return
    token_id = token.id
    try:
        with writing(patience=PATIENCE_FOR_A_NOTE) as session:
            session.execute(
                sa.update(AccessToken).where(AccessToken.id == token_id).values(last_used_at=now)
            )
    except SQLAlchemyError:
        log.warning("token_use_not_noted", exc_info=True)
