"""Registering, signing in and out, confirming the password."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser
from tests.support.people import PASSWORD
from trackflow_web.domain.people import queries

DORA = {"username": "dora", "email": "dora@example.org", "password": PASSWORD}


def test_registering_signs_the_new_user_in(stranger):
    page = stranger.post("/register", **DORA, timezone="Europe/Berlin")
    assert (page.status, page.location) == (303, "/")
    assert "dora" in stranger.follow().one(".nav").get_text()
    profile = stranger.get("/settings/profile")
    assert profile.one("#timezone option[selected]")["value"] == "Europe/Berlin"


def test_registering_without_a_time_zone_succeeds(stranger):
    assert stranger.post("/register", **DORA).status == 303


def test_a_rejected_registration_shows_errors_at_fields_and_keeps_input(stranger):
    page = stranger.post("/register", username="x!", email="dora@example.org", password="short")
    assert page.status == 422
    assert set(page.errors()) == {"username", "password"}
    assert page.one("#email")["value"] == "dora@example.org"
    assert 'value="short"' not in page.html
    assert page.alert()


def test_an_unknown_time_zone_is_rejected_at_its_field(stranger):
    page = stranger.post("/register", **DORA, timezone="Mars/Olympus")
    assert page.status == 422
    assert "timezone" in page.errors()


def test_submitting_a_registration_twice_creates_one_account(app, stranger):
    impatient = Browser(app)
    impatient.get("/register")
    assert stranger.post("/register", **DORA).status == 303
    page = impatient.post("/register", **DORA)
    assert page.status == 422
    assert "username" in page.errors()


def test_signed_in_users_are_redirected_away_from_the_sign_in_forms(as_alice):
    for path in ("/login", "/register"):
        page = as_alice.get(path)
        assert (page.status, page.location) == (303, "/")


@pytest.mark.parametrize("htmx", [False, True])
def test_signed_in_users_cannot_register_another_account(as_alice, htmx):
    page = as_alice.post("/register", **DORA, htmx=htmx)
    assert "/" in {page.location, page.headers.get("HX-Redirect")}
    assert "alice" in as_alice.get("/settings/profile").html
    as_alice.sign_out()
    assert as_alice.sign_in(DORA["username"], DORA["password"]).status == 422


@pytest.mark.both_databases
def test_alice_signs_in_with_her_name_or_address(subtests, stranger, alice):
    for name in ["alice", "ALICE ", "alice@example.org", "Alice@Example.ORG"]:
        with subtests.test(name=name):
            page = stranger.sign_in(name, PASSWORD)
            assert page.status == 200
            assert page.soup.select_one('form[action="/logout"]')


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong horse"),
        ("alice", PASSWORD.upper()),
        ("alice", f" {PASSWORD}"),
        ("alice", ""),
        ("", PASSWORD),
        ("zora", PASSWORD),
        ("alice\x00", PASSWORD),
        ("alice' --", PASSWORD),
        ("%", PASSWORD),
    ],
)
def test_a_wrong_name_or_password_is_rejected(stranger, alice, name, password):
    page = stranger.sign_in(name, password)
    assert page.status == 422
    assert page.alert() == "Wrong username or password."
    assert stranger.get("/songs/").status == 303


def test_a_rejected_sign_in_keeps_the_name_and_not_the_password(stranger, alice):
    page = stranger.sign_in("alice", "wrong horse")
    assert page.one("#username")["value"] == "alice"
    assert "wrong horse" not in page.html


def test_signing_in_redirects_to_the_next_url(stranger, alice):
    stranger.get("/songs/", q="metallica")
    assert stranger.follow().one('input[name="next"]')["value"] == "/songs/?q=metallica"
    page = stranger.sign_in("alice", PASSWORD, next="/songs/?q=metallica")
    assert page.one("#song-q")["value"] == "metallica"


def test_the_next_url_survives_a_failed_sign_in(stranger, alice):
    page = stranger.sign_in("alice", "wrong", next="/achievements/")
    assert page.one('input[name="next"]')["value"] == "/achievements/"


def test_a_session_outlives_the_browser_only_when_remembered(app, alice):
    for remember, kept in (("", False), ("0", False), ("1", True)):
        browser = Browser(app)
        browser.sign_in("alice", PASSWORD, remember=remember)
        assert (browser.client.get_cookie("session").expires is not None) is kept


def test_signing_out_ends_the_session(as_alice):
    page = as_alice.sign_out()
    assert (page.status, page.location) == (303, "/")
    assert as_alice.get("/songs/").location.startswith("/login")


def test_a_get_request_does_not_sign_out(as_alice):
    assert as_alice.get("/logout").status == 405
    assert as_alice.get("/songs/").status == 200


def test_confirming_the_password_redirects_to_the_next_url(as_alice, alice):
    assert as_alice.get("/confirm", next="/settings/tokens").status == 200
    refused = as_alice.post("/confirm", password="wrong", next="/settings/tokens")
    assert refused.status == 422
    page = as_alice.post("/confirm", password=PASSWORD, next="/settings/tokens")
    assert (page.status, page.location) == (303, "/settings/tokens")


def test_another_users_password_does_not_confirm(app, as_alice, bob):
    assert as_alice.post("/confirm", password="not hers").status == 422


def test_htmx_follows_next_urls_with_non_ascii_characters(stranger, alice):
    page = stranger.post(
        "/login", username="alice", password=PASSWORD, next="/songs/?q=東京", htmx=True
    )
    assert page.headers["HX-Redirect"].isascii()
    assert page.headers["HX-Redirect"].startswith("/songs/?q=%")


def test_signing_in_rehashes_a_password_with_outdated_parameters(app, stranger, alice):
    with app.app_context():
        before = queries.find_user(alice.id).password_hash
    strong = Browser(app)
    from trackflow_web.domain.people import passwords  # noqa: PLC0415

    passwords.use_cheap_hashes(cheap=False)
    try:
        strong.sign_in("alice", PASSWORD)
    finally:
        passwords.use_cheap_hashes(cheap=True)
    with app.app_context():
        after = queries.find_user(alice.id).password_hash
    assert before != after
    assert "m=19456" in after
    assert stranger.sign_in("alice", PASSWORD).status == 200
