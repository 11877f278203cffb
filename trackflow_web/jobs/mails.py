"""The job that sends queued mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from trackflow_web.domain.mail import actions, messages
from trackflow_web.domain.mail.models import Mail, MailKind
from trackflow_web.domain.mail.ports import MailError
from trackflow_web.domain.moderation import queries as moderation
from trackflow_web.domain.moderation.rules import Action
from trackflow_web.domain.people import queries, recovery
from trackflow_web.kernel.transactions import reading, unit_of_work
from trackflow_web.notifications import digest

if TYPE_CHECKING:
    from trackflow_web.domain.mail.ports import Message
    from trackflow_web.domain.people.models import User
    from trackflow_web.jobs.tools import Tools

log = structlog.get_logger()

MAILS_PER_RUN = 100
NO_MAILER = "MAIL_URL is not set"


def run(tools: Tools) -> None:
    """Send what is due. Each mail is acquired first, so that two workers send it once."""
    with reading():
        mail_ids = actions.due(MAILS_PER_RUN)
    for mail_id in mail_ids:
        _send(mail_id, tools)


def _send(mail_id: int, tools: Tools) -> None:
    """Send one mail, without an open transaction during the request to the server.

    A worker that dies after the server has accepted the mail sends it once more: a second link
    does no harm, a lost one does.
    """
    with unit_of_work(tools.handlers):
        mail = actions.acquire(mail_id)
        message = _message(mail, tools) if mail is not None else None
        if mail is not None and message is None:
            actions.end(mail, "no recipient")
    if message is None:
        return
    error = _deliver(message, tools)
    if error:
        log.warning("mail_not_sent", mail_id=mail_id, error=error)
    with unit_of_work(tools.handlers):
        _finish(mail_id, error)


def _deliver(message: Message, tools: Tools) -> str:
    """Send a message; return why it was not accepted, empty when it was."""
    if tools.mailer is None:
        return NO_MAILER
    try:
        tools.mailer.send(message)
    except MailError as refusal:
        return str(refusal)
    return ""


def _finish(mail_id: int, error: str) -> None:
    mail = actions.find(mail_id)
    if mail is None:  # the account was deleted meanwhile
        return
    if error:
        actions.fail(mail, error)
    else:
        actions.end(mail)


def _message(mail: Mail, tools: Tools) -> Message | None:
    """Return the text of a mail, or None if no account has its address (any more)."""
    user = _recipient(mail)
    if user is None:
        return None
    if mail.kind == MailKind.PASSWORD_RESET:
        token = recovery.reset_token(user, tools.secret)
        link = f"{mail.base_url}/password/reset/{token}"
        return messages.password_reset(to=mail.address, username=user.username, link=link)
    if mail.kind == MailKind.CONFIRM_EMAIL:
        token = recovery.confirmation_token(user, mail.address, tools.secret)
        link = f"{mail.base_url}/email/confirm/{token}"
        return messages.confirm_email(to=mail.address, username=user.username, link=link)
    if mail.kind == MailKind.DIGEST:
        return _digest(mail, user, tools.secret)
    if mail.kind == MailKind.APPEAL_ANSWERED:
        return _appeal(mail, user)
    link = f"{mail.base_url}/password/forgot"
    return messages.email_in_use(to=mail.address, username=user.username, link=link)


def _digest(mail: Mail, user: User, secret: str) -> Message | None:
    """Return a digest, or None when all of it was read meanwhile."""
    items = digest.items_of(mail, user)
    inbox = f"{mail.base_url}/notifications"
    if not items:
        return None
    return messages.digest(
        to=mail.address,
        username=user.username,
        lines=[(item.message, f"{inbox}/{item.id}/go") for item in items[: digest.MOST_TOLD]],
        is_all=len(items) <= digest.MOST_TOLD,
        inbox_url=f"{inbox}/",
        unsubscribe_url=f"{inbox}/unsubscribe/{digest.unsubscribe_token(user, secret)}",
    )


def _appeal(mail: Mail, user: User) -> Message | None:
    """Return the answer to an appeal, or None when the address is no longer the user's."""
    entry = moderation.answered_suspension(user.id)
    answer = moderation.answer_to(entry) if entry is not None else None
    if entry is None or answer is None or user.email != mail.address:
        return None
    return messages.appeal_answered(
        to=mail.address,
        username=user.username,
        statement=answer.statement,
        is_accepted=answer.action == Action.RESTORE,
        link=f"{mail.base_url}/login",
    )


def _recipient(mail: Mail) -> User | None:
    user = (
        queries.find_by_email(mail.address)
        if mail.user_id is None
        else queries.find_user(mail.user_id)
    )
    return None if user is None or user.banned_at is not None else user
