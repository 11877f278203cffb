"""The achievements page: filters, search, the URL, the back button."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.charter import Charter


@pytest.fixture
def alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def shelf(page, alice, let_in):
    """The achievements page of Alice, who has released a song."""
    alice.add(status="released")
    let_in(page, alice)
    page.goto("/achievements/")
    page.evaluate("window.sameDocument = true")
    return page


def tiles(page):
    return page.locator("#achievement-grid [data-achievement]")


def count_line(page):
    return page.locator("#achievement-count")


def caret(page):
    """The cursor position in the search field, and its value."""
    return page.get_by_label("Search").evaluate(
        "field => [document.activeElement === field, field.selectionStart, field.value]"
    )


def test_a_search_updates_while_typing_and_keeps_the_focus(shelf):
    """Input is kept while responses arrive, and the field keeps the focus."""
    search = shelf.get_by_label("Search")
    search.press_sequentially("realease")
    expect(count_line(shelf)).to_have_text("0 achievements shown")
    for _ in range(5):
        search.press("ArrowLeft")
    search.press("Backspace")
    expect(count_line(shelf)).to_have_text("8 achievements shown")
    assert caret(shelf) == [True, 2, "release"]
    search.press_sequentially("x")
    expect(count_line(shelf)).to_have_text("0 achievements shown")
    assert caret(shelf) == [True, 3, "rexlease"]
    assert shelf.evaluate("window.sameDocument")


def test_choosing_a_filter_keeps_the_focus(shelf):
    state = shelf.get_by_label("State")
    state.focus()
    state.select_option("earned")
    expect(tiles(shelf)).to_have_count(1)
    expect(tiles(shelf)).to_have_attribute("data-achievement", "first_release")
    expect(state).to_be_focused()
    assert shelf.evaluate("window.sameDocument")


def test_filters_change_the_url_and_are_restored_from_it(shelf, new_page, let_in, alice):
    shelf.get_by_label("Rarity").select_option("legendary")
    shelf.get_by_label("Sort by").select_option("name")
    shelf.get_by_label("Search").fill("songs")
    expect(shelf).to_have_url(re.compile("q=songs"))
    expect(shelf).to_have_url(re.compile("rarity=legendary"))
    shown = tiles(shelf).evaluate_all("all => all.map(tile => tile.dataset.achievement)")
    assert shown
    elsewhere = new_page()
    let_in(elsewhere, alice)
    elsewhere.goto(shelf.url)
    assert shown == tiles(elsewhere).evaluate_all("all => all.map(t => t.dataset.achievement)")
    expect(elsewhere.get_by_label("Rarity")).to_have_value("legendary")
    expect(elsewhere.get_by_label("Sort by")).to_have_value("name")
    expect(elsewhere.get_by_label("Search")).to_have_value("songs")


def test_the_number_of_results_is_announced_by_a_live_region(shelf):
    line = count_line(shelf)
    expect(line).to_have_role("status")
    line.evaluate("line => { window.line = line; }")
    shelf.get_by_label("Category").select_option("special")
    expect(line).to_have_text("2 achievements shown")
    assert line.evaluate("line => line === window.line")


def test_the_back_button_restores_the_earlier_view(shelf):
    shelf.get_by_label("Category").select_option("diversity")
    expect(count_line(shelf)).to_have_text("14 achievements shown")
    shelf.get_by_label("Search").fill("decades")
    expect(count_line(shelf)).to_have_text("4 achievements shown")

    shelf.go_back()
    expect(count_line(shelf)).to_have_text("14 achievements shown")
    expect(tiles(shelf)).to_have_count(14)
    expect(shelf.get_by_label("Search")).to_have_value("")
    expect(shelf.get_by_label("Category")).to_have_value("diversity")

    shelf.go_back()
    expect(tiles(shelf)).to_have_count(82)
    expect(shelf.get_by_label("Category")).to_have_value("")

    shelf.go_forward()
    expect(tiles(shelf)).to_have_count(14)
    expect(shelf.get_by_label("Category")).to_have_value("diversity")
    shelf.get_by_label("Rarity").select_option("epic")  # and the form still works
    expect(tiles(shelf)).to_have_count(3)


def test_the_back_button_returns_from_an_achievement_to_the_same_results(shelf):
    shelf.get_by_label("Search").fill("decades")
    expect(tiles(shelf)).to_have_count(4)
    shelf.get_by_role("link", name="Decade Master").click()
    expect(shelf.get_by_role("heading", level=1)).to_have_text("Decade Master")
    shelf.go_back()
    expect(tiles(shelf)).to_have_count(4)
    expect(shelf.get_by_label("Search")).to_have_value("decades")


def test_an_empty_result_lists_the_filters_and_removes_one(shelf):
    shelf.get_by_label("Category").select_option("social")
    shelf.get_by_label("Search").fill("polka")
    expect(count_line(shelf)).to_have_text("0 achievements shown")
    empty = shelf.locator("#achievement-grid .empty")
    expect(empty.get_by_role("link")).to_have_text(
        ["Remove Social", "Remove “polka”", "Clear filters"]
    )
    empty.get_by_role("link", name="Remove “polka”").click()
    expect(tiles(shelf)).to_have_count(4)
    expect(shelf.get_by_label("Category")).to_have_value("social")
    expect(shelf.get_by_label("Search")).to_have_value("")


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 375, "height": 812}])
def test_filters_and_results_are_visible_together(new_page, app, alice, let_in, size):
    alice.add_many(3, status="wip")
    page = new_page(viewport=size)
    let_in(page, alice)
    page.goto("/achievements/")
    form, name = page.locator("#achievement-filters"), tiles(page).first.locator("h3")
    if size["width"] < 640:  # the form is under one line
        page.get_by_text("Search and filter").click()
    expect(form).to_be_in_viewport(ratio=1)
    expect(name).to_be_in_viewport(ratio=1)
    page.get_by_label("State").select_option("progress")
    expect(tiles(page).first).to_have_attribute("data-state", "progress")
    expect(form).to_be_in_viewport(ratio=1)
    expect(tiles(page).first.locator("h3")).to_be_in_viewport(ratio=1)


def test_a_small_phone_shows_a_whole_tile_below_the_filters(new_page, alice, let_in):
    page = new_page(viewport={"width": 375, "height": 667})
    let_in(page, alice)
    page.goto("/achievements/?state=locked")
    expect(page.locator("#achievement-active")).to_have_text("Locked")
    expect(page.get_by_text("Search and filter")).to_be_in_viewport(ratio=1)
    expect(tiles(page).first).to_be_in_viewport(ratio=1)


def test_the_toolbar_stays_above_the_results_on_a_large_screen(shelf):
    shelf.locator("[data-achievement=completionist]").scroll_into_view_if_needed()
    expect(shelf.locator("#achievement-filters")).to_be_in_viewport(ratio=1)
    expect(count_line(shelf)).to_be_in_viewport(ratio=1)


def test_seven_tiles_fill_rows_of_four(shelf):
    tops = (
        shelf.locator(".group")
        .first.locator(".tile")
        .evaluate_all("all => all.map(tile => tile.getBoundingClientRect().top)")
    )
    assert [tops.count(top) for top in sorted(set(tops))] == [4, 3]


def test_no_tile_is_alone_in_its_row(shelf):
    rows = """groups => groups.map(group => {
        const tops = [...group.querySelectorAll('.tile')].map(tile => tile.offsetTop);
        return [tops.length, tops.filter(top => top === tops.at(-1)).length];
    })"""
    for tiles_of_group, in_last_row in shelf.locator(".group").evaluate_all(rows):
        assert in_last_row > 1 or tiles_of_group == 1, tiles_of_group


def test_filters_work_without_javascript(page_without_javascript, alice, let_in):
    page = page_without_javascript
    let_in(page, alice)
    page.goto("/achievements/")
    page.get_by_label("Rarity").select_option("legendary")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("rarity=legendary"))
    assert {"legendary"} == set(tiles(page).evaluate_all("all => all.map(t => t.dataset.rarity)"))
    expect(page.get_by_label("Rarity")).to_have_value("legendary")
