"""The bell in a browser: a disclosure with the keyboard, news without loading the page."""

from __future__ import annotations

import limits
import pytest

from tests.support.people import working
from trackflow_web.domain.relations import actions as relations

# Whether this tab was told a version by the stream, its own or that of another tab.
HEARS = "#bell-place[data-heard]"
OFTEN = (limits.parse("100/1 hour"),)


@pytest.fixture(params=["polling", "streams"])
def app(request, make_app):
    """The application with event streams and without: all of this holds for both."""
    return make_app(LIVE_STREAMS=4 if request.param == "streams" else 0)


@pytest.fixture
def streams(app):
    return app.extensions["trackflow.streams"]


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


def test_what_comes_is_announced_once_without_loading_the_page(
    page, let_in, follow, streams, alice, bob
):
    let_in(page, alice)
    page.clock.install()
    page.goto("/settings/profile")
    assert page.locator("#bell").get_attribute("data-new") == "0"
    if streams.most:
        page.clock.run_for(1_000)
        page.wait_for_selector(HEARS)
    follow(bob)
    if not streams.most:
        page.clock.run_for(40_000)
    page.wait_for_selector("#bell[data-new='1']")
    assert page.locator("#bell-status").text_content() == "1 new notification"


@pytest.mark.parametrize("app", ["streams"], indirect=True)
def test_several_tabs_share_one_stream_and_all_show_what_comes(
    page, let_in, follow, streams, alice, bob, charlie
):
    """The next tab takes over when the one with the stream is closed."""
    let_in(page, alice)
    page.goto("/settings/profile")
    page.wait_for_selector(HEARS)
    other = page.context.new_page()
    other.goto("/songs/")
    other.wait_for_selector(HEARS)
    assert len(streams._open) == 1
    follow(bob)
    for tab in (page, other):
        tab.wait_for_selector("#bell[data-new='1']")
    page.close()
    version = int(other.locator("#bell").get_attribute("data-version"))
    follow(charlie)
    other.wait_for_selector(f"#bell[data-version='{version + 1}']")
    assert len(streams._open) == 1
