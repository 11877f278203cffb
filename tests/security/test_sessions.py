"""Sessions end everywhere at once and cannot be taken over."""

from __future__ import annotations

import time

import pytest
from itsdangerous import TimestampSigner

from tests.support.browsing import Browser
from tests.support.people import PASSWORD, working
from trackflow_web.domain.people import administration
from trackflow_web.web.cookies import latest_messages

NEW = "a new long password"


def cookie_of(browser):
    return browser.client.get_cookie("session").value


@pytest.fixture
def let_in(app, make_app):
    """Return whether a copied cookie still opens Alice's songs, on this process and another."""
    apps = [app, make_app()]

    def ask(cookie):
        answers = set()
        for process in apps:
            client = process.test_client()
            client.set_cookie("session", cookie)
            answers.add(client.get("/songs/").status_code)
        assert len(answers) == 1
        return answers == {200}

    return ask


@pytest.mark.parametrize(
    ("ahead", "signed_in"), [(1, True), (300, True), (86_400, True), (-86_400 * 31, False)]
)
def test_a_cookie_from_a_server_whose_clock_is_ahead_is_accepted(
    app, alice, let_in, monkeypatch, ahead, signed_in
):
    def clock_of_another_server(_signer):
        return int(time.time()) + ahead

    browser = Browser(app)
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", clock_of_another_server)
        browser.sign_in("alice", PASSWORD)
    assert let_in(cookie_of(browser)) is signed_in


@pytest.mark.both_databases
def test_a_copied_cookie_is_invalid_after_sign_out(as_alice, let_in):
    cookie = cookie_of(as_alice)
    assert let_in(cookie)
    as_alice.sign_out()
    assert not let_in(cookie)


@pytest.mark.both_databases
def test_changing_the_password_invalidates_copied_cookies_only(as_alice, let_in):
    cookie = cookie_of(as_alice)
    page = as_alice.post("/settings/password", current=PASSWORD, password=NEW)
    assert page.status == 303
    assert not let_in(cookie)
    assert let_in(cookie_of(as_alice))


def test_a_copied_cookie_is_invalid_after_a_ban(app, alice, as_alice, let_in):
    with working(app):
        administration.ban(alice.user, by=None, why="spam")
    assert not let_in(cookie_of(as_alice))


def sign_out(browser, _user):
    browser.sign_out()


def change_password(browser, _user):
    browser.post("/settings/password", current=PASSWORD, password=NEW)


def delete_account(browser, user):
    browser.post("/settings/privacy/delete", username=user.username, password=PASSWORD)


def delete_account_by_api(browser, user):
    proof = {"username": user.username, "password": PASSWORD}
    assert browser.api("POST", "/api/settings/privacy/delete", proof).status == 200


def ban(browser, user):
    with working(browser.app):
        administration.ban(user.user, by=None, why="spam")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "end", [sign_out, change_password, delete_account, delete_account_by_api, ban]
)
def test_no_earlier_cookie_works_after_any_of_these_events(app, make_app, alice, as_alice, end):
    cookies = [cookie_of(as_alice)]
    for _ in range(4):
        browser = Browser(app)
        browser.sign_in("alice", PASSWORD, remember="1")
        cookies.append(cookie_of(browser))
    end(as_alice, alice)
    for process in (app, make_app()):
        for cookie in cookies:
            client = process.test_client()
            client.set_cookie("session", cookie)
            assert client.get("/songs/").status_code == 303
            assert client.get("/api/songs/").status_code == 401
            client.set_cookie("session", cookie)
            assert client.get("/songs/", headers={"HX-Request": "true"}).status_code == 401


def test_a_banned_user_gets_the_same_response_as_an_unknown_one(app, alice, stranger):
    with working(app):
        administration.ban(alice.user, by=None, why="spam")
    page = stranger.sign_in("alice", PASSWORD)
    assert (page.status, page.alert()) == (422, "Wrong username or password.")


def test_signing_out_in_one_browser_ends_the_others(app, alice, as_alice, let_in):
    phone = Browser(app)
    phone.sign_in("alice", PASSWORD, remember="1")
    as_alice.sign_out()
    assert not let_in(cookie_of(phone))


def test_a_second_sign_in_keeps_the_first_session(app, alice, as_alice):
    Browser(app).sign_in("alice", PASSWORD)
    assert as_alice.get("/songs/").status == 200


def test_signing_in_discards_a_planted_session(app, stranger, alice, let_in):
    stranger.get("/login")
    planted = cookie_of(stranger)
    stranger.sign_in("alice", PASSWORD)
    assert cookie_of(stranger) != planted
    assert not let_in(planted)


def test_signing_in_keeps_nothing_of_another_users_session(app, alice, bob):
    browser = Browser(app)
    browser.sign_in("bob", PASSWORD)
    with browser.client.session_transaction() as session:
        session["left behind"] = "by Bob"
    browser.post("/login", username="alice", password=PASSWORD)
    with browser.client.session_transaction() as session:
        assert "left behind" not in session


@pytest.mark.parametrize("forged", ["", "x", "e30.ZZ.ZZ", ".eJw.ZZ.ZZ", "1:stamp", "é", "x" * 3000])
def test_a_forged_cookie_is_ignored(let_in, forged):
    assert not let_in(forged)


@pytest.mark.parametrize("said", ["", ":", "x:y", "1", "1:", "²:x", "١:x", f"{10**30}:x", "-1:x"])
def test_a_signed_cookie_with_an_invalid_user_id_is_ignored(app, alice, said):
    browser = Browser(app)
    with browser.client.session_transaction() as session:
        session["_user_id"] = said
    assert browser.get("/songs/").status == 303


def test_a_cookie_signed_with_another_key_is_ignored(make_app, as_alice, let_in):
    other = make_app(SECRET_KEY="another secret of thirty-two letters").test_client()
    with other.session_transaction() as session:
        session["_user_id"] = "1:stamp"
    assert not let_in(other.get_cookie("session").value)


def test_a_rotated_key_still_verifies_existing_cookies(make_app, alice):
    before = Browser(make_app(SECRET_KEY="the-key-of-last-year"))
    before.sign_in("alice", PASSWORD)
    for fallbacks, status in (("", 303), ("some-other-key the-key-of-last-year", 200)):
        after = make_app(SECRET_KEY="the-key-of-this-year", SECRET_KEY_FALLBACKS=fallbacks)
        client = after.test_client()
        client.set_cookie("session", cookie_of(before))
        assert client.get("/songs/").status_code == status


def test_the_cookie_is_httponly_and_samesite(stranger, alice):
    page = stranger.post("/login", username="alice", password=PASSWORD)
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie
    assert len(cookie) < 4096
    assert PASSWORD not in cookie


def test_in_production_the_cookie_is_for_https_and_this_host_only(make_app):
    app = make_app(TRACKFLOW_ENV="production", SECRET_KEY="x" * 40)
    answer = app.test_client().get("/login", base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


# --- messages for the next page -------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["a", "\U0001f3b8", "'"])
@pytest.mark.fault("C6")
def test_unread_flash_messages_do_not_make_the_cookie_grow(as_alice, letter):
    sizes = []
    for number in range(40):
        title = f"{number} {letter * 150}"
        assert as_alice.post("/songs/", title=title, artist="Metallica").status == 303
        sizes.append(len(as_alice.client.get_cookie("session").value))
    assert max(sizes) < 3_000
    assert max(sizes[20:]) <= max(sizes[:20]) + 50
    shown = as_alice.get("/songs/").text
    assert "Added 39" in shown


def test_the_latest_flash_messages_are_kept():
    messages = [("message", f"Number {number}.") for number in range(9)]
    assert latest_messages(messages) == messages[-5:]
    assert latest_messages([("message", "x" * 9_000)]) == [("message", "x" * 250 + "…")]
