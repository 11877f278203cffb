"""The first session of a user: from registration to First Finish."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.people import PASSWORD
from tests.support.watching import STANDING
from trackflow_web.domain.people.queries import find_by_username

HOME = re.compile(r"//[^/]+/$")
SONGS = re.compile(r"/songs/$")
SONG = re.compile(r"/songs/\d+$")


def register(page, username="alice"):
    page.goto("/")
    page.get_by_role("link", name="Start your setlist").click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("Email").fill(f"{username}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(HOME)


def add_song(page, title="One", artist="Metallica"):
    page.get_by_label("Title").fill(title)
    page.get_by_label("Artist").fill(artist)
    page.get_by_role("button", name="Add song").click()


def time_zone_of(app, username):
    with app.app_context():
        return find_by_username(username).timezone


def test_registering_sets_the_time_zone_of_the_browser(app, new_page):
    register(new_page(timezone_id="Asia/Tokyo"))
    assert time_zone_of(app, "alice") == "Asia/Tokyo"


def test_registering_without_javascript_sets_utc(app, page_without_javascript):
    register(page_without_javascript)
    assert time_zone_of(app, "alice") == "UTC"


def test_alice_goes_from_her_first_idea_to_her_first_release(page):
    """By htmx: not one page is loaded on the way, and every toast comes once, one after another."""
    register(page)
    page.goto("/songs/")
    page.evaluate("window.sameDocument = true")
    toasts = page.locator(f"{STANDING} .toast__name")
    row = page.locator("#song-rows > li")

    add_song(page)
    expect(toasts).to_have_text(["Dreamer"])
    expect(page.get_by_label("Title")).to_have_value("")
    page.keyboard.press("Escape")
    expect(toasts).to_have_count(0)

    row.get_by_role("button", name="WIP").click()
    expect(toasts).to_have_text(["Getting Started"])
    expect(row.get_by_role("button", name="WIP")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(toasts).to_have_count(0)

    row.get_by_role("button", name="Released").click()
    expect(toasts).to_have_text(["First Finish", "First Release"])
    expect(page.locator("#tab-released")).to_have_text("Released 1")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(toasts).to_have_count(0)

    for status in ("Future Plans", "WIP", "Released"):
        row.get_by_role("button", name=status).click()
        expect(row.get_by_role("button", name=status)).to_have_attribute("aria-pressed", "true")
    expect(toasts).to_have_count(0)
    assert page.evaluate("window.sameDocument")
    page.reload()
    expect(row).to_have_count(1)
    expect(toasts).to_have_count(0)


def test_alice_goes_the_same_way_without_javascript(page_without_javascript):
    """The toasts are plain messages on the page that follows each form."""
    page = page_without_javascript
    register(page)
    page.goto("/songs/")
    toasts = page.locator("#toasts .toast__name")

    add_song(page)
    expect(page).to_have_url(SONGS)
    expect(toasts).to_have_text(["Dreamer"])
    expect(page.locator(".notice")).to_have_text("Added \u2068One\u2069.")
    expect(page.locator("#toasts button")).to_be_hidden()  # the server is stopped

    page.get_by_role("button", name="WIP").click()
    expect(page).to_have_url(SONG)
    expect(toasts).to_have_text(["Getting Started"])

    page.get_by_role("button", name="Released").click()
    expect(toasts).to_have_text(["First Finish", "First Release"])

    page.reload()
    expect(toasts).to_have_count(0)
    page.get_by_role("button", name="WIP").click()
    page.get_by_role("button", name="Released").click()
    expect(page.get_by_role("button", name="Released")).to_have_attribute("aria-pressed", "true")
    expect(toasts).to_have_count(0)
