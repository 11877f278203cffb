"""Password reset and email confirmation by signed links.

A link is a signed value, not a row: a reset contains the current state of the account, so that it
works once; a confirmation contains the email address, so that it is void after a change.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.mail.actions import queue
from trackflow_web.domain.mail.models import MailKind
from trackflow_web.domain.people import actions, identity, queries, rules
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import NotFound
from trackflow_web.kernel.signing import pair_in, serializer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User

# Seconds.
RESET_LASTS = 60 * 60
CONFIRMATION_LASTS = 7 * 24 * 60 * 60
EXPIRED = "This link has expired or was used already. Request a new one."


def request_reset(*, email: object, base_url: str) -> None:
    """Queue a reset for the owner of this address; the job that sends it looks for one.

    Raises Invalid naming `email` when it is not an address.
    """
    queue(MailKind.PASSWORD_RESET, address=rules.email(email), base_url=base_url)


def request_confirmation(user: User, *, base_url: str) -> None:
    """Queue a mail with a link that confirms the user's address, or the one to change to."""
    if user.new_email:
        identity.queue_mail(user, user.new_email, base_url)
    else:
        queue(MailKind.CONFIRM_EMAIL, address=user.email, base_url=base_url, user_id=user.id)


def reset_token(user: User, secret: str) -> str:
    """Return a token that allows choosing a new password once, within an hour."""
    return serializer(secret, "password reset").dumps([user.id, _state(user)])


def confirmation_token(user: User, address: str, secret: str) -> str:
    """Return a token that confirms an address of the user, within a week."""
    return serializer(secret, "confirm email").dumps([user.id, address])


def user_of_reset(token: str, keys: Sequence[str]) -> User:
    """Return the user of a valid reset token. Raise NotFound."""
    user_id, state = _loads(token, keys, "password reset", RESET_LASTS)
    user = queries.find_user(user_id) if isinstance(user_id, int) else None
    if user is None or user.banned_at is not None or _state(user) != state:
        raise NotFound(EXPIRED)
    return user


def reset_password(user: User, *, new: object) -> None:
    """Set the password of a user who followed a reset link, which also confirms the address.

    It ends every session and token. Raises Invalid naming `password`.
    """
    actions.change_password(user, new=new)
    if user.email_confirmed_at is None:
        user.email_confirmed_at = clock.now()
    note_if_committed(SecurityEvent.PASSWORD_RESET, of=user.id)


def address_of_confirmation(token: str, keys: Sequence[str]) -> tuple[User, str]:
    """Return the user and the address that a token confirms.

    Raise NotFound if it is no longer the user's.
    """
    user_id, address = _loads(token, keys, "confirm email", CONFIRMATION_LASTS)
    user = queries.find_user(user_id) if isinstance(user_id, int) else None
    if user is None or user.banned_at is not None or address not in {user.email, user.new_email}:
        raise NotFound(EXPIRED)
    return user, str(address)


def confirm_email(token: str, keys: Sequence[str]) -> User:
    """Confirm the address that a token names. Raise NotFound if it is no longer the user's."""
    user, address = address_of_confirmation(token, keys)
    if address != user.email:
        identity.set_email(user, address)
        user.new_email = None
    user.email_confirmed_at = clock.now()
    return user


def _state(user: User) -> str:
    """Return a digest of what a reset changes: with the next password, old links are void."""
    state = f"{user.password_hash}\n{user.email}"
    return hashlib.sha256(state.encode()).hexdigest()[:32]


def _loads(token: str, keys: Sequence[str], purpose: str, max_age: int) -> tuple[object, object]:
    """Return the two values of a token. Raise NotFound when it is forged, expired or too long."""
    found = pair_in(token, keys, purpose, max_age=max_age)
    if found is None:
        raise NotFound(EXPIRED)
    return found
