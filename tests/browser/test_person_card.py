"""The user card in a browser: by pointer, by keyboard, by touch, and without scripts."""

from __future__ import annotations

import pytest

from tests.support.charter import Charter
from tests.support.people import working
from trackflow_web.domain.collaborations import actions as collaborations

NAME = 'main .user-name[href="/users/bob"]'


@pytest.fixture
def song(app, alice, bob):
    """Alice's song, with Bob as collaborator; return its URL."""
    song_id = Charter(app, alice).add("One", "Metallica")
    Charter(app, bob).given("artisan", "perfectionist")
    with working(app):
        collaborations.add(song_id=song_id, owner_id=alice.id, user=bob.user, about={})
    return f"/songs/{song_id}"


def focused(page):
    return page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_the_card_opens_and_closes_by_keyboard_and_restores_the_focus(
    page, let_in, alice, song, axe
):
    let_in(page, alice)
    page.goto(song)
    page.focus(NAME)
    page.keyboard.press("Enter")
    card = page.locator("#person-card[open]")
    card.wait_for()
    assert card.get_by_role("heading", name="bob").is_visible()
    assert card.locator("[data-badge]").count() == 3
    assert page.evaluate("document.getElementById('person-card').contains(document.activeElement)")
    axe(page)
    page.keyboard.press("Escape")
    card.wait_for(state="detached")
    assert "/users/bob" in focused(page)
    assert page.url.endswith(song)


def test_a_click_outside_or_on_the_button_closes_the_card(page, let_in, alice, song):
    let_in(page, alice)
    page.goto(song)
    card = page.locator("#person-card[open]")
    for close in (lambda: page.mouse.click(5, 5), lambda: page.click("#person-card-close")):
        page.click(NAME)
        card.wait_for()
        close()
        card.wait_for(state="detached")
        assert "/users/bob" in focused(page)


def test_a_tap_opens_the_card(new_page, let_in, alice, song):
    page = new_page(has_touch=True, viewport={"width": 375, "height": 667})
    let_in(page, alice)
    page.goto(song)
    page.tap(NAME)
    page.locator("#person-card[open]").wait_for()
    page.get_by_role("link", name="Full profile").tap()
    page.wait_for_url("**/users/bob")


def test_opening_a_name_in_a_new_tab_shows_the_profile(page, let_in, alice, song):
    let_in(page, alice)
    page.goto(song)
    with page.context.expect_page() as opened:
        page.click(NAME, modifiers=["ControlOrMeta"])
    opened.value.wait_for_url("**/users/bob")
    assert not page.locator("#person-card[open]").count()


def test_without_javascript_the_name_links_to_the_profile(
    page_without_javascript, let_in, alice, song
):
    page = page_without_javascript
    let_in(page, alice)
    page.goto(song)
    assert not page.locator("#person-card").is_visible()
    page.click(NAME)
    page.wait_for_url("**/users/bob")


def test_on_a_phone_the_current_section_is_visible(new_page, let_in, alice):
    page = new_page(viewport={"width": 375, "height": 667})
    let_in(page, alice)
    page.goto("/bugs/")
    box = page.locator(".nav__list--places [aria-current]").bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 375
