"""Changing the identity of an account: its username, its email address, its time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from trackflow_web.domain.audit import SecurityEvent, note_if_committed
from trackflow_web.domain.mail.actions import queue
from trackflow_web.domain.mail.models import MailKind
from trackflow_web.domain.people import queries, reservations, rules
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Checks, Invalid

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

ADDRESS_TAKEN = "This email can't be used."


def change_profile(user: User, *, email: object, timezone: object, mail_from_site: str) -> bool:
    """Set the time zone and the email address; return whether a mail was queued.

    With `mail_from_site` (the URL of the site for links) a new email address is set once the user
    confirms it by mail, and the response is the same whether or not another account has it. Without
    mail it is set immediately. Raises Invalid naming the fields.
    """
    check = Checks()
    new_email = check(rules.email, email)
    new_zone = check(rules.time_zone, timezone)
    check.finish()
    user.timezone = new_zone
    if new_email == user.email:
        user.new_email = None
        return False
    if not mail_from_site:
        _set_unconfirmed(user, new_email)
        return False
    user.new_email = new_email
    queue_mail(user, new_email, mail_from_site)
    return True


def change_time_zone(user: User, zone: object) -> None:
    """Set the time zone. Raises Invalid naming `timezone`."""
    user.timezone = rules.time_zone(zone)


def set_email(user: User, address: str) -> None:
    """Set a confirmed email address. Raises Invalid naming `email` if another account has it."""
    if reservations.is_reserved(address):
        raise Invalid(email=ADDRESS_TAKEN)
    note_if_committed(SecurityEvent.EMAIL_CHANGED, of=user.id)
    try:
        with db.session.begin_nested():
            user.email = address
    except IntegrityError:  # another user took it concurrently
        raise Invalid(email=ADDRESS_TAKEN) from None


def _set_unconfirmed(user: User, address: str) -> None:
    if queries.find_by_email(address) is not None:
        raise Invalid(email=ADDRESS_TAKEN)
    set_email(user, address)
    user.email_confirmed_at = None


def queue_mail(user: User, address: str, base_url: str) -> None:
    """Queue a confirmation, or a notice to the account that already has the email address."""
    holder = queries.find_by_email(address)
    if holder is None and not reservations.is_reserved(address):
        queue(MailKind.CONFIRM_EMAIL, address=address, base_url=base_url, user_id=user.id)
    elif holder is not None:
        queue(MailKind.EMAIL_IN_USE, address=address, base_url=base_url, user_id=holder.id)
