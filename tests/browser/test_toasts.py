"""Duration and dismissal of toasts. The clock of the page is stopped until it is moved."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from tests.support.charter import Charter
from tests.support.watching import STANDING
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.kernel.database import db

LEAVING = 300  # ms, slightly more than the closing animation of toasts.js


@pytest.fixture
def alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def stop_the_clock():
    """`stop_the_clock(page)`: from here on time passes there only by `page.clock.run_for(ms)`."""

    def stop(page):
        page.clock.install(time=0)
        page.clock.pause_at(1000)

    return stop


@pytest.fixture
def toasted(page, alice, let_in, stop_the_clock):
    """`toasted("dreamer", "hard_worker")`: Alice's page when she has just earned these."""
    let_in(page, alice)
    stop_the_clock(page)

    def show(*codes):
        alice.given(*codes)
        page.goto("/songs/")
        return page

    return show


@pytest.fixture
def at_songs(toasted):
    """Alice's page with her songs; nothing is left to be shown."""
    return toasted()


def standing(page):
    """The codes of the visible toasts, the newest last."""
    return page.locator(STANDING).evaluate_all("all => all.map(toast => toast.dataset.toast)")


# --- how long ------------------------------------------------------------------------------------


def test_a_toast_disappears_after_six_seconds(toasted):
    page = toasted("dreamer")
    page.clock.run_for(5999)
    assert standing(page) == ["dreamer"]
    page.clock.run_for(1 + LEAVING)
    expect(page.locator("#toasts > li")).to_have_count(0)


def test_a_toast_of_an_htmx_response_disappears_after_six_seconds(at_songs):
    at_songs.get_by_label("Title").fill("One")
    at_songs.get_by_label("Artist").fill("Metallica")
    at_songs.get_by_role("button", name="Add song").click()
    expect(at_songs.locator(STANDING)).to_have_count(1)
    at_songs.clock.run_for(5900)
    assert standing(at_songs) == ["dreamer"]
    at_songs.clock.run_for(100 + LEAVING)
    expect(at_songs.locator("#toasts > li")).to_have_count(0)


def test_a_toast_pauses_under_the_pointer(toasted):
    page = toasted("dreamer")
    page.clock.run_for(4000)
    page.locator("[data-toast=dreamer]").hover()
    page.clock.run_for(60_000)
    assert standing(page) == ["dreamer"]
    page.mouse.move(5, 5)
    page.clock.run_for(1900)
    assert standing(page) == ["dreamer"]
    page.clock.run_for(200)
    assert standing(page) == []


def test_a_toast_pauses_while_it_has_the_focus(toasted):
    page = toasted("dreamer")
    page.clock.run_for(4000)
    page.locator("[data-toast=dreamer]").get_by_role("link").focus()
    page.clock.run_for(60_000)
    page.keyboard.press("Tab")  # to its close button
    page.clock.run_for(60_000)
    assert standing(page) == ["dreamer"]
    page.keyboard.press("Tab")  # and out of it
    page.clock.run_for(1900)
    assert standing(page) == ["dreamer"]
    page.clock.run_for(200)
    assert standing(page) == []


def test_epic_and_legendary_toasts_stay(toasted):
    page = toasted("dreamer", "devoted", "trackflow_veteran")
    page.clock.run_for(3_600_000)
    assert standing(page) == ["devoted", "trackflow_veteran"]


def test_a_toast_disappears_after_an_hour_in_another_tab(toasted):
    """The page may be asleep for long; what is left of the time is not counted twice."""
    page = toasted("dreamer")
    page.clock.fast_forward(3_600_000)
    page.clock.run_for(LEAVING)
    expect(page.locator("#toasts > li")).to_have_count(0)


# --- how they leave ------------------------------------------------------------------------------


def test_escape_closes_the_newest_toast(toasted):
    page = toasted("dreamer", "devoted", "trackflow_veteran")
    page.keyboard.press("Escape")
    assert standing(page) == ["dreamer", "devoted"]
    page.keyboard.press("Escape")
    assert standing(page) == ["dreamer"]


def test_the_close_button_has_a_label_and_closes_the_toast(toasted):
    page = toasted("dreamer", "devoted")
    toast = page.locator("[data-toast=devoted]")
    toast.get_by_role("button", name="Dismiss").click()
    assert standing(page) == ["dreamer"]
    page.clock.run_for(LEAVING)
    expect(toast).to_have_count(0)


def test_closing_by_keyboard_moves_the_focus_to_the_next_toast_and_then_the_page(toasted):
    page = toasted("devoted", "trackflow_veteran")
    page.locator("[data-toast=trackflow_veteran] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-toast=devoted] button")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#main")).to_be_focused()
    assert standing(page) == []


def test_a_toast_links_to_its_achievement(toasted):
    page = toasted("devoted")
    page.locator(STANDING).get_by_role("link", name="Devoted").click()
    expect(page).to_have_url(re.compile("/achievements/devoted$"))


# --- how many ------------------------------------------------------------------------------------


def test_three_toasts_are_shown_separately(toasted):
    page = toasted("dreamer", "getting_started", "devoted")
    assert standing(page) == ["dreamer", "getting_started", "devoted"]


def test_four_awards_are_one_summary(toasted):
    page = toasted("dreamer", "getting_started", "hard_worker", "devoted")
    assert standing(page) == ["summary"]
    expect(page.locator(STANDING)).to_contain_text("4 achievements unlocked")
    expect(page.locator(STANDING)).to_contain_text("+130 points, rarest: Devoted")
    page.clock.run_for(60_000)
    assert standing(page) == ["summary"]  # an epic one is among them


def test_a_fourth_toast_replaces_the_oldest(alice, toasted):
    page = toasted("future_architect", "devoted", "trackflow_veteran")
    page.get_by_label("Title").fill("One")
    page.get_by_label("Artist").fill("Metallica")
    page.get_by_role("button", name="Add song").click()
    expect(page.locator("[data-toast=dreamer]")).to_be_visible()
    assert standing(page) == ["devoted", "trackflow_veteran", "dreamer"]


def test_a_second_tab_does_not_repeat_a_toast(toasted):
    page = toasted("dreamer", "devoted")
    other = page.context.new_page()
    for path in ("/songs/", "/achievements/"):
        other.goto(path)
        assert standing(other) == []
    page.reload()
    assert standing(page) == []


def test_a_repeated_message_is_not_shown_again_in_the_same_tab(app, alice, toasted):
    page = toasted("dreamer", "devoted")
    assert standing(page) == ["dreamer", "devoted"]
    with app.app_context():  # as if the process had died before it confirmed them
        db.session.execute(sa.update(UserAchievement).values(notified=False, shown_until=None))
        db.session.commit()
    page.goto("/achievements/")
    assert standing(page) == []
    alice.given("hard_worker")
    page.goto("/songs/")
    assert standing(page) == ["hard_worker"]


# --- for eyes and ears ---------------------------------------------------------------------------


def test_the_live_region_is_in_the_initial_html_and_keeps_its_role(at_songs):
    """One that arrives with its text, or is replaced with it, stays silent."""
    html = at_songs.request.get("/songs/").text()
    assert '<ol id="toasts" role="status" aria-live="polite"></ol>' in html
    at_songs.evaluate("window.region = document.getElementById('toasts')")
    at_songs.get_by_label("Title").fill("One")
    at_songs.get_by_label("Artist").fill("Metallica")
    at_songs.get_by_role("button", name="Add song").click()
    expect(at_songs.locator(STANDING)).to_have_count(1)
    region = at_songs.locator("#toasts")
    assert region.evaluate("region => region === window.region")
    expect(region).to_have_role("status")
    expect(region).to_have_attribute("aria-live", "polite")
    expect(region).to_have_attribute("aria-atomic", "false")  # only what is new is read out


def test_reduced_motion_disables_animations(new_page, alice, let_in, stop_the_clock):
    page = new_page(reduced_motion="reduce")
    let_in(page, alice)
    stop_the_clock(page)
    alice.given("devoted")
    page.goto("/songs/")
    toast = page.locator(STANDING)
    style = toast.evaluate("toast => getComputedStyle(toast).animationName")
    assert style == "none"
    page.keyboard.press("Escape")
    page.clock.run_for(0)
    expect(page.locator("#toasts > li")).to_have_count(0)
    assert page.evaluate("document.getAnimations().length") == 0
