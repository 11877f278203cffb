"""No secret is in the database, the log, a page or a header."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.people import PASSWORD
from tests.support.routes import all_routes
from tests.support.snapshots import snapshot
from trackflow_web.kernel.database import db
from trackflow_web.pages.songs import views as songs

KEY = "the canary that signs the cookies, long enough"
NEW = "the canary of a new password"
WRONG = "the canary that was typed wrongly"


@pytest.fixture
def app(make_app):
    return make_app(SECRET_KEY=KEY, LIMIT_SIGN_IN="1000/1 minute")


def everything_in(app):
    """The whole database as text, with the counts of tries that a snapshot leaves out."""
    with app.app_context():
        counts = db.session.execute(sa.text("SELECT * FROM limit_counts")).all()
    return f"{snapshot(app)}{counts}"


def busy_day(app, monkeypatch):
    """Alice uses every secret, also wrongly; returns her browser and the secrets."""
    browser = Browser(app)
    browser.may_break = True
    browser.sign_in("alice", WRONG)
    browser.sign_in("alice", PASSWORD)
    old = browser.client.get_cookie("session").value
    browser.post("/settings/password", current=WRONG, password=NEW)
    browser.post("/settings/password", current=PASSWORD, password=NEW)
    browser._token = ""
    browser.post("/confirm", password=WRONG)
    page = browser.post("/settings/tokens", name="A script", scope="write", days="30")
    token = page.one("code.token").get_text()
    headers = {"Authorization": f"Bearer {token}"}
    app.test_client().get("/api/songs/", headers=headers)
    app.test_client().get("/api/songs/", headers={"Authorization": f"Bearer {WRONG}"})
    monkeypatch.setattr(songs, "list_context", broken)
    with app.test_client() as client:
        client.get("/songs/", headers=headers, query_string={"q": "x"})
    browser.post("/songs/", title="One")
    monkeypatch.undo()
    session = browser.client.get_cookie("session").value
    return browser, {"password": PASSWORD, "new": NEW, "wrong": WRONG, "key": KEY, "token": token,
                     "old": old, "session": session}  # fmt: skip


def broken(*_arguments, **_options):
    secret = NEW  # what a traceback with the values of variables would show
    message = f"out of luck after {len(secret)} letters"
    raise ZeroDivisionError(message)


@pytest.mark.both_databases
def test_no_secret_is_stored_logged_or_shown(app, alice, monkeypatch, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    browser, secrets = busy_day(app, monkeypatch)
    logged = caplog.text + "".join(capsys.readouterr())
    assert "request_failed" in logged
    kept = everything_in(app)
    shown = pages_of(browser, belongings_of(app, alice))
    for name, secret in secrets.items():
        assert secret not in kept, name
        assert secret not in logged, name
        assert secret not in shown, name


def pages_of(browser, values, *, leave_out="\n"):
    """All responses for a user, including headers except the cookie."""
    found = []
    for route in all_routes(browser.app, values):
        left_out = route.path.startswith(leave_out) or route.endpoint in {"static", "people.logout"}
        if not route.is_unsafe and not left_out:
            page = browser.request("GET", route.path)
            headers = [it for it in page.headers if it[0] != "Set-Cookie"]
            found.append(f"{page.html}{headers}")
    return "".join(found)


def test_the_cookie_contains_only_the_user_and_the_sign_in_time(app, alice, as_alice):
    with as_alice.client.session_transaction() as session:
        said = dict(session)
    assert said.keys() <= {"_user_id", "_id", "_fresh", "_permanent", "csrf_token", "confirmed_at"}
    assert alice.email not in str(said)
    assert alice.username not in str(said)


def test_session_stamps_and_password_hashes_are_never_shown(app, alice, as_alice, as_admin):
    with app.app_context():
        hidden = {alice.user.session_stamp, alice.user.password_hash}
    values = belongings_of(app, alice)
    for browser in (as_alice, as_admin):
        shown = pages_of(browser, values)
        assert not [secret for secret in hidden if secret in shown]


def test_email_addresses_are_never_shown_to_other_users(app, alice, as_alice, as_charlie, as_admin):
    values = belongings_of(app, alice)
    assert alice.email not in pages_of(as_charlie, values)
    # Administrators see it on the pages about accounts, and nowhere else.
    assert alice.email not in pages_of(as_admin, values, leave_out="/admin/users/")
    assert alice.email in pages_of(as_alice, values)
