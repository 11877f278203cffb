"""The bell in a browser: a disclosure with the keyboard, news without loading the page."""

from __future__ import annotations

import limits
import pytest

from tests.support.people import working
from trackflow_web.domain.relations import actions as relations

OFTEN = (limits.parse("100/1 hour"),)


@pytest.fixture
def follow(app, alice):
    def act(person):
        with working(app):
            relations.set_follow(
                person.user, alice.user, wanted=True, limits=OFTEN, newcomer_days=0
            )

    return act


def test_the_bell_opens_its_panel_and_escape_returns_the_focus(page, let_in, follow, alice, bob):
    follow(bob)
    let_in(page, alice)
    page.goto("/settings/profile")
    bell = page.locator("#bell")
    assert (bell.get_attribute("role"), bell.get_attribute("data-new")) == ("button", "1")
    bell.focus()
    page.keyboard.press("Space")
    page.wait_for_selector("#bell-panel [data-notification]")
    page.wait_for_selector("#bell[data-new='0'][aria-expanded='true']")  # seen, not read
    assert page.locator("#bell").get_attribute("data-unread") == "1"
    assert page.locator("#bell-status").inner_text() == ""
    page.keyboard.press("Escape")
    assert page.locator("#bell-panel").is_hidden()
    assert page.evaluate("document.activeElement.id") == "bell"


def test_what_comes_is_announced_once_without_loading_the_page(page, let_in, follow, alice, bob):
    let_in(page, alice)
    page.clock.install()
    page.goto("/settings/profile")
    assert page.locator("#bell").get_attribute("data-new") == "0"
    follow(bob)
    page.clock.run_for(40_000)
    page.wait_for_selector("#bell[data-new='1']")
    assert page.locator("#bell-status").text_content() == "1 new notification"
