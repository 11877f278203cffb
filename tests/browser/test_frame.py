"""The frame of every page: menu, theme, shortcuts, suggestions, and where toasts are."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.charter import Charter
from tests.support.songs import add_song
from tests.support.watching import STANDING

PHONE = {"width": 375, "height": 720}


@pytest.fixture
def at_songs(app, page, alice, let_in):
    let_in(page, alice)
    page.goto("/songs/")
    return page


def focused(page):
    return page.evaluate("document.activeElement.name || document.activeElement.id")


def test_shortcuts_lead_to_the_search_and_to_a_new_song(at_songs):
    at_songs.keyboard.press("/")
    assert focused(at_songs) == "q"
    at_songs.keyboard.type("n?")
    expect(at_songs.locator("#song-q")).to_have_value("n?")
    at_songs.locator("#song-q").blur()
    at_songs.keyboard.press("Control+n")
    assert focused(at_songs) != "title"
    at_songs.keyboard.press("n")
    assert focused(at_songs) == "title"
    at_songs.goto("/stats")
    at_songs.keyboard.press("n")
    at_songs.wait_for_url("**/songs/#new-song")
    expect(at_songs.locator(".quick-add [name=title]")).to_be_focused()


def test_the_list_of_shortcuts_opens_and_closes(at_songs, axe):
    at_songs.keyboard.press("?")
    dialog = at_songs.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    axe(at_songs)
    at_songs.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    at_songs.get_by_role("link", name="Keyboard shortcuts").click()
    expect(dialog).to_be_visible()


def test_shortcuts_that_are_turned_off_do_nothing(at_songs):
    at_songs.goto("/settings/profile")
    at_songs.get_by_label("Keyboard shortcuts").select_option("0")
    at_songs.locator("#appearance").get_by_role("button", name="Save").click()
    at_songs.goto("/songs/")
    at_songs.keyboard.press("/")
    assert focused(at_songs) != "q"


def test_the_theme_changes_at_once_and_stays(at_songs, axe):
    def background():
        return at_songs.evaluate("getComputedStyle(document.body).backgroundColor")

    light = background()
    at_songs.locator("#account-menu > summary").click()
    at_songs.get_by_role("button", name="Dark").click()
    expect(at_songs.locator("html")).to_have_attribute("data-theme", "dark")
    expect(at_songs.get_by_role("button", name="Dark")).to_be_focused()
    dark = background()
    assert dark != light
    axe(at_songs)
    at_songs.keyboard.press("Escape")
    expect(at_songs.locator("#account-menu > summary")).to_be_focused()
    at_songs.reload()
    assert background() == dark


def test_the_theme_can_be_chosen_without_a_script(page_without_javascript, alice, let_in):
    page = page_without_javascript
    let_in(page, alice)
    page.goto("/packs/")
    page.locator("#account-menu > summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url("/packs/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_artists_are_suggested_while_typing(app, at_songs, alice):
    add_song(app, alice, "One", artist="Metallica")
    add_song(app, alice, "Two", artist="Radiohead")
    at_songs.locator("#artist").press_sequentially("met")
    expect(at_songs.locator("#artists option")).to_have_count(1)
    assert at_songs.locator("#artists option").get_attribute("value") == "Metallica"


def test_the_first_steps_disappear_when_they_are_hidden(at_songs):
    checklist = at_songs.get_by_role("region", name="First steps")
    expect(checklist).to_be_visible()
    checklist.get_by_role("button", name="Hide").click()
    expect(checklist).to_be_hidden()
    at_songs.reload()
    expect(checklist).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 375])
def test_a_toast_does_not_cover_the_control_just_used(app, new_page, alice, let_in, width):
    for number in range(12):
        add_song(app, alice, f"Song {number}")
    Charter(app, alice)
    page = new_page(viewport={"width": width, "height": 720})
    let_in(page, alice)
    page.goto("/songs/")
    page.goto("/songs/")  # what was earned before has been shown
    button = page.locator("#song-rows > li").nth(6).get_by_role("button", name="WIP")
    button.evaluate("button => window.scrollTo(0, button.getBoundingClientRect().top - 600)")
    button.click()
    expect(page.locator(STANDING).first).to_be_visible()
    toasts, used = (place.bounding_box() for place in (page.locator("#toasts"), button))
    assert toasts["y"] + toasts["height"] <= used["y"] or toasts["y"] >= used["y"] + used["height"]


MESSAGE = "#toasts .toast:not(.toast--leaving)"
OTHER_BUTTONS = """() => {
    const toasts = document.getElementById('toasts').getBoundingClientRect();
    const covers = (box) => box.height && box.bottom > toasts.top && box.top < toasts.bottom
        && box.right > toasts.left && box.left < toasts.right;
    const buttons = 'main :is(button, input:not([type=hidden]), select, summary)';
    return [...document.querySelectorAll(buttons)]
        .filter(each => covers(each.getBoundingClientRect()))
        .map(each => each.outerHTML.slice(0, 80));
}"""


def test_a_message_covers_no_button_on_a_phone(app, new_page, alice, let_in):
    for number in range(6):
        add_song(app, alice, f"Song {number}")
    page = new_page(viewport=PHONE)
    let_in(page, alice)
    page.goto("/songs/")
    page.goto("/songs/")  # what was earned before has been shown
    for number in (0, 3):
        row = page.locator("#song-rows > li").nth(number)
        row.scroll_into_view_if_needed()
        row.get_by_role("button", name="Delete").click()
        expect(page.locator(MESSAGE)).to_have_count(1)
        assert page.evaluate(OTHER_BUTTONS) == []
        page.locator(f"{MESSAGE} [data-close]").click()
        expect(page.locator(MESSAGE)).to_have_count(0)


def test_the_places_of_a_phone_fade_where_they_go_on(new_page, alice, let_in):
    page = new_page(viewport=PHONE)
    let_in(page, alice)
    page.goto("/songs/")
    places = page.locator(".nav__list--places")
    expect(places).to_have_attribute("data-more", "end")
    places.evaluate("list => { list.scrollLeft = list.scrollWidth; }")
    expect(places).to_have_attribute("data-more", "start")


def test_a_profile_has_a_picture_and_no_problems(app, page, alice, let_in, axe):
    Charter(app, alice).given("artisan", "perfectionist")
    let_in(page, alice)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/users/alice")
        expect(page.locator(".profile .avatar")).to_be_visible()
        assert page.locator(".profile .avatar").evaluate("image => image.naturalWidth > 0")
        axe(page)
