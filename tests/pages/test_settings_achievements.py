"""The achievement settings, with plain forms and with htmx."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser
from tests.support.people import working
from trackflow_web.achievements.awards import visibility
from trackflow_web.domain.songs import actions as songs

SETTINGS_TABS = ".tabs[aria-label=Settings]"
ADDRESS = "/settings/achievements"
# The awards of one song that goes through all statuses.
EARNED = ("dreamer", "getting_started", "first_finish", "first_release")


@pytest.fixture
def as_alice(app, alice, as_alice):
    """Alice with four achievements; she has seen their toasts."""
    with working(app):
        song = songs.add_song(alice.user, title="One", artist="Metallica")
        for status in ("wip", "released"):
            songs.move_song(song, alice.user, status=status)
    as_alice.get("/songs/")
    return as_alice


def pin(browser, code, move="pin", **options):
    return browser.post(f"{ADDRESS}/{code}/pin", move=move, **options)


def hide(browser, code, public="0", **options):
    return browser.post(f"{ADDRESS}/{code}/visibility", public=public, **options)


def pinned(page):
    return [badge["data-badge"] for badge in page.all("#pinned [data-badge]")]


def pressed(page, code):
    return page.one(f"#award-{code} .segmented [aria-pressed=true]").text


# --- the page ------------------------------------------------------------------------------------


def test_earned_achievements_are_listed_first_with_switches(as_alice):
    page = as_alice.get(ADDRESS)
    tiles = page.all("#achievement-grid [data-achievement]")
    assert len(tiles) == 82
    assert {tile["data-achievement"] for tile in tiles[:4]} == set(EARNED)
    assert all(tile.select(".segmented") for tile in tiles[:4])
    assert not any(tile.select("form") for tile in tiles[4:])
    assert "82 achievements shown, 4 earned" in page.one("#achievement-count").text


def test_unearned_achievements_show_their_progress(as_alice):
    tile = as_alice.get(ADDRESS).one('[data-achievement="rising_star"]')
    assert tile["data-state"] == "progress"
    assert "1/5 songs" in tile.text
    locked = as_alice.get(ADDRESS).one('[data-achievement="pack_starter"]')
    assert "Locked" in locked.text


@pytest.mark.parametrize(("htmx", "headings"), [(False, 1), ("award-results", 0)])
def test_a_category_filter_has_a_url(as_alice, htmx, headings):
    page = as_alice.get(ADDRESS, htmx=htmx, category="social")
    found = page.all("#achievement-grid [data-achievement]")
    assert {tile["data-category"] for tile in found} == {"social"}
    assert len(page.all("h1")) == headings


def test_an_unknown_category_is_rejected(as_alice):
    assert as_alice.get(ADDRESS, category="nonsense").status == 422


def test_anonymous_visitors_are_redirected_to_sign_in(stranger):
    assert stranger.get(ADDRESS).location.startswith("/login")


def test_every_settings_tab_links_to_every_other(as_alice):
    tabs = [link["href"] for link in as_alice.get(ADDRESS).all(SETTINGS_TABS + " a")]
    assert tabs == [
        "/settings/profile",
        "/settings/privacy",
        "/settings/people",
        "/settings/notifications",
        ADDRESS,
        "/settings/streaks",
        "/settings/tokens",
        "/settings/connections",
        "/settings/webhooks",
    ]
    for tab in tabs:
        assert as_alice.get(tab).one(f"{SETTINGS_TABS} [aria-current=page]")["href"] == tab


# --- public and private --------------------------------------------------------------------------


@pytest.mark.both_databases
def test_only_the_owner_sees_a_hidden_achievement(as_alice, as_bob, bob):
    def share(browser):
        page = browser.get("/achievements/")
        return page.one('[data-achievement="first_release"] .tile__share').text

    def known_to_programs():
        return as_bob.api("GET", "/api/achievements/first_release").json["holders"]

    holders, shared = known_to_programs(), share(as_bob)
    assert hide(as_alice, "first_release").status == 303
    assert pressed(as_alice.follow(), "first_release") == "Private"
    assert known_to_programs() == holders - 1
    assert share(as_bob) != shared
    assert "First Release" not in as_bob.get("/users/alice").text
    assert "First Release" not in as_bob.get("/users/alice/card", htmx=True).text
    assert "First Release" not in as_bob.get("/users/alice/compare").text
    own = as_alice.get("/achievements/").one('[data-achievement="first_release"]')
    assert own["data-state"] == "earned"
    hide(as_alice, "first_release", public="1")
    assert known_to_programs() == holders


def test_a_visibility_switch_with_htmx_returns_the_tile(as_alice):
    page = hide(as_alice, "dreamer", htmx="award-dreamer")
    assert pressed(page, "dreamer") == "Private"
    assert "hx-swap-oob" not in page.one("#award-dreamer").attrs
    assert page.one("#pinned")["hx-swap-oob"] == "true"
    assert not page.all("h1")


@pytest.mark.parametrize("public", ["2", "", "yes"])
def test_a_visibility_switch_rejects_other_values(as_alice, public):
    assert hide(as_alice, "dreamer", public).status == 422


@pytest.mark.parametrize("code", ["chart_topper", "nonsense"])
def test_switches_of_unearned_achievements_return_404(as_alice, code):
    assert hide(as_alice, code).status == 404
    assert pin(as_alice, code).status == 404


# --- pins ----------------------------------------------------------------------------------------


def test_pins_are_ordered_by_buttons(as_alice, as_bob):
    for code in EARNED[:3]:
        assert pin(as_alice, code).status == 303
    pin(as_alice, EARNED[2], "up")
    assert pinned(as_alice.follow()) == [EARNED[0], EARNED[2], EARNED[1]]
    pin(as_alice, EARNED[0], "unpin")
    assert pinned(as_alice.follow()) == [EARNED[2], EARNED[1]]
    face = [badge["data-badge"] for badge in as_bob.get("/users/alice").all("[data-badge]")]
    assert face[:2] == [EARNED[2], EARNED[1]]


def test_the_pin_form_keeps_the_category_filter(as_alice):
    answer = pin(as_alice, "dreamer", category="milestone")
    assert answer.location == f"{ADDRESS}?category=milestone"


def test_hidden_pinned_achievements_are_marked(as_alice):
    pin(as_alice, "dreamer")
    hide(as_alice, "dreamer")
    assert "only you can see it" in as_alice.follow().one("#pinned").text


def htmx_from(browser, code, move, *, target, query=""):
    headers = {"HX-Current-URL": f"http://localhost{ADDRESS}{query}", "HX-Target": target}
    fields = {"move": move, "csrf_token": browser.token()}
    return browser.request("POST", f"{ADDRESS}/{code}/pin", htmx=True, headers=headers, data=fields)


def test_pinning_from_a_tile_returns_the_tile_and_the_pinned_list(as_alice):
    page = htmx_from(as_alice, "dreamer", "pin", target="award-dreamer")
    assert pinned(page) == ["dreamer"]
    assert "Unpin" in page.one("#award-pin-dreamer").text
    assert page.one("#pinned")["hx-swap-oob"] == "true"


def test_unpinning_returns_the_tile_only_if_the_filter_shows_it(as_alice):
    pin(as_alice, "dreamer")
    elsewhere = htmx_from(as_alice, "dreamer", "up", target="pinned", query="?category=social")
    assert not elsewhere.all("#award-dreamer")
    page = htmx_from(as_alice, "dreamer", "unpin", target="pinned")
    assert pinned(page) == []
    assert "hx-swap-oob" not in page.one("#pinned").attrs
    assert page.one("#award-dreamer")["hx-swap-oob"] == "true"
    assert page.one("#pinned [data-focus]")


@pytest.fixture
def _five_pinned(app, alice, as_alice):
    with working(app):
        for number in range(4):
            songs.add_song(alice.user, title=f"S{number}", artist="B", status="released")
        songs.add_song(alice.user, title="Sad", artist="C", status="released")
    with working(app):
        for code in (*EARNED, "rising_star"):
            visibility.move_pin(alice.user, code, move="pin")
        for number in range(4):
            songs.add_song(alice.user, title=f"F{number}", artist="D")


@pytest.mark.usefixtures("_five_pinned")
def test_a_sixth_pin_is_rejected_with_a_message(as_alice):
    plain = pin(as_alice, "visionary")
    assert plain.status == 422
    assert "unpin one first" in plain.alert()
    assert plain.all("h1")
    fragment = pin(as_alice, "visionary", htmx="award-visionary")
    assert fragment.status == 422
    assert fragment.headers["HX-Retarget"] == "#pinned"
    assert "unpin one first" in fragment.alert()
    assert not fragment.all("h1")


# --- toasts and time zone ------------------------------------------------------------------------


def release(browser, title):
    browser.post("/songs/", title=title, artist="Nirvana", status="released")
    return browser.follow().toasts()


def test_unwanted_toasts_are_never_shown_later(as_bob):
    assert as_bob.post(ADDRESS, toasts="none").status == 303
    assert release(as_bob, "Lithium") == []
    as_bob.post(ADDRESS, toasts="all")
    assert as_bob.follow().toasts() == []
    tile = as_bob.get("/achievements/").one('[data-achievement="first_release"]')
    assert tile["data-state"] == "earned"


def test_only_rare_toasts_are_shown_when_only_those_are_wanted(app, bob, as_bob):
    as_bob.post(ADDRESS, toasts="rare")
    with working(app):
        for number in range(24):
            songs.add_song(bob.user, title=f"S{number}", artist="B", status="released")
    assert as_bob.get("/songs/").toasts() == []
    assert release(as_bob, "The 25th") == ["pro_performer"]


def test_unwanted_toasts_are_not_shown_after_api_requests(as_bob):
    as_bob.post(ADDRESS, toasts="none")
    as_bob.api("POST", "/api/songs/", {"title": "Polly", "artist": "N", "status": "released"})
    as_bob.post(ADDRESS, toasts="all")
    assert as_bob.follow().toasts() == []


def test_saving_the_time_zone_keeps_the_other_preferences(as_alice):
    as_alice.post(ADDRESS, toasts="rare")
    as_alice.post(ADDRESS, timezone="Pacific/Auckland")
    page = as_alice.follow()
    assert not page.all("#timezone")  # it's in the profile
    assert page.one("#toasts-wanted option[selected]")["value"] == "rare"
    profile = as_alice.get("/settings/profile")
    assert profile.one("#email")["value"] == "alice@example.org"
    assert profile.one("#timezone option[selected]")["value"] == "Pacific/Auckland"


def test_saving_preferences_with_htmx_shows_a_status_message(as_alice):
    page = as_alice.post(ADDRESS, htmx="award-preferences", toasts="none", timezone="UTC")
    assert page.one("#preferences-status").text == "Saved."
    assert not page.all("h1")


@pytest.mark.parametrize("htmx", [False, "award-preferences"])
@pytest.mark.parametrize(("field", "value"), [("toasts", "some"), ("timezone", "Mars/Base")])
def test_invalid_preferences_are_rejected(as_alice, field, value, htmx):
    page = as_alice.post(ADDRESS, htmx=htmx, **{field: value})
    assert page.status == 422
    assert page.one("#award-preferences [role=alert]").get_text()


def test_preferences_persist_across_sessions(app, alice, as_alice):
    as_alice.post(ADDRESS, toasts="rare")
    again = Browser(app)
    again.enter(alice)
    assert again.get(ADDRESS).one("#toasts-wanted option[selected]")["value"] == "rare"
