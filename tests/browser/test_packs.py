"""A pack from its name to its release, and an album whose tracks are songs; not a page is loaded
for what is changed on one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.charter import Charter
from tests.support.watching import STANDING, settle


@pytest.fixture
def songs(page, app, alice, let_in):
    """Alice's songs One to Three, before she opens a page; return her page."""
    alice = Charter(app, alice)
    for title, year in (("One", 1971), ("Two", 1982), ("Three", 1993)):
        alice.add(title, year=year, status="wip")
    let_in(page, alice)
    page.goto("/songs/")
    expect(page.locator(STANDING)).not_to_have_count(0)  # shows the toasts of these
    return page


def begin(page, button):
    page.get_by_role("button", name=button).click()
    page.wait_for_url(re.compile(r"/\d+$"))
    page.evaluate("window.sameDocument = true")


def test_alice_fills_a_pack_and_releases_it(songs):
    page = songs
    page.goto("/packs/")
    page.get_by_role("textbox", name="Name").fill("Encore")
    begin(page, "Create pack")
    inside = page.locator("#pack-songs .songs > li")
    expect(page.locator("#pack-songs")).to_contain_text("This pack is empty.")
    for count, title in enumerate(("One", "Two", "Three"), start=1):
        page.get_by_role("button", name=f"Add {title}").focus()
        page.keyboard.press("Enter")
        expect(inside).to_have_count(count)
        expect(page.locator("#pack-songs-title")).to_be_focused()  # its button was removed

    two = inside.filter(has=page.get_by_role("link", name="Two"))
    two.get_by_role("button", name="Make optional").focus()
    page.keyboard.press("Enter")
    expect(two.locator(".pill")).to_have_text("optional")
    expect(two.get_by_role("button", name="Make required")).to_be_focused()
    page.get_by_label("Search songs to add").press_sequentially("x")
    expect(page.locator("#pack-choices")).to_contain_text("No other songs match “x”")
    assert page.evaluate("window.sameDocument")

    page.get_by_role("link", name="Release the whole pack").click()
    page.get_by_role("button", name="Release 3 songs").click()
    expect(page.locator(".song-head--released")).to_have_count(1)
    expect(page.get_by_role("link", name="Release the whole pack")).to_have_count(0)
    expect(page.locator("#toasts [data-toast=summary]")).to_be_visible()
    expect(page.locator("#toasts [data-toast=summary]")).to_have_count(1)


def test_alice_links_suggestions_and_skips_a_track(songs):
    page = songs
    page.goto("/series/")
    page.get_by_role("textbox", name="Artist").fill("Metallica")
    page.get_by_role("textbox", name="Album").fill("The Three")
    page.get_by_role("textbox", name="Tracks").fill("One\nInterlude\nThree")
    begin(page, "Create album")
    tracks = page.locator(".tracks > li")
    meter = page.locator("#series-tracks .overview__head .meter__text")
    expect(page.locator("#series-link")).to_have_text("Link 2 songs you have")
    expect(meter).to_have_text("0/3 tracks")

    tracks.nth(0).get_by_role("button", name="Link song").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#track-1-link")).to_have_text("Unlink: One")
    expect(page.locator("#track-1-link")).to_be_focused()
    expect(page.locator("#series-link")).to_have_text("Link 1 song you have")
    page.locator("#series-link").click()
    expect(tracks.nth(2)).to_contain_text("WIP")
    expect(meter).to_have_text("0/3 tracks")

    expect(page.locator("#series-summary")).to_be_focused()
    settle(page)
    tracks.nth(1).get_by_role("button", name="Skip").focus()
    page.keyboard.press("Enter")
    expect(tracks.nth(1).get_by_role("button", name="Include")).to_be_focused()
    expect(meter).to_have_text("0/2 tracks")
    assert page.evaluate("window.sameDocument")


def test_alice_adds_missing_songs_and_edits_the_track_list(songs):
    page = songs
    page.goto("/series/")
    page.get_by_role("textbox", name="Artist").fill("Metallica")
    page.get_by_role("textbox", name="Album").fill("The Three")
    page.get_by_role("textbox", name="Tracks").fill("Four\nInterlude\nThree")
    begin(page, "Create album")
    tracks = page.locator(".tracks > li")
    tracks.nth(1).get_by_role("button", name="Add to Future Plans").click()
    expect(page.locator("#series-summary")).to_have_text("Added 1 song to Future Plans.")
    page.get_by_role("button", name="Add missing to Future Plans").click()
    expect(page.locator("#series-summary")).to_have_text(
        "Added 1 song to Future Plans and linked 1 you already had."
    )
    expect(tracks.get_by_role("link", name="Four", exact=True)).to_have_count(1)

    page.get_by_role("link", name="Edit tracks").click()
    expect(page.get_by_label("Title of track 1")).to_be_focused()
    page.get_by_label("Position of track 3").fill("1")
    page.get_by_label("Remove Interlude").check()
    page.get_by_label("Add tracks").fill("Five")
    page.get_by_role("button", name="Save tracks").click()
    expect(tracks.locator("h3")).to_have_text(["Three", "Four", "Five"])
    assert page.evaluate("window.sameDocument")
