"""Charlie sees nothing of Alice's, and a stranger nothing of anybody's."""

from __future__ import annotations

import re

import pytest

from tests.support.people import working
from tests.support.routes import html_routes
from tests.support.snapshots import snapshot
from tests.support.songs import add_song
from trackflow_web.domain.people import actions, queries

ABSENT = 999_999_999_999_999_999
FIELDS = {"title": "Mine now", "artist": "Charlie", "status": "released", "state": "done"}

# What a stranger may ask for. Everything else leads to the door.
OPEN = {
    "home.index",
    "people.register_form",
    "people.register",
    "people.login_form",
    "people.login",
    "health.check",
}
OF_ADMINISTRATORS = {"admin.achievements", "achievements.check"}
# Addresses whose arguments name no row of somebody's.
OF_NOBODY = {"achievements.show"}


@pytest.fixture
def values(app, alice):
    """The ids of a song and a token of Alice's."""
    song_id = add_song(app, alice, "Alice's secret")
    with working(app):
        actions.create_token(alice.user, name="Alice's script", scope="read", days="30")
    with app.app_context():
        token_id = queries.tokens_of(alice.id)[0].id
    return {"song_id": song_id, "part": "drums", "token_id": token_id, "code": "dreamer"}


def of_somebody(app, values):
    found = [
        route
        for route in html_routes(app, values)
        if route.arguments and route.endpoint not in OF_NOBODY
    ]
    assert len(found) >= 9
    return found


def ask(browser, route, *, htmx=False):
    if route.is_unsafe:
        return browser.post(route.path, htmx=htmx, **FIELDS)
    return browser.get(route.path, htmx=htmx)


@pytest.mark.both_databases
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
def test_what_is_alices_is_not_there_for_charlie(app, values, as_charlie, htmx):
    as_charlie.get("/songs/")
    before = snapshot(app)
    for route in of_somebody(app, values):
        page = ask(as_charlie, route, htmx=htmx)
        assert page.status == 404, route
        assert "secret" not in page.html
    assert snapshot(app) == before


def test_somebody_elses_looks_like_what_never_was(app, values, as_charlie):
    never = {name: ABSENT if name.endswith("_id") else value for name, value in values.items()}
    for hers, nobodys in zip(of_somebody(app, values), of_somebody(app, never), strict=True):
        pages = [ask(as_charlie, route) for route in (hers, nobodys)]
        assert pages[0].status == pages[1].status == 404
        assert pages[0].html == pages[1].html, hers


def test_nothing_of_alices_is_listed_or_counted_for_charlie(values, as_charlie):
    page = as_charlie.get("/songs/", q="secret")
    assert {count.get_text() for count in page.all(".tabs__count")} == {"0"}
    assert "Alice's script" not in as_charlie.get("/settings/tokens").html


def test_not_even_an_administrator_sees_alices_songs(app, values, as_admin):
    for route in of_somebody(app, values):
        assert ask(as_admin, route).status == 404, route


def test_a_stranger_is_led_to_the_door_from_everywhere(app, values, stranger):
    token = stranger.token()
    for route in html_routes(app, values):
        if route.endpoint in OPEN:
            continue
        page = stranger.request(
            route.method, route.path, data={"csrf_token": token} if route.is_unsafe else None
        )
        assert page.status == 303, route
        assert page.location.startswith("/login?next="), route


def test_htmx_is_led_to_the_door_by_a_header(app, values, stranger):
    token = stranger.token()
    for route in html_routes(app, values):
        if route.endpoint in OPEN:
            continue
        page = stranger.request(
            route.method,
            route.path,
            htmx=True,
            data={"csrf_token": token} if route.is_unsafe else None,
            headers={"HX-Current-URL": "http://localhost/songs/?status=wip"},
        )
        assert page.headers["HX-Redirect"] == "/login?next=/songs/?status%3Dwip", route
        assert not page.html


def test_after_a_form_a_stranger_comes_back_to_the_page_it_stood_on(stranger):
    page = stranger.request(
        "POST",
        "/settings/tokens",
        data={"csrf_token": stranger.token()},
        headers={"Referer": "http://localhost/settings/tokens"},
    )
    assert page.location == "/login?next=/settings/tokens"


def test_the_open_addresses_are_open(app, stranger):
    for route in html_routes(app, {"song_id": 1, "part": "drums", "token_id": 1, "code": "x"}):
        if route.endpoint in OPEN and not route.is_unsafe:
            assert stranger.get(route.path).status == 200, route


def test_what_administrators_do_is_not_there_for_others(app, values, as_alice):
    found = [r for r in html_routes(app, values) if r.endpoint in OF_ADMINISTRATORS]
    assert len(found) == 2
    for route in found:
        assert ask(as_alice, route).status == 404, route
    assert "/admin" not in as_alice.get("/songs/").html


def test_a_former_administrator_is_one_no_more_at_once(app, admin, as_admin):
    assert as_admin.get("/admin/achievements").status == 200
    with working(app):
        admin.user.is_admin = False
    assert as_admin.get("/admin/achievements").status == 404


@pytest.mark.both_databases
def test_what_is_no_id_is_no_address(app, values, as_alice):
    samples = ["0", "-1", "01", "1.0", "0x1", "1e3", "١", "１", "%00", "1%00", "1'--", "null", "+1"]
    samples += [str(2**63), str(2**63 - 1), str(10**18), str(10**30), "9" * 4000, str(ABSENT)]
    for route in of_somebody(app, values):
        for sample in samples:
            path = re.sub(r"(?<=/)\d+(?=/|$)", lambda _match, it=sample: it, route.path)
            assert path != route.path
            page = as_alice.request(
                route.method, path, data={**FIELDS, "csrf_token": as_alice.token()}
            )
            assert page.status == 404, f"{route.method} {path}"


@pytest.mark.parametrize(
    "field", ["user_id", "id", "is_admin", "points", "created_at", "released_at"]
)
def test_fields_that_no_form_has_change_nothing(app, alice, bob, as_alice, field):
    one = add_song(app, alice)
    for path in ("/songs/", f"/songs/{one}", "/settings/profile"):
        as_alice.post(
            path, title=path, artist="X", email=alice.email, timezone="UTC", **{field: str(bob.id)}
        )
    as_alice.get("/songs/")
    with app.app_context():
        assert not alice.user.is_admin
    assert as_alice.get(f"/songs/{one}").one("h1").get_text() == f"/songs/{one}"
