"""Mails that are not accepted, and workers that die while they send one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.support.charter import at_once
from tests.support.people import working
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.domain.mail import actions
from trackflow_web.domain.mail.models import Mail, MailKind
from trackflow_web.domain.mail.ports import MailError
from trackflow_web.jobs import mails
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases

REFUSED = "connection refused"


class Server:
    """A mail server of the tests, which may be down."""

    def __init__(self):
        self.sent = []
        self.is_down = False

    def send(self, message):
        if self.is_down:
            raise MailError(REFUSED)
        self.sent.append(message.to)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def run(app, server):
    """`run()`: the job sends what is due."""
    tools = replace(app.extensions["trackflow.jobs"].tools, mailer=server)

    def send():
        with app.app_context():
            mails.run(tools)

    return send


@pytest.fixture
def mail_id(app, clock, alice):
    with working(app):
        address = {"address": alice.email, "base_url": "https://trackflow.example"}
        return actions.queue(MailKind.PASSWORD_RESET, **address).id


def mail_of(app):
    with app.app_context():
        return db.session.scalars(sa.select(Mail)).one_or_none()


@pytest.mark.usefixtures("mail_id")
def test_a_mail_that_was_not_accepted_is_sent_later(app, clock, server, run, alice):
    server.is_down = True
    run()
    assert (mail_of(app).attempts, mail_of(app).error) == (1, REFUSED)
    server.is_down = False
    run()
    assert server.sent == []  # it pauses
    clock.move(minutes=1)
    run()
    run()
    assert server.sent == [alice.email]


@pytest.mark.usefixtures("mail_id")
def test_a_mail_that_is_never_accepted_fails_after_the_last_pause(app, clock, server, run):
    server.is_down = True
    for pause in actions.PAUSES:
        run()
        assert mail_of(app).ended_at is None
        clock.move(seconds=pause.total_seconds())
    run()
    assert mail_of(app).ended_at is not None
    assert mail_of(app).attempts == len(actions.PAUSES) + 1


def test_a_mail_of_a_dead_worker_is_sent_after_two_minutes(app, clock, server, run, mail_id, alice):
    with working(app):
        assert actions.acquire(mail_id)
    run()
    assert server.sent == []
    clock.move(seconds=actions.SENDING_TAKES.total_seconds())
    run()
    assert server.sent == [alice.email]


def test_of_two_workers_one_sends_a_mail(app, mail_id):
    def acquired():
        with working(app):
            return actions.acquire(mail_id) is not None

    assert sorted(at_once([acquired, acquired])) == [False, True]


def test_the_mail_of_an_account_that_is_deleted_while_it_is_sent_ends_quietly(
    app, server, run, alice, mail_id, monkeypatch
):
    def delete():
        with working(app):
            delete_account(alice.user)

    monkeypatch.setattr(server, "send", lambda _message: delete())
    run()
    assert mail_of(app) is None
    monkeypatch.undo()
    run()
    assert server.sent == []
