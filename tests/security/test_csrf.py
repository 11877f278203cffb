"""No endpoint changes anything without the CSRF token of the session."""

from __future__ import annotations

import json

import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.people import PASSWORD
from tests.support.routes import all_routes
from tests.support.snapshots import snapshot
from tests.support.songs import add_song

# A value for every field of every form, so that each request would have an effect.
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
REFUSED = {"page": {403}, "API": {401, 403}}


def as_form(token=None, **headers):
    """A form as every page sends it, with this token in it."""
    data = FIELDS if token is None else FIELDS | {"csrf_token": token}
    return {"data": data, "headers": headers}


def as_json(token=None, **headers):
    """The same as a script would send it."""
    data = FIELDS if token is None else FIELDS | {"csrf_token": token}
    return {"data": json.dumps(data), "content_type": "application/json", "headers": headers}


def by_header(token):
    return as_json(None, **{"X-CSRFToken": token})


class Forger:
    """Tokens that an attacker may know: all but the one of Olga's session."""

    def __init__(self, app, victim, others, old):
        self.right = victim.token()
        self.others, self.old = others, old
        with victim.client.session_transaction() as session:
            self.raw = session["csrf_token"]
        key = "another secret of thirty-two letters"
        self.foreign = URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(self.raw)


# Each is a request that is wrong in one way. Some even hold the right token, in a wrong place or
# with something beside it that shows its origin.
WRONG = {
    "no token": lambda _: as_form(),
    "an empty token": lambda _: as_form(""),
    "a short token": lambda _: as_form("x"),
    "the word null": lambda _: as_form("null"),
    "a made-up token": lambda _: as_form("IjEyMyI.Zm9yZ2Vk.c2lnbmVk"),
    "a token that is not ascii": lambda _: as_form("é" * 50),
    "a long token": lambda _: as_form("x" * 10_000),
    "a cut-off token": lambda it: as_form(it.right[:-2]),
    "what is signed, without the signature": lambda it: as_form(it.raw),
    "the right words signed by another key": lambda it: as_form(it.foreign),
    "somebody else's token": lambda it: as_form(it.others),
    "the token of before signing in": lambda it: as_form(it.old),
    "no token as JSON": lambda _: as_json(),
    "the right token in JSON": lambda it: as_json(it.right),
    "an empty header": lambda _: by_header(""),
    "a short header": lambda _: by_header("x"),
    "a made-up header": lambda _: by_header("IjEyMyI.Zm9yZ2Vk.c2lnbmVk"),
    "somebody else's token as a header": lambda it: by_header(it.others),
    "the header of before signing in": lambda it: by_header(it.old),
    "the right token in another header": lambda it: as_form(**{"X-XSRF-Token": it.right}),
    "that htmx asks": lambda _: as_form(**{"HX-Request": "true"}),
    "that a script asks": lambda _: as_form(**{"X-Requested-With": "XMLHttpRequest"}),
    "an authorization that is none": lambda _: as_json(Authorization="Bearer tf_none"),
    "an authorization by password": lambda _: as_form(Authorization="Basic b2xnYTp4"),
    "plain text": lambda _: {"data": json.dumps(FIELDS), "content_type": "text/plain"},
    "a body in parts": lambda _: as_form() | {"content_type": "multipart/form-data"},
    "no body": lambda _: {},
    "another method in a header": lambda _: as_form(**{"X-HTTP-Method-Override": "GET"}),
    "another method in a field": lambda _: {"data": FIELDS | {"_method": "GET"}},
    "the right token from another site": lambda it: as_form(
        it.right, **{"Sec-Fetch-Site": "cross-site", "X-CSRFToken": it.right}
    ),
}
# These in every run; the last one is rejected by another check.
TO_EVERY_ENDPOINT = {"no token", "a made-up token", "the right token from another site"}


def kind_of(route):
    return "API" if route.is_api else "page"


@pytest.fixture
def unsafe(app, admin):
    """Every URL that changes something, for objects of Olga, an administrator."""
    values = belongings_of(app, admin)
    # A mail program unsubscribes without a session; the token in the path is signed.
    found = [
        route
        for route in all_routes(app, values)
        if route.is_unsafe and route.endpoint != "notifications.unsubscribe"
    ]
    # Signing out ends the session that the others need.
    return sorted(found, key=lambda route: route.endpoint == "people.logout")


@pytest.fixture
def forger(app, admin, as_bob):
    """Has the tokens of Bob, of an anonymous visitor and of Olga's browser before she signed in."""
    victim = Browser(app)
    old = victim.token()
    victim.sign_in("olga", PASSWORD)
    return Forger(app, victim, as_bob.token(), old), victim


def test_the_test_covers_the_unsafe_endpoints(unsafe):
    assert {
        "songs.create",
        "people.login",
        "people.logout",
        "settings.password",
        "api.add_song",
    } <= {route.endpoint for route in unsafe}
    assert len(unsafe) >= 80
    assert len(WRONG) >= 12


@pytest.mark.parametrize("wrong", WRONG)
def test_forged_requests_are_rejected_by_every_endpoint_and_change_nothing(
    app, forger, unsafe, sized, wrong
):
    attacker, victim = forger
    before = snapshot(app)
    # In `make test` the others go to a third of the endpoints each: every endpoint gets a third.
    share = 1 if wrong in TO_EVERY_ENDPOINT else sized(3, stress=1)
    for route in unsafe[list(WRONG).index(wrong) % share :: share]:
        page = victim.request(route.method, route.path, **WRONG[wrong](attacker))
        assert page.status in REFUSED[kind_of(route)], route
    assert snapshot(app) == before
    assert victim.get("/songs/").status == 200


@pytest.mark.parametrize("name", ["csrf_token", "X-CSRFToken"])
def test_a_csrf_token_in_the_url_is_ignored(app, forger, unsafe, name):
    attacker, victim = forger
    before = snapshot(app)
    for route in unsafe:
        path = f"{route.path}?{name}={attacker.right}"
        assert victim.request(route.method, path, **as_form()).status == 403, route
    assert snapshot(app) == before


def test_a_csrf_token_in_a_cookie_is_ignored(app, forger, unsafe):
    attacker, victim = forger
    before = snapshot(app)
    for name in ("csrf_token", "X-CSRFToken", "XSRF-TOKEN"):
        victim.client.set_cookie(name, attacker.right)
    for route in unsafe:
        assert victim.request(route.method, route.path, **as_form()).status == 403, route
    assert snapshot(app) == before


def test_over_https_a_foreign_referer_is_rejected(make_app, admin, unsafe):
    app = make_app(TRACKFLOW_ENV="production", SECRET_KEY="x" * 40)
    app.config["PREFERRED_URL_SCHEME"] = "https"  # set by the test client
    client = app.test_client()
    page = client.get("/login").get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    for route in unsafe:
        if route.is_api:
            continue  # authenticates before that, and no user is signed in here
        for referer in ("https://evil.example/", "http://localhost/login", None):
            headers = {"Referer": referer} if referer else {}
            form = {"csrf_token": token}
            assert client.post(route.path, data=form, headers=headers).status_code == 403, route


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_a_form_with_the_sites_own_referer_is_accepted(as_alice, site):
    form = {"title": "One", "artist": "Metallica", "csrf_token": as_alice.token()}
    page = as_alice.request("POST", "/songs/", data=form, headers={"Sec-Fetch-Site": site})
    assert page.status == 303


def test_every_endpoint_accepts_the_right_token(as_admin, unsafe):
    answers = {}
    for route in unsafe:
        as_admin._token = ""  # some of them start a new session, with another token
        if route.is_api:
            answers[str(route)] = as_admin.api(route.method, route.path, {}).status
        else:
            answers[str(route)] = as_admin.post(route.path, **FIELDS).status
    # Olga is the last administrator and cannot be deleted with any token.
    refused = [route for route, status in answers.items() if status == 403]
    assert refused == ["POST /admin/users/olga/delete"]


def test_the_csrf_token_is_accepted_in_the_header(app, alice, as_alice):
    page = as_alice.request(
        "POST",
        "/songs/",
        data={"title": "One", "artist": "Metallica"},
        headers={"X-CSRFToken": as_alice.token()},
    )
    assert page.status == 303


def test_the_first_form_after_signing_in_is_accepted(app, alice):
    browser = Browser(app)
    browser.sign_in("alice", PASSWORD)  # and loads the page after the redirect
    page = browser.post("/songs/", title="One", artist="Metallica", htmx="songs-panel")
    assert page.status == 200


def test_a_forged_form_cannot_sign_a_user_in_to_another_account(app, alice):
    victim = Browser(app)
    page = victim.post("/login", username="alice", password=PASSWORD, csrf_token=None)
    assert page.status == 403
    assert victim.get("/songs/").status == 303


def test_a_rejected_form_tells_the_user_what_to_do(as_alice):
    page = as_alice.post("/songs/", title="One", artist="Metallica", csrf_token="old")
    assert "Reload the page" in page.text
    page = as_alice.post("/songs/", title="One", artist="X", csrf_token="old", htmx=True)
    assert page.headers["HX-Refresh"] == "true"


# --- methods --------------------------------------------------------------------------------------


def test_method_overrides_are_ignored(app, alice, as_alice):
    one = add_song(app, alice)
    token = as_alice.token()
    for path in (f"/songs/{one}/delete?_method=POST", f"/songs/{one}/delete?csrf_token={token}"):
        as_alice.request("GET", path, headers={"X-HTTP-Method-Override": "POST"})
    assert as_alice.get(f"/songs/{one}").status == 200


def test_undeclared_methods_return_405(app, admin, as_admin):
    values = belongings_of(app, admin)
    headers = {"X-CSRFToken": as_admin.token()}
    before = snapshot(app)
    routes = list(all_routes(app, values))
    named = {(route.path, route.method) for route in routes}
    for route in routes:
        for method in ("DELETE", "TRACE"):
            if (route.path, method) in named:
                continue
            page = as_admin.request(method, route.path, headers=headers)
            assert page.status == 405, f"{method} {route.path}"
    assert snapshot(app) == before


def test_get_head_and_options_change_nothing(app, admin, as_admin):
    values = belongings_of(app, admin)
    as_admin.get("/songs/")
    before = snapshot(app)
    for route in all_routes(app, values):
        if not route.is_unsafe and route.endpoint != "static":
            for method in ("HEAD", "OPTIONS"):
                answer = as_admin.client.open(route.path, method=method)
                assert answer.status_code in {200, 204, 303, 404, 422}, route
    assert snapshot(app) == before
