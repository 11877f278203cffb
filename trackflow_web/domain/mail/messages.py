"""The text of each kind of mail, as plain text and as HTML."""

from __future__ import annotations

from html import escape

from trackflow_web.domain.mail.ports import Message
from trackflow_web.kernel.text import count_of

IGNORE = "If this wasn't you, you can ignore this email. Nothing has changed."


def password_reset(*, to: str, username: str, link: str) -> Message:
    """Return the mail with a link to choose a new password."""
    return _message(
        to,
        "Reset your TrackFlow password",
        [
            f"Hi {username},",
            "use this link to choose a new password. It works once and expires in an hour.",
        ],
        link,
        "Choose a new password",
    )


def confirm_email(*, to: str, username: str, link: str) -> Message:
    """Return the mail with a link to confirm an email address."""
    return _message(
        to,
        "Confirm your email for TrackFlow",
        [f"Hi {username},", "use this link to confirm that this is your email."],
        link,
        "Confirm email",
    )


def email_in_use(*, to: str, username: str, link: str) -> Message:
    """Return the notice to a user whose email address was entered for another account."""
    return _message(
        to,
        "Your email was entered on TrackFlow",
        [
            f"Hi {username},",
            "someone entered your email for another account. Nothing has changed.",
            "If it was you and you forgot your password, you can reset it here.",
        ],
        link,
        "Reset password",
    )


def appeal_answered(
    *, to: str, username: str, statement: str, is_accepted: bool, link: str
) -> Message:
    """Return the answer to an appeal against a suspension."""
    outcome = "accepted: your account is no longer suspended" if is_accepted else "turned down"
    return _message(
        to,
        "Your appeal on TrackFlow was answered",
        [f"Hi {username},", f"your appeal was {outcome}. The moderators wrote:", statement],
        link,
        "Sign in",
        note="",
    )


def digest(
    *,
    to: str,
    username: str,
    lines: list[tuple[str, str]],
    is_all: bool,
    inbox_url: str,
    unsubscribe_url: str,
) -> Message:
    """Return the digest of unread notifications; `lines` are sentences and their links.

    `is_all` is whether there are no more than these.
    """
    count = count_of(len(lines), "unread notification")
    subject = f"{count if is_all else f'More than {count}'} on TrackFlow"
    text = [f"Hi {username},", *(f"{sentence}\n{link}" for sentence, link in lines)]
    text += [f"All notifications: {inbox_url}", f"Unsubscribe: {unsubscribe_url}", "TrackFlow"]
    items = "".join(
        f'<li><a href="{escape(link)}">{escape(sentence)}</a></li>' for sentence, link in lines
    )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head><body><p>Hi {escape(username)},</p>"
        f'<ul>{items}</ul><p><a href="{escape(inbox_url)}">All notifications</a></p>'
        f'<p><a href="{escape(unsubscribe_url)}">Unsubscribe</a></p><p>TrackFlow</p></body></html>'
    )
    return Message(
        to=to,
        subject=subject,
        text="\n\n".join(text) + "\n",
        html=html,
        unsubscribe_url=unsubscribe_url,
    )


def _message(
    to: str, subject: str, paragraphs: list[str], link: str, label: str, *, note: str = IGNORE
) -> Message:
    text = "\n\n".join(each for each in (*paragraphs, link, note, "TrackFlow") if each) + "\n"
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    ending = f"<p>{escape(note)}</p>" if note else ""
    button = f'<p><a href="{escape(link)}">{escape(label)}</a></p>'
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head><body>{body}{button}"
        f"<p>{escape(link)}</p>{ending}<p>TrackFlow</p></body></html>"
    )
    return Message(to=to, subject=subject, text=text, html=html)
