"""Ports of sending mail, implemented by adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """A mail as text and as HTML with the same content."""

    to: str
    subject: str
    text: str
    html: str
    # The address that ends further mails of this kind with one POST; empty for none.
    unsubscribe_url: str = ""


class MailError(Exception):
    """A mail was not accepted; the message is safe to store."""


class Mailer(Protocol):
    """Sends messages."""

    def send(self, message: Message) -> None:
        """Send one message. Raise MailError when it was not accepted."""
