"""Charlie sees nothing of Alice's and learns nothing about it; access has a separate table."""

from __future__ import annotations

import re

import pytest

from tests.support.belongings import belongings_of
from tests.support.people import working
from tests.support.routes import html_routes
from tests.support.songs import add_song

ABSENT = 999_999_999_999_999_999
FIELDS = {"title": "Mine now", "artist": "Charlie", "status": "released", "state": "done"}

# Addresses whose arguments name no row of somebody's.
OF_NOBODY = {
    *("achievements.show", "settings.move_pin", "settings.set_visibility"),
    *("avatars.generated", "avatars.picture"),
    *("covers.generated", "covers.picture", "home.sitemap_part", "relation_lists.mute"),
    "share_images.show",
    "feeds.of_achievement",
    *("seasons.show", "admin.season", "admin.change_season", "admin.save_season_achievement"),
    "admin.remove_season_achievement",
}
# Shown to members, or, as an entry of the feed, to be hidden by each of them.
FOR_ALL_TO_SEE = (
    *("/features/", "/bugs/", "/users/", "/comments/", "/reactions/", "/report/"),
    "/community/feed/",
)


@pytest.fixture
def values(app, alice):
    return belongings_of(app, alice)


AN_ID = re.compile(r"(?<=/)\d+(?=/|$)")


def of_somebody(app, values):
    """The URLs of objects that belong to one user."""
    found = [
        route
        for route in html_routes(app, values)
        if route.arguments
        and route.endpoint not in OF_NOBODY
        and not route.path.startswith(FOR_ALL_TO_SEE)
    ]
    assert len(found) >= 25
    return found


def of_any_session(html):
    """A page without its token, which is another one every second."""
    return re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", html)


def ask(browser, route):
    return browser.post(route.path, **FIELDS) if route.is_unsafe else browser.get(route.path)


def test_another_users_object_looks_like_a_missing_one(app, values, as_charlie):
    never = {name: ABSENT if name.endswith("_id") else value for name, value in values.items()}
    for hers, nobodys in zip(of_somebody(app, values), of_somebody(app, never), strict=True):
        pages = [ask(as_charlie, route) for route in (hers, nobodys)]
        assert pages[0].status == pages[1].status == 404
        assert of_any_session(pages[0].html) == of_any_session(pages[1].html), hers


def test_charlie_sees_none_of_alices_objects_in_lists_or_counts(values, as_charlie):
    page = as_charlie.get("/songs/", q="secret")
    assert {count.get_text() for count in page.all(".tabs__count")} == {"0"}
    assert "A secret script" not in as_charlie.get("/settings/tokens").html


def test_signing_in_after_a_rejected_form_returns_to_the_page_of_the_form(stranger):
    page = stranger.request(
        "POST",
        "/settings/tokens",
        data={"csrf_token": stranger.token()},
        headers={"Referer": "http://localhost/settings/tokens"},
    )
    assert page.location == "/login?next=/settings/tokens"


def test_a_demoted_administrator_loses_access_at_once(app, admin, as_admin):
    assert as_admin.get("/admin/rechecks/").status == 200
    with working(app):
        admin.user.is_admin = False
    assert as_admin.get("/admin/rechecks/").status == 404


@pytest.mark.both_databases
def test_malformed_ids_return_404(app, values, as_alice):
    samples = ["0", "-1", "01", "1.0", "0x1", "1e3", "١", "１", "%00", "1%00", "1'--", "null", "+1"]
    samples += [str(2**63), str(2**63 - 1), str(10**18), str(10**30), "9" * 4000, str(ABSENT)]
    with_ids = [
        route for route in of_somebody(app, values) if re.search(r"/\d+(?=/|$)", route.path)
    ]
    assert with_ids
    for route in with_ids:
        for sample in samples:
            path = re.sub(r"(?<=/)\d+(?=/|$)", lambda _match, it=sample: it, route.path)
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


@pytest.mark.both_databases
def test_an_address_with_a_nul_is_not_found(as_alice):
    headers = {"X-CSRFToken": as_alice.token()}
    for path in ("/undo/nul%00byte", "/api/undo/nul%00byte", "/nul%00byte"):
        assert as_alice.request("POST", path, headers=headers).status == 404
