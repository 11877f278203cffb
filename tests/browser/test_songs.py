"""The list of songs and one song, with htmx: nothing that is pressed loses the focus."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.charter import Charter
from tests.support.songs import titles_of
from tests.support.watching import settle


@pytest.fixture
def alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def setlist(page, alice, let_in):
    """Alice's list: One is planned, Two at work, Three released."""
    for title, status in (("One", "future"), ("Two", "wip"), ("Three", "released")):
        alice.add(title, status=status)
    let_in(page, alice)
    page.goto("/songs/")
    page.evaluate("window.sameDocument = true")
    return page


def titles(page):
    return page.locator("#song-rows h3 a")


def row(page, title):
    return page.locator("#song-rows > li").filter(has=page.get_by_role("link", name=title))


def tab(page, name):
    return page.locator("#song-tabs").get_by_role("link", name=name)


def same_document(page):
    return page.evaluate("window.sameDocument === true")


# --- search and tabs -----------------------------------------------------------------------------


def test_a_song_search_updates_while_typing_and_keeps_the_focus(setlist):
    search = setlist.get_by_label("Search your songs")
    search.press_sequentially("t")
    expect(titles(setlist)).to_have_text(["Three", "Two", "One"])  # One is by Metallica
    search.press_sequentially("wo")
    expect(titles(setlist)).to_have_text(["Two"])
    expect(setlist).to_have_url(re.compile("q=two"))
    expect(search).to_be_focused()
    search.press_sequentially("x")
    expect(setlist.locator("#song-list")).to_contain_text("No songs match “twox”")
    expect(search).to_have_value("twox")
    assert same_document(setlist)


def test_tabs_keep_the_focus_and_the_search(setlist):
    tab(setlist, "WIP").focus()
    setlist.keyboard.press("Enter")
    expect(titles(setlist)).to_have_text(["Two"])
    expect(tab(setlist, "WIP")).to_be_focused()
    expect(tab(setlist, "WIP")).to_have_attribute("aria-current", "page")
    setlist.get_by_label("Search your songs").fill("one")
    expect(setlist.locator("#song-list")).to_contain_text("No songs match “one” here")
    expect(setlist).to_have_url(re.compile("status=wip"))
    setlist.get_by_role("link", name="Search all songs").click()
    expect(titles(setlist)).to_have_text(["One"])


def test_the_back_button_restores_the_earlier_list(setlist):
    setlist.get_by_label("Search your songs").fill("two")
    expect(titles(setlist)).to_have_text(["Two"])
    tab(setlist, "Released").click()
    expect(titles(setlist)).to_have_count(0)
    setlist.go_back()
    expect(titles(setlist)).to_have_text(["Two"])
    expect(setlist.get_by_label("Search your songs")).to_have_value("two")
    setlist.go_back()
    expect(titles(setlist)).to_have_count(3)
    expect(setlist.get_by_label("Search your songs")).to_have_value("")


# --- adding --------------------------------------------------------------------------------------


def test_alice_adds_by_keyboard_and_can_add_the_next(setlist, app, alice):
    setlist.get_by_label("Title").focus()
    setlist.keyboard.type("Four")
    setlist.keyboard.press("Tab")
    setlist.keyboard.type("Metallica")
    setlist.keyboard.press("Enter")
    expect(titles(setlist)).to_have_text(["Four", "Three", "Two", "One"])
    expect(setlist.get_by_label("Title")).to_have_value("")
    expect(setlist.get_by_label("Title")).to_be_focused()
    assert same_document(setlist)
    assert titles_of(app, alice) == ["One", "Two", "Three", "Four"]


def test_a_duplicate_song_is_rejected_with_a_link_and_keeps_the_input(setlist, app, alice):
    setlist.get_by_label("Title").fill("one")
    setlist.get_by_label("Artist").fill("METALLICA")
    setlist.get_by_label("Year").fill("1988")
    setlist.get_by_role("button", name="Add song").click()
    notice = setlist.get_by_role("alert")
    expect(notice).to_contain_text("Already in your list: One by Metallica")
    expect(setlist.get_by_label("Title")).to_have_value("one")
    expect(setlist.get_by_label("Year")).to_have_value("1988")
    notice.get_by_role("link").click()
    expect(setlist.get_by_role("heading", level=1)).to_have_text("One")
    assert titles_of(app, alice) == ["One", "Two", "Three"]


# --- editing in place ----------------------------------------------------------------------------


def test_alice_edits_in_place_by_keyboard(setlist):
    page = setlist
    row(page, "Two").get_by_role("link", name="Edit").focus()
    page.keyboard.press("Enter")
    title = page.locator(".song--editing").get_by_label("Title")
    expect(title).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Battery")
    page.keyboard.press("Enter")
    expect(titles(page)).to_have_text(["Three", "Battery", "One"])
    expect(row(page, "Battery").get_by_role("link", name="Edit")).to_be_focused()
    assert same_document(page)


def test_alice_cancels_an_edit_by_keyboard(setlist):
    page = setlist
    row(page, "Two").get_by_role("link", name="Edit").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".song--editing").get_by_label("Title")).to_be_focused()
    page.keyboard.type("Nothing")
    for _ in range(5):  # artist, album, year, Save, Cancel
        page.keyboard.press("Tab")
    expect(page.locator(".song--editing").get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(titles(page)).to_have_text(["Three", "Two", "One"])
    expect(row(page, "Two").get_by_role("link", name="Edit")).to_be_focused()
    assert same_document(page)


def test_a_rejected_edit_stays_open_and_keeps_the_input(setlist):
    page = setlist
    row(page, "Two").get_by_role("link", name="Edit").click()
    form = page.locator(".song--editing")
    form.get_by_label("Year").fill("1986")
    form.get_by_label("Album").fill("x" * 201)
    form.get_by_label("Album").press("Enter")
    album = form.get_by_label("Album")
    expect(album).to_have_attribute("aria-invalid", "true")
    expect(album).to_be_focused()
    expect(album).to_have_value("x" * 201)
    expect(form.get_by_label("Year")).to_have_value("1986")
    settle(page)
    album.fill("Master of Puppets")
    album.press("Enter")
    expect(row(page, "Two")).to_contain_text("Master of Puppets · 1986")


# --- one song ------------------------------------------------------------------------------------


def test_a_part_is_one_tab_stop_and_arrow_keys_choose_its_state(page, alice, let_in):
    song = alice.add()
    let_in(page, alice)
    page.goto(f"/songs/{song}")
    drums = page.get_by_role("group", name="Drums", exact=True)
    settle(page)
    drums.get_by_role("radio", name="To do").focus()
    for key, name, text in (
        ("ArrowRight", "Done", "1/15 parts"),
        ("ArrowRight", "Not needed", "0/14 parts"),
        ("ArrowLeft", "Done", "1/15 parts"),
    ):
        page.keyboard.press(key)
        expect(page.locator("#song-parts .meter__text")).to_have_text(text)
        settle(page)
        expect(drums.get_by_role("radio", name=name)).to_be_focused()
    page.keyboard.press("Tab")
    bass = page.get_by_role("group", name="Bass", exact=True)
    expect(bass.get_by_role("radio", name="To do")).to_be_focused()


def test_moving_a_song_by_keyboard_keeps_the_focus_and_updates_the_counts(setlist):
    requests = []
    # The browser may still be loading its icon.
    setlist.on("request", lambda it: "/static/" in it.url or requests.append(it.method))
    button = row(setlist, "One").get_by_role("button", name="WIP")
    button.focus()
    setlist.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    expect(setlist.locator(".tabs__count")).to_have_text(["3", "0", "2", "1"])
    assert requests == ["POST"]
    assert same_document(setlist)


def test_finishing_a_chart_shows_its_achievement(page, alice, let_in):
    song = alice.add()
    let_in(page, alice)
    page.goto(f"/songs/{song}")
    lanes = page.locator(".lane")
    for number in range(lanes.count()):
        settle(page)
        lanes.nth(number).get_by_role("radio", name="Done").press("Space")
        text = page.locator("#song-parts .meter__text")
        expect(text).to_have_text(f"{number + 1}/15 parts")
    expect(page.locator("[data-toast=perfectionist]")).to_be_visible()


def test_alice_deletes_by_keyboard_and_undoes_it(setlist, app, alice):
    page = setlist
    row(page, "Two").get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    expect(titles(page)).to_have_text(["Three", "One"])
    expect(page.locator(".tabs__count").first).to_have_text("2")
    message = page.locator("#toasts .toast--message")
    expect(message).to_contain_text("Deleted \u2068Two\u2069.")
    expect(message.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(titles(page)).to_have_text(["Three", "Two", "One"])
    expect(page.locator("#toasts")).to_contain_text("Restored \u2068Two\u2069.")
    expect(page.locator(".tabs__count").first).to_have_text("3")
    assert same_document(page)
    assert titles_of(app, alice) == ["One", "Two", "Three"]


def test_alice_adds_ten_songs_in_a_row_and_ticks_a_part_by_keyboard(setlist):
    page = setlist
    tab(page, "WIP").click()
    expect(titles(page)).to_have_text(["Two"])
    page.locator("#status").select_option("wip")
    page.get_by_label("Title").focus()
    for number in range(10):
        page.keyboard.type(f"Song {number}")
        page.keyboard.press("Tab")
        page.keyboard.type("Metallica")
        page.keyboard.press("Enter")
        expect(titles(page)).to_have_count(number + 2)
        expect(page.get_by_label("Title")).to_be_focused()
        expect(page.get_by_label("Title")).to_have_value("")
    expect(tab(page, "WIP")).to_have_attribute("aria-current", "page")
    expect(page.locator("#song-total")).to_have_text("11 of 13 songs")
    settle(page)
    row(page, "Song 9").get_by_role("button", name="Next: Demucs").focus()
    page.keyboard.press("Enter")
    expect(row(page, "Song 9").get_by_role("button", name="Next: MIDI")).to_be_focused()
    demucs = row(page, "Song 9").locator("[data-part=demucs]")
    expect(demucs).to_have_attribute("data-state", "done")
    assert same_document(page)


def test_a_row_that_leaves_its_tab_can_be_put_back(setlist):
    page = setlist
    tab(page, "WIP").click()
    expect(titles(page)).to_have_text(["Two"])
    settle(page)
    row(page, "Two").get_by_role("button", name="Future Plans").click()
    gone = page.locator(".song--gone")
    expect(gone).to_contain_text("Moved to Future Plans")
    gone.get_by_role("button", name="Undo").click()
    expect(titles(page)).to_have_text(["Two"])
    expect(page.locator("#song-count-wip")).to_have_text("1")


def test_escape_closes_an_edit_in_place(setlist):
    page = setlist
    row(page, "Two").get_by_role("link", name="Edit").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".song--editing").get_by_label("Title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, "Two").get_by_role("link", name="Edit")).to_be_focused()
    assert same_document(page)


def test_selected_songs_are_moved_together(setlist):
    page = setlist
    for title in ("One", "Two"):
        page.get_by_role("checkbox", name=f"Select {title}").check()
    bar = page.locator("#bulk")
    expect(bar).to_contain_text("2 songs selected")
    bar.get_by_label("Status").select_option("released")
    bar.get_by_role("button", name="Move").click()
    expect(page.locator("#song-count-released")).to_have_text("3")
    expect(page.locator("#toasts .toast--message")).to_contain_text("Moved 2 songs to Released.")
    expect(bar).to_be_hidden()


def test_the_form_for_a_new_song_is_collapsed_on_phones_only(page, alice, let_in):
    page.set_viewport_size({"width": 375, "height": 700})
    let_in(page, alice)
    page.goto("/songs/")
    expect(page.locator("#title")).to_be_hidden()
    page.get_by_role("heading", name="Add a song").click()
    expect(page.locator("#title")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/songs/")
    expect(page.locator("#title")).to_be_visible()
