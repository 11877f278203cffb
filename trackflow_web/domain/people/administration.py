"""Actions of administrators and operators on accounts, each with a stored reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.people import actions, queries, reservations, rules
from trackflow_web.domain.people.events import PersonListed, PersonPromoted
from trackflow_web.domain.people.models import AccessToken, Decision, Scope, User
from trackflow_web.domain.share_images import actions as share_images
from trackflow_web.kernel import cache_versions, clock, text
from trackflow_web.kernel.cache_versions import Versioned
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Forbidden, Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_REASON, LONGEST_REASON = 3, 300
ON_COMMAND_LINE = "on the command line"
NOT_YOURSELF = "You can't ban yourself."
LAST_ADMINISTRATOR = "This is the last administrator. Make someone else an administrator first."


def reason(value: object) -> str:
    """Return the reason for a decision. Raises Invalid naming `reason`."""
    given = text.line(value, "reason", longest=LONGEST_REASON)
    if len(given) < SHORTEST_REASON:
        raise Invalid(reason=f"Enter a reason of at least {SHORTEST_REASON} characters.")
    return given


def ban(user: User, *, by: User | None, why: str) -> None:
    """Ban an account: signing in and registering again with its email address are rejected.

    Raises Forbidden for oneself and for the last administrator.
    """
    if user.banned_at is not None:
        return
    if is_last_administrator(user):
        raise Forbidden(LAST_ADMINISTRATOR)
    if by is not None and by.id == user.id:
        raise Forbidden(NOT_YOURSELF)
    note_if_committed(SecurityEvent.ACCOUNT_BANNED, of=user.id)
    cache_versions.step(Versioned.HOLDERS, users=[user.id])
    user.banned_at = clock.now()
    share_images.withdraw_all_of(user.id)
    actions.sign_out_everywhere(user)
    db.session.execute(sa.delete(AccessToken).where(AccessToken.user_id == user.id))
    reservations.reserve_email(user.email)
    record(PersonListed(), user_id=user.id, subject_id=user.id)
    _note(user, by, "ban", why)


def unban(user: User, *, by: User | None, why: str) -> None:
    """Open a banned account again; its awards count as before."""
    if user.banned_at is None:
        return
    note_if_committed(SecurityEvent.ACCOUNT_UNBANNED, of=user.id)
    cache_versions.step(Versioned.HOLDERS, users=[user.id])
    user.banned_at = None
    share_images.withdraw_all_of(user.id)
    reservations.release_email(user.email)
    record(PersonListed(), user_id=user.id, subject_id=user.id)
    _note(user, by, "unban", why)


def promote(user: User, *, by: User | None, why: str) -> None:
    """Make a user an administrator. Raises Forbidden for a banned one.

    Administrators can be muted, but not blocked: who has blocked the user mutes them from now on.
    """
    if user.banned_at is not None:
        message = "A banned user can't be an administrator."
        raise Forbidden(message)
    if user.is_admin:
        return
    note_if_committed(SecurityEvent.ADMINISTRATOR_CREATED, of=user.id)
    user.is_admin = True
    record(PersonPromoted(), user_id=user.id, subject_id=user.id)
    _note(user, by, "promote", why)


def demote(user: User, *, by: User | None, why: str) -> None:
    """Demote an administrator; a later promotion does not restore their tokens.

    Raises Forbidden for the last one.
    """
    if not user.is_admin:
        return
    if is_last_administrator(user):
        raise Forbidden(LAST_ADMINISTRATOR)
    note_if_committed(SecurityEvent.ADMINISTRATOR_REMOVED, of=user.id)
    user.is_admin = False
    db.session.execute(
        sa.delete(AccessToken).where(
            AccessToken.user_id == user.id, AccessToken.scope == Scope.ADMIN
        )
    )
    _note(user, by, "demote", why)


def rename(user: User, *, to: object, by: User | None, why: str) -> None:
    """Rename a user; the old name stays reserved. Raises Invalid naming `username`."""
    name = rules.username(to, reserved_too=by is None)
    if name == user.username:
        return
    is_known = by is not None and queries.is_like_administrator(name, but=user.id)
    if is_known or reservations.is_name_reserved(name):
        raise Invalid(username=actions.NAME_TAKEN)
    old = user.username
    try:
        with db.session.begin_nested():
            user.username, user.username_key = name, rules.skeleton(name)
    except IntegrityError:  # another user registered it concurrently
        raise Invalid(username=actions.NAME_TAKEN) from None
    reservations.reserve_name(old)
    cache_versions.hide()
    note_if_committed(SecurityEvent.ACCOUNT_RENAMED, of=user.id)
    _note(user, by, "rename", why)


def note_reset_link(user: User, *, by: User | None, why: str) -> None:
    """Record that a password reset link was created for a user."""
    note_if_committed(SecurityEvent.RESET_LINK_CREATED, of=user.id)
    _note(user, by, "reset-link", why)


def decisions_about(user: User) -> Sequence[Decision]:
    """Return what was decided about an account, newest first."""
    return db.session.scalars(
        sa.select(Decision).where(Decision.user_id == user.id).order_by(Decision.id.desc())
    ).all()


def is_last_administrator(user: User, *, lock: bool = True) -> bool:
    """Return whether no other account that is not banned is an administrator.

    With `lock` the rows of all administrators are locked, in order of id: of two who leave
    concurrently, the second is found to be the last one.
    """
    if not user.is_admin:
        return False
    found = sa.select(User.id).where(User.is_admin, User.banned_at.is_(None)).order_by(User.id)
    admins = db.session.scalars(found.with_for_update() if lock else found).all()
    return not any(admin_id != user.id for admin_id in admins)


def _note(user: User, by: User | None, action: str, why: str) -> None:
    db.session.add(
        Decision(
            user_id=user.id,
            admin_id=by.id if by else None,
            action=action,
            reason=why,
            created_at=clock.now(),
        )
    )
