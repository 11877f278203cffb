"""Digests: what is unread, once a day or a week, and how one gets rid of them."""

from __future__ import annotations

import email
import email.policy
import re

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.people import add_person, working
from trackflow_web.domain.mail.models import Mail
from trackflow_web.jobs import notifications as jobs
from trackflow_web.kernel import clock as the_clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications import digest
from trackflow_web.notifications.models import NotificationPreferences


@pytest.fixture
def mails(tmp_path):
    return tmp_path / "mails"


@pytest.fixture
def app(make_app, mails):
    return make_app(MAIL_URL=f"file://{mails}", SITE_URL="https://trackflow.example")


@pytest.fixture
def daily(app, alice, as_alice):
    """Alice has a confirmed address and wants a digest every day."""
    with working(app):
        alice.user.email_confirmed_at = the_clock.now()
    as_alice.post("/settings/notifications", digest="daily")


@pytest.fixture
def sent(app, mails):
    """`sent()`: the digests of a sweep that is due now."""

    def run():
        before = set(mails.glob("*.eml"))
        app.extensions["trackflow.jobs"].sweep()
        new = sorted(set(mails.glob("*.eml")) - before)
        return [email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in new]

    return run


def body(message):
    return message.get_body(("plain",)).get_content()


def test_a_digest_tells_what_is_unread_once(clock, act, sent, daily, alice, bob, charlie):
    act.follow(alice, bob)
    act.release(bob, "Out")
    assert sent() == []  # not due yet
    clock.move(days=1)
    (message,) = sent()
    assert message["Subject"] == "1 unread notification on TrackFlow"
    assert message["To"] == "alice@example.org"
    assert "bob released Out." in body(message)
    assert re.search(r"https://trackflow\.example/notifications/\d+/go", body(message))
    assert sent() == []
    clock.move(days=1)
    assert sent() == []  # nothing new since


def test_a_long_digest_says_that_there_is_more(clock, act, sent, daily, alice, bob, monkeypatch):
    monkeypatch.setattr(digest, "MOST_TOLD", 1)
    act.follow(alice, bob)
    for title in ("One", "Two"):
        act.release(bob, title)
        clock.move(days=1)
    (message,) = sent()
    assert message["Subject"] == "More than 1 unread notification on TrackFlow"
    assert "Two" in body(message)
    assert "One" not in body(message)


def test_windows_do_not_overlap_after_days_without_a_job(clock, act, sent, daily, alice, bob):
    act.follow(alice, bob)
    act.release(bob, "One")
    clock.move(days=5)
    assert len(sent()) == 1
    act.release(bob, "Two")
    clock.move(days=1)
    (message,) = sent()
    assert "Two" in body(message)
    assert "One" not in body(message)


def test_what_was_read_is_not_told(clock, act, sent, daily, alice, bob, as_alice):
    act.follow(alice, bob)
    act.release(bob)
    as_alice.post("/notifications/read-all")
    clock.move(days=1)
    assert sent() == []


@pytest.mark.parametrize("why", ["unconfirmed", "never", "type"])
def test_who_does_not_want_it_gets_none(clock, act, sent, daily, alice, as_alice, why, app):
    if why == "unconfirmed":
        with working(app):
            alice.user.email_confirmed_at = None
    elif why == "never":
        as_alice.post("/settings/notifications", digest="never")
    else:
        as_alice.post("/settings/notifications", **{"mail:new_release": "0"})
    bob = add_person(app, "bob")
    act.follow(alice, bob)
    act.release(bob)
    clock.move(days=1)
    assert sent() == []


def test_one_post_unsubscribes_without_a_session_and_a_look_does_not(
    app, clock, act, sent, daily, alice, bob
):
    act.follow(alice, bob)
    act.release(bob)
    clock.move(days=1)
    (message,) = sent()
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = message["List-Unsubscribe"].strip("<>").removeprefix("https://trackflow.example")
    client = app.test_client()
    assert client.get(path).status_code == 200
    assert digest_of(app, alice) == "daily"
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert digest_of(app, alice) == "never"
    assert client.post(path[:-2]).status_code == 404


def digest_of(app, person):
    with app.app_context():
        return db.session.get(NotificationPreferences, person.id).digest


def test_a_token_ends_with_the_address(app, clock, act, sent, daily, alice, bob):
    act.follow(alice, bob)
    act.release(bob)
    clock.move(days=1)
    path = re.search(r"/notifications/unsubscribe/\S+", body(sent()[0]))[0]
    with working(app):
        alice.user.email = "new@example.org"
    assert Browser(app).get(path).status == 404


def test_a_digest_is_queued_once_by_two_workers(app, clock, act, daily, alice, bob):
    act.follow(alice, bob)
    act.release(bob)
    clock.move(days=1)
    tools = app.extensions["trackflow.jobs"].tools
    with app.app_context():
        jobs.queue_digests(tools)
        jobs.queue_digests(tools)
        assert db.session.scalar(sa.select(sa.func.count(Mail.id))) == 1


def test_the_week_ends_on_monday_morning(app, clock, alice, as_alice):
    as_alice.post("/settings/notifications", digest="weekly")
    with app.app_context():
        due = db.session.get(NotificationPreferences, alice.id).due_at
    assert (due.weekday(), due.hour) == (0, 8)
    assert due > the_clock.now()
