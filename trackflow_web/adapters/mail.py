"""Mail over SMTP, or into a folder of .eml files for development."""

from __future__ import annotations

import smtplib
import ssl
import uuid
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from trackflow_web.domain.mail.ports import MailError, Message
from trackflow_web.kernel import clock

if TYPE_CHECKING:
    from trackflow_web.domain.mail.ports import Mailer

# Seconds to connect and for each response of the server.
TIMEOUT = 20
SUBMISSION_PORT, TLS_PORT = 587, 465


def mailer(url: str, *, sender: str) -> Mailer | None:
    """Return the mailer for a validated MAIL_URL, or None without one."""
    parts = urlsplit(url)
    if not url:
        return None
    if parts.scheme == "file":
        return FolderMailer(Path(unquote(parts.path)), sender)
    tls = parts.scheme == "smtps"
    return SmtpMailer(
        host=parts.hostname or "localhost",
        port=parts.port or (TLS_PORT if tls else SUBMISSION_PORT),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        sender=sender,
    )


def as_email(message: Message, sender: str) -> EmailMessage:
    """Return a message with its text and HTML alternatives; its date is that of `kernel.clock`."""
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = sender, message.to, message.subject
    email["Date"] = formatdate(clock.now().timestamp())
    email["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or None)
    # Prevents automatic replies.
    email["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:  # RFC 8058: one POST, without a session
        email["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    email.set_content(message.text)
    email.add_alternative(message.html, subtype="html")
    return email


@dataclass(frozen=True)
class FolderMailer:
    """Writes each message into a file `<time>-<random>.eml`."""

    folder: Path
    sender: str

    def send(self, message: Message) -> None:
        """Write one message; the file appears whole."""
        name = f"{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.eml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f".{name}.part"
            part.write_bytes(as_email(message, self.sender).as_bytes())
            part.rename(self.folder / name)
        except OSError as error:
            raise MailError(error.strerror or "cannot write") from None


@dataclass(frozen=True, repr=False)
class SmtpMailer:
    """Submits messages to a server, with STARTTLS where it is offered or over TLS."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    sender: str

    def send(self, message: Message) -> None:
        """Submit one message. A password is never sent without TLS."""
        try:
            with self._connection() as server:
                server.send_message(as_email(message, self.sender))
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(type(error).__name__) from None

    def _connection(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif self.user:
                server.close()
                message = "the server offers no TLS"
                raise smtplib.SMTPException(message)
        if self.user:
            server.login(self.user, self.password)
        return server
