"""Forgotten passwords, and email addresses that are confirmed."""

from __future__ import annotations

import email
import re
from datetime import timedelta
from email import policy

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.people import PASSWORD, working
from trackflow_web.domain.mail.models import Mail, MailKind
from trackflow_web.domain.moderation import appeals
from trackflow_web.domain.moderation.actions import decide
from trackflow_web.domain.moderation.models import Report
from trackflow_web.domain.people import administration, queries
from trackflow_web.domain.people.rules import time_zone
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases

NEW = "a much better password"
SENT = "If an account has this email"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mail"


@pytest.fixture
def app(make_app, folder):
    return make_app(MAIL_URL=f"file://{folder}", SITE_URL="https://trackflow.example")


@pytest.fixture
def mails(folder):
    """The messages in the folder, oldest first, as (email address, link)."""

    def read():
        found = []
        for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
            message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
            text = message.get_body(("plain",)).get_content()
            html = message.get_body(("html",)).get_content()
            link = re.search(r"https://trackflow\.example(/\S+)", text)[1]
            assert link in html
            found.append((message["To"], link))
        return found

    return read


def user_of(app, person):
    with working(app):
        return queries.find_user(person.id)


def test_a_user_resets_a_forgotten_password_by_mail(app, alice, stranger, mails):
    page = stranger.post("/password/forgot", email="Alice@Example.org")
    assert page.status == 303
    assert SENT in stranger.get("/login").text
    ((address, link),) = mails()
    assert address == "alice@example.org"
    assert "Choose a new password" in stranger.get(link).text
    assert stranger.post(link, password=NEW).status == 303
    assert stranger.get("/songs/").status == 200
    assert Browser(app).sign_in("alice", PASSWORD).status == 422
    assert Browser(app).sign_in("alice", NEW).status == 200
    assert user_of(app, alice).email_confirmed_at is not None


def test_a_reset_link_works_once_and_only_for_an_hour(clock, app, alice, stranger, mails):
    stranger.post("/password/forgot", email=alice.email)
    stranger.post("/password/forgot", email=alice.email)
    (_, first), (_, second) = mails()
    assert stranger.post(first, password=NEW).status == 303
    for link in (first, second):
        assert Browser(app).get(link).status == 404
    Browser(app).post("/password/forgot", email=alice.email)
    link = mails()[-1][1]
    clock.move(minutes=61)
    assert Browser(app).get(link).status == 404
    assert Browser(app).post(link, password=NEW).status == 404


def test_a_reset_ends_every_session_and_token(app, alice, as_alice, stranger, mails):
    assert as_alice.get("/songs/").status == 200
    stranger.post("/password/forgot", email=alice.email)
    stranger.post(mails()[0][1], password=NEW)
    assert as_alice.get("/songs/").status == 303


def test_a_new_password_ends_a_change_of_the_address(app, alice, as_alice, stranger, mails):
    """Somebody who knew the old password would otherwise take the account with a later click."""
    as_alice.post("/confirm", password=PASSWORD)
    for way in ("reset", "settings"):
        as_alice.post("/settings/profile", email="thief@example.org", timezone="UTC")
        link = mails()[-1][1]
        if way == "reset":
            stranger.post("/password/forgot", email=alice.email)
            stranger.post(mails()[-1][1], password=NEW)
            as_alice.enter(alice)
        else:
            as_alice.post("/settings/password", current=NEW, password="yet another password")
        assert Browser(app).get(link).status == 404, way
        assert Browser(app).post(link).status == 404, way
        assert user_of(app, alice).email == alice.email


def test_a_reset_does_not_sign_in_a_suspended_user(clock, app, alice, stranger, mails):
    stranger.post("/password/forgot", email=alice.email)
    with working(app):
        alice.user.suspended_until = clock() + timedelta(days=1)
    page = stranger.post(mails()[-1][1], password=NEW)
    assert (page.status, page.location) == (303, "/login")
    assert user_of(app, alice).last_seen_at is None
    assert "suspended" in Browser(app).sign_in("alice", NEW).alert()
    clock.move(days=2)
    assert stranger.get("/songs/").status == 303


def test_an_invalid_new_password_is_rejected_by_name_and_the_link_stays_valid(
    app, alice, stranger, mails
):
    stranger.post("/password/forgot", email=alice.email)
    link = mails()[0][1]
    page = stranger.post(link, password="short")
    assert page.status == 422
    assert "at least 8" in page.text
    assert stranger.post(link, password=NEW).status == 303


def test_the_response_is_the_same_for_unknown_addresses_and_nothing_is_sent_there(
    app, alice, mails
):
    pages = []
    for address in (alice.email, "nobody@example.org"):
        browser = Browser(app)
        page = browser.post("/password/forgot", email=address)
        pages.append((page.status, page.location, browser.get("/login").text))
    assert pages[0] == pages[1]
    assert [address for address, _ in mails()] == [alice.email]


def test_a_banned_user_gets_no_link(app, alice, stranger, mails):
    with working(app):
        administration.ban(alice.user, by=None, why="spam")
    stranger.post("/password/forgot", email=alice.email)
    assert mails() == []


@pytest.mark.parametrize("given", ["no address", "", "x" * 10_000, "a@b.c\nBcc: d@e.f"])
def test_an_invalid_email_address_is_rejected_by_name(app, stranger, given, mails):
    page = stranger.post("/password/forgot", email=given)
    assert page.status == 422
    assert mails() == []


def test_requests_for_links_are_limited(make_app, folder):
    app = make_app(MAIL_URL=f"file://{folder}", LIMIT_REGISTER="2/1 hour")
    statuses = [
        Browser(app).post("/password/forgot", email="alice@example.org").status for _ in range(3)
    ]
    assert statuses == [303, 303, 429]


def test_a_forged_token_is_not_found(app, alice, stranger):
    for token in ("forged", "x" * 5000, "WzEsImEiXQ.abc.def"):
        assert stranger.get(f"/password/reset/{token}").status == 404
        assert stranger.post(f"/email/confirm/{token}").status == 404


def test_registering_sends_a_link_that_confirms_the_address(app, mails):
    browser = Browser(app)
    browser.post("/register", username="dora", email="dora@example.org", password=NEW)
    ((address, link),) = mails()
    assert address == "dora@example.org"
    assert Browser(app).get(link).status == 200
    with working(app):
        assert queries.find_by_username("dora").email_confirmed_at is None
    assert Browser(app).post(link).status == 303
    with working(app):
        assert queries.find_by_username("dora").email_confirmed_at is not None


def test_a_new_address_is_used_once_it_is_confirmed(app, alice, as_alice, mails):
    as_alice.post("/confirm", password=PASSWORD)
    page = as_alice.post("/settings/profile", email="new@example.org", timezone="UTC")
    assert page.status == 303
    assert user_of(app, alice).email == alice.email
    address, link = mails()[-1]
    assert address == "new@example.org"
    Browser(app).post(link)
    assert user_of(app, alice).email == "new@example.org"
    assert Browser(app).post(link).status == 303, "following the link again changes nothing"


@pytest.mark.fault("B4")
def test_another_accounts_address_gets_the_same_response_and_a_notice(
    app, alice, bob, as_alice, mails
):
    as_alice.post("/confirm", password=PASSWORD)
    as_alice.post("/settings/profile", email=bob.email, timezone="UTC")
    assert f"Confirm {bob.email}" in as_alice.get("/settings/profile").text
    assert mails()[-1] == (bob.email, "/password/forgot")
    assert user_of(app, alice).email == alice.email


def test_a_new_address_needs_a_recent_password_and_keeps_what_was_typed(
    clock, app, alice, as_alice
):
    clock.move(minutes=11)
    page = as_alice.post("/settings/profile", email="new@example.org", timezone="Asia/Tokyo")
    assert page.location.startswith("/confirm?next=")
    back = as_alice.post("/confirm", password=PASSWORD, next=page.location.split("next=")[1])
    assert back.status == 303
    assert user_of(app, alice).email == alice.email
    assert time_zone("Asia/Tokyo") != user_of(app, alice).timezone


def test_fields_that_are_not_sent_stay(app, alice, as_alice):
    as_alice.post("/settings/profile", timezone="Asia/Tokyo")
    user = user_of(app, alice)
    assert (user.email, user.timezone) == (alice.email, "Asia/Tokyo")


def test_without_mail_the_page_explains_how_to_get_a_link(make_app):
    browser = Browser(make_app())
    browser.post("/password/forgot", email="alice@example.org")
    assert "Ask an administrator" in browser.get("/login").text


def test_a_new_password_needs_no_session_of_a_mail_program(app, alice, stranger, mails):
    """Link checkers of mail programs must neither confirm nor reset anything."""
    stranger.post("/password/forgot", email=alice.email)
    link = mails()[0][1]
    for _ in range(3):
        assert Browser(app).get(link).status == 200
    assert stranger.post(link, password=NEW).status == 303


@pytest.mark.both_databases
def test_an_address_gets_five_mails_an_hour_whoever_requests_them(app, alice, clock):
    def request(number):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        return browser.post("/password/forgot", email=alice.email)

    answers = [request(number) for number in range(7)]
    assert {(answer.status, answer.location) for answer in answers} == {(303, "/login")}
    assert sent_to(app, alice.email) == 5
    clock.move(minutes=61)
    request(8)
    assert sent_to(app, alice.email) == 6


def test_the_owner_of_an_address_gets_no_confirmation_link_of_another_account(
    app, as_alice, alice, bob
):
    as_alice.post("/settings/profile", email=bob.email, timezone="UTC")
    as_alice.post("/settings/profile/confirm")
    with app.app_context():
        found = db.session.execute(
            sa.select(Mail.kind, Mail.user_id).where(Mail.address == bob.email)
        )
        assert {tuple(row) for row in found} == {(MailKind.EMAIL_IN_USE, bob.id)}


def test_changes_of_the_address_are_limited(make_app, alice, tmp_path):
    limited = make_app(
        MAIL_URL=f"file://{tmp_path}", SITE_URL="http://localhost", LIMIT_REGISTER="2/1 hour"
    )
    browser = Browser(limited)
    browser.enter(alice)
    statuses = [
        browser.post("/settings/profile", email=f"new{number}@example.org").status
        for number in range(3)
    ]
    assert statuses == [303, 303, 429]


def sent_to(app, address):
    with app.app_context():
        return db.session.scalar(
            sa.select(sa.func.count()).select_from(Mail).where(Mail.address == address)
        )


def test_the_answer_to_an_appeal_is_mailed_to_a_suspended_user(app, clock, bob, as_admin, mails):
    with working(app):
        user = queries.find_user(bob.id)
        user.email_confirmed_at = clock()
        admin = queries.find_by_username("olga")
        sent = Report(
            user_id=None,
            owner_id=bob.id,
            subject_type="profile",
            subject_id=bob.id,
            reason="spam",
            text="",
            state="open",
            created_at=clock(),
            decided_at=None,
        )
        db.session.add(sent)
        db.session.flush()
        entry = decide(
            sent,
            admin,
            action="suspend",
            statement="Far too much.",
            until=f"{clock():%Y-%m-%d}T23:59",
        )
        appeals.appeal(entry, text_="It was somebody else.")
        action_id = entry.id
    clock.move(minutes=5)
    answered = as_admin.post(
        f"/admin/moderation/appeals/{action_id}", accept="0", statement="No. <b>Really</b>."
    )
    assert (answered.status, answered.location) == (303, "/admin/moderation")
    assert mails() == [(bob.email, "/login")]
