"""Visibility and pins of achievements by keyboard; every response keeps the focus."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.charter import Charter
from tests.support.watching import STANDING


@pytest.fixture
def alice(app, alice):
    alice = Charter(app, alice)
    alice.given("dreamer", "first_release", "trackflow_veteran")
    return alice


@pytest.fixture
def tab(page, alice, let_in):
    """The tab, after what was unlocked has been announced."""
    let_in(page, alice)
    page.goto("/settings/achievements")
    expect(page.locator(STANDING)).to_have_count(3)
    page.reload()
    page.evaluate("window.sameDocument = true")
    return page


def press(page, button):
    page.locator(button).focus()
    page.keyboard.press("Enter")


def pinned(page):
    return page.locator("#pinned li .badge__name")


def test_choosing_a_category_changes_the_url_and_keeps_the_focus(tab):
    category = tab.get_by_label("Category")
    earned = tab.locator("#achievement-grid .tile:has(.award)")
    expect(earned).to_have_count(3)
    category.focus()
    category.select_option("activity")
    expect(tab.locator("#achievement-count")).to_have_text("14 achievements shown, 1 earned")
    expect(tab).to_have_url(re.compile("category=activity"))
    expect(earned).to_have_count(1)
    expect(category).to_be_focused()

    press(tab, "#award-private-trackflow_veteran")  # its response keeps the filter
    expect(tab.locator("#award-private-trackflow_veteran")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(earned).to_have_count(1)
    assert tab.evaluate("window.sameDocument")


def test_alice_hides_one_pins_two_and_orders_them_by_keyboard(tab):
    hide = tab.locator("#award-private-dreamer")
    press(tab, "#award-private-dreamer")
    expect(hide).to_have_attribute("aria-pressed", "true")
    expect(hide).to_be_focused()

    for code in ("dreamer", "first_release"):
        press(tab, f"#award-pin-{code}")
        expect(tab.locator(f"#award-pin-{code}")).to_contain_text("Unpin")
        expect(tab.locator(f"#award-pin-{code}")).to_be_focused()
    expect(pinned(tab)).to_have_text(["Dreamer", "First Release"])
    expect(tab.locator("#pinned li").first).to_contain_text("Private: only you can see it.")

    press(tab, "#pin-up-first_release")
    expect(pinned(tab)).to_have_text(["First Release", "Dreamer"])
    expect(tab.locator("#pin-up-first_release")).to_be_focused()
    assert tab.evaluate("window.sameDocument")
    tab.reload()
    expect(pinned(tab)).to_have_text(["First Release", "Dreamer"])
    expect(hide).to_have_attribute("aria-pressed", "true")


def test_alice_turns_toasts_off(tab, alice):
    status = tab.locator("#preferences-status")
    expect(status).to_have_role("status")
    status.evaluate("line => { window.line = line; }")
    tab.get_by_label("Notify me about").select_option("none")
    press(tab, "#preferences-save")
    expect(status).to_have_text("Saved.")
    expect(tab.locator("#preferences-save")).to_be_focused()
    assert status.evaluate("line => line === window.line")
    assert tab.evaluate("window.sameDocument")

    alice.given("loyal")
    tab.goto("/songs/")
    expect(tab.locator("h1")).to_have_text("Songs")
    expect(tab.locator(STANDING)).to_have_count(0)
