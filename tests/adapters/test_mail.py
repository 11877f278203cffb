"""Sending mail: a server that accepts, rejects or is unreachable."""

from __future__ import annotations

import socketserver
import threading

import pytest

from trackflow_web.adapters.mail import mailer
from trackflow_web.domain.mail.ports import MailError, Message

SENDER = "TrackFlow <no-reply@trackflow.example>"
MESSAGE = Message("alice@example.org", "Hello", "A text\n", "<p>A text</p>")


class Server(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a client needs."""

    def handle(self):
        self.reply("220 ready")
        while line := self.rfile.readline().decode().strip():
            self.server.lines.append(line)
            if line.upper().startswith("RCPT") and self.server.refuses:
                self.reply("550 no such mailbox")
            elif line.upper() == "DATA":
                self.reply("354 go on")
                while (data := self.rfile.readline()) != b".\r\n":
                    self.server.lines.append(data.decode().strip())
                self.reply("250 accepted")
            elif line.upper() == "QUIT":
                self.reply("221 bye")
                return
            else:
                self.reply("250 ok")

    def reply(self, line):
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server) as running:
        running.lines, running.refuses = [], False
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def url(server, user=""):
    return f"smtp://{user}127.0.0.1:{server.server_address[1]}"


def test_a_message_is_submitted_with_text_and_html(server):
    mailer(url(server), sender=SENDER).send(MESSAGE)
    lines = "\n".join(server.lines)
    assert "rcpt TO:<alice@example.org>" in lines
    assert "Auto-Submitted: auto-generated" in lines
    assert "A text" in lines
    assert "<p>A text</p>" in lines


def test_a_rejected_recipient_is_a_mail_error(server):
    server.refuses = True
    with pytest.raises(MailError, match="SMTPRecipientsRefused"):
        mailer(url(server), sender=SENDER).send(MESSAGE)


def test_a_password_is_never_sent_without_tls(server):
    with pytest.raises(MailError):
        mailer(url(server, "user:secret@"), sender=SENDER).send(MESSAGE)
    assert not [line for line in server.lines if line.startswith("AUTH")]


def test_an_unreachable_mail_server_is_a_mail_error(server):
    address = url(server)
    server.server_close()
    with pytest.raises(MailError):
        mailer(address, sender=SENDER).send(MESSAGE)


def test_an_unwritable_folder_is_a_mail_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MailError):
        mailer(f"file://{tmp_path / 'file'}", sender=SENDER).send(MESSAGE)


def test_without_an_address_there_is_no_mailer():
    assert mailer("", sender=SENDER) is None
