"""Nothing changes without the token of one's own session, on any address there is."""

from __future__ import annotations

import pytest

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.people import PASSWORD
from tests.support.routes import html_routes
from tests.support.snapshots import snapshot
from tests.support.songs import add_song

# Something for every field of every form, so that each would do something if it were let.
FIELDS = {
    "username": "mallory",
    "email": "mallory@example.org",
    "password": "a new long password",
    "current": PASSWORD,
    "timezone": "Europe/Berlin",
    "title": "Forged",
    "artist": "Mallory",
    "status": "released",
    "state": "done",
    "name": "Forged",
    "scope": "write",
    "days": "365",
    "user": "",
}


@pytest.fixture
def forms(app, admin):
    """Every address that changes something, about things of Olga's: an administrator."""
    values = belongings_of(app, admin)
    found = [route for route in html_routes(app, values) if route.is_unsafe]
    # Signing out ends the session that the others need.
    return sorted(found, key=lambda route: route.endpoint == "people.logout")


def test_there_are_forms_to_protect(forms):
    assert {"songs.create", "people.login", "people.logout", "settings.password"} <= {
        route.endpoint for route in forms
    }


@pytest.mark.parametrize(
    "token",
    [None, "", "x", "null", "IjEyMyI.Zm9yZ2Vk.c2lnbmVk", "é" * 50, "x" * 10_000],
    ids=["missing", "empty", "short", "null", "made up", "not ascii", "long"],
)
def test_a_wrong_token_is_refused_everywhere(app, as_admin, forms, token):
    before = snapshot(app)
    answers = {
        str(route): as_admin.post(route.path, csrf_token=token, **FIELDS).status for route in forms
    }
    assert set(answers.values()) == {403}, answers
    assert snapshot(app) == before


def test_the_token_of_somebody_else_is_refused_everywhere(app, as_admin, as_bob, forms):
    stolen, before = as_bob.token(), snapshot(app)
    answers = {
        str(route): as_admin.post(route.path, csrf_token=stolen, **FIELDS).status for route in forms
    }
    assert set(answers.values()) == {403}, answers
    assert snapshot(app) == before


def test_a_token_in_the_address_counts_for_nothing(as_admin, forms):
    for route in forms:
        path = f"{route.path}?csrf_token={as_admin.token()}"
        assert as_admin.post(path, csrf_token=None, **FIELDS).status == 403, route


def test_that_htmx_asks_proves_nothing(as_admin, forms):
    for route in forms:
        page = as_admin.post(route.path, csrf_token=None, htmx=True, **FIELDS)
        assert page.status == 403, route
        assert page.headers["HX-Refresh"] == "true"


def test_an_authorization_that_is_none_switches_nothing_off(as_admin, forms):
    for route in forms:
        page = as_admin.request(
            "POST", route.path, data=FIELDS, headers={"Authorization": "Bearer tf_none"}
        )
        assert page.status == 403, route


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_another_kind_of_body_is_no_way_round(as_admin, forms, kind):
    for route in forms:
        page = as_admin.request("POST", route.path, data="{}", content_type=kind)
        assert page.status == 403, route


def test_a_form_that_another_site_sends_is_refused_even_with_the_token(app, as_admin, forms):
    token, before = as_admin.token(), snapshot(app)
    for route in forms:
        page = as_admin.request(
            "POST",
            route.path,
            data=FIELDS | {"csrf_token": token},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        assert page.status == 403, route
    assert snapshot(app) == before


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_ones_own_form_is_not_taken_for_another_sites(as_alice, site):
    form = {"title": "One", "artist": "Metallica", "csrf_token": as_alice.token()}
    page = as_alice.request("POST", "/songs/", data=form, headers={"Sec-Fetch-Site": site})
    assert page.status == 303


def test_the_right_token_is_taken_everywhere(as_admin, forms):
    answers = {}
    for route in forms:
        as_admin._token = ""  # some of them begin a new session, with another one
        answers[str(route)] = as_admin.post(route.path, **FIELDS).status
    assert 403 not in answers.values(), answers


def test_the_header_is_as_good_as_the_field(app, alice, as_alice):
    page = as_alice.request(
        "POST",
        "/songs/",
        data={"title": "One", "artist": "Metallica"},
        headers={"X-CSRFToken": as_alice.token()},
    )
    assert page.status == 303


def test_the_token_of_before_signing_in_is_refused_afterwards(stranger, alice):
    old = stranger.token()
    stranger.sign_in("alice", PASSWORD)
    assert stranger.post("/songs/", title="One", artist="X", csrf_token=old).status == 403


def test_nobody_is_signed_in_as_somebody_else_by_a_forged_form(app, alice):
    victim = Browser(app)
    page = victim.post("/login", username="alice", password=PASSWORD, csrf_token=None)
    assert page.status == 403
    assert victim.get("/songs/").status == 303


def test_a_refused_form_says_what_to_do(as_alice):
    page = as_alice.post("/songs/", title="One", artist="Metallica", csrf_token="old")
    assert "Load the page again" in page.text


def test_a_method_cannot_be_smuggled_in(app, alice, as_alice):
    one = add_song(app, alice)
    token = as_alice.token()
    for path in (f"/songs/{one}/delete?_method=POST", f"/songs/{one}/delete?csrf_token={token}"):
        as_alice.request("GET", path, headers={"X-HTTP-Method-Override": "POST"})
    assert as_alice.get(f"/songs/{one}").status == 200
