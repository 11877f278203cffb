"""Alice has no mouse."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.people import PASSWORD
from tests.support.watching import STANDING

MOST_STOPS = 60

# The visible focus: an outline on a visible element. The links
# of tiles draw it around the whole tile, with a pseudo-element.
SEEN = """() => {
    const element = document.activeElement;
    const box = element.getBoundingClientRect();
    const outlined = [null, "::after"].some((part) => {
        const style = getComputedStyle(element, part);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    });
    const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0;
    return outlined && inside;
}"""


def where(page):
    return page.evaluate("document.activeElement.outerHTML.slice(0, 150)")


def tab_to(page, wanted, key="Tab"):
    """Press Tab until the keyboard is there; at every stop one sees where it is."""
    expect(wanted).to_have_count(1)
    passed = []
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement === document.body"):
            continue  # from the last stop to the first one
        passed.append(where(page))
        assert page.evaluate(SEEN), f"focus cannot be seen on {passed[-1]}"
        if wanted.evaluate("element => element === document.activeElement"):
            return
    message = "Tab never gets there, but to:\n" + "\n".join(passed)
    raise AssertionError(message)


def heading(page):
    return page.get_by_role("heading", level=1)


def test_the_first_tab_stop_of_every_page_skips_to_the_content(page, alice, let_in):
    let_in(page, alice)
    for path in ("/songs/", "/achievements/", "/settings/profile"):
        page.goto(path)
        skip = page.get_by_role("link", name="Skip to content")
        tab_to(page, skip)
        assert skip.evaluate("link => link.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_tab_order_follows_the_visual_order(page):
    page.goto("/")
    stops = []
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert stops == [
        "Skip to content",
        "TrackFlow",
        "Sign in",
        "Register",
        "Start your setlist",
        "Sign in",
    ]


def test_alice_uses_the_site_by_keyboard_only(page):
    page.goto("/")
    tab_to(page, page.get_by_role("link", name="Start your setlist"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Username"))
    for text in ("alice", "alice@example.org", PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on the button now
    expect(heading(page)).to_have_text("Welcome back")
    page.goto("/songs/")

    tab_to(page, page.get_by_label("Title"))
    page.keyboard.type("One")
    tab_to(page, page.get_by_label("Artist"))
    page.keyboard.type("Metallica")
    page.keyboard.press("Enter")
    toast = page.locator(STANDING)
    expect(toast).to_contain_text("Dreamer")
    page.keyboard.press("Escape")
    expect(toast).to_have_count(0)

    row = page.locator("#song-rows > li")
    for status in ("WIP", "Released"):
        button = row.get_by_role("button", name=status)
        tab_to(page, button)
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")
    expect(toast.last).to_contain_text("First Release")
    tab_to(page, page.locator("[data-toast=first_release]").get_by_role("link"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("First Release")
    tab_to(page, page.locator(".receipt a"))
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("One")

    tab_to(page, page.get_by_role("link", name="Achievements"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("State"))
    page.keyboard.type("Earned")
    expect(page.locator("#achievement-count")).to_have_text("4 achievements shown")
    expect(page.get_by_label("State")).to_be_focused()
    tab_to(page, page.locator("[data-achievement=dreamer] a"))
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Dreamer")

    tab_to(page, page.locator("#account-menu > summary"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/$"))
    expect(page.get_by_role("link", name="Start your setlist")).to_be_visible()


def typed(page, *texts):
    """Type into this field and the next ones."""
    for text in texts:
        page.keyboard.type(text)
        page.keyboard.press("Tab")


def test_alice_goes_from_registering_to_an_undone_release_by_keyboard_only(page):
    page.goto("/register")
    tab_to(page, page.get_by_label("Username"))
    typed(page, "alice", "alice@example.org", PASSWORD)
    page.keyboard.press("Enter")
    steps = page.get_by_role("region", name="First steps")
    expect(steps).to_contain_text("Every song has 15 parts")

    page.keyboard.press("n")  # a new song
    expect(page.get_by_label("Title")).to_be_focused()
    for number in range(9):
        typed(page, f"Song {number}")
        page.keyboard.type("Metallica")
        page.keyboard.press("Enter")
        expect(page.locator("#song-rows > li")).to_have_count(number + 1)
        expect(page.get_by_label("Title")).to_be_focused()
    typed(page, "Don\u2019t Stop")
    page.keyboard.type("Beyonc\u00e9")
    page.keyboard.press("Enter")
    expect(page.locator("#song-rows > li")).to_have_count(10)

    row = page.locator("#song-rows > li").filter(has_text="Stop")
    tab_to(page, row.get_by_role("button", name="Next: Demucs"))
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Next: MIDI")).to_be_focused()
    expect(row.locator("[data-part=demucs]")).to_have_attribute("data-state", "done")
    tab_to(page, row.get_by_role("button", name="Released"))
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Released")).to_have_attribute("aria-pressed", "true")

    page.goto("/songs/?status=released")
    tab_to(page, row.get_by_role("button", name="WIP"))
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Released")).to_have_attribute("aria-pressed", "true")

    page.keyboard.press("/")
    page.keyboard.type("dont stop beyonce".replace("dont", "don't"))
    expect(page.locator("#song-rows h3")).to_have_text(["Don\u2019t Stop"])
