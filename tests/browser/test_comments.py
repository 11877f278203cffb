"""What scripts add to the form of a comment: the characters left, and the names for a mention."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.people import add_person
from tests.support.talk import Talk


@pytest.fixture
def thread(app, page, alice, bob, let_in):
    """The page of Alice's pack, with Alice signed in."""
    add_person(app, "bobby")
    let_in(page, alice)
    page.goto(f"/packs/{Talk(app, alice).subject.id}")
    return page


def test_the_number_of_characters_left_follows_the_text(thread):
    area = thread.get_by_label("Your comment")
    longest = int(area.get_attribute("data-longest"))
    seen, heard = (thread.locator(f"[data-left] > {one}") for one in ("[aria-hidden]", "[role]"))
    area.fill("x" * (longest + 3))
    expect(seen).to_have_text("3 too many")
    area.fill("x" * (longest - 5))
    expect(seen).to_have_text("5 characters left")
    area.press("End")
    area.press("Backspace")
    expect(seen).to_have_text("6 characters left")
    expect(heard).to_have_text("5 characters left")  # announced once
    area.fill("x" * (longest - 1))
    expect(seen).to_have_text("1 character left")
    area.fill("Short.")
    expect(seen).to_be_empty()


def test_a_mention_is_chosen_from_the_list_by_keyboard_and_by_pointer(thread, axe):
    area = thread.get_by_label("Your comment")
    options = thread.get_by_role("option")
    area.press_sequentially("Hi @bo")
    expect(options).to_have_text(["bob", "bobby"])
    thread.wait_for_timeout(300)  # longer than the list stays once the field has lost the focus
    expect(area).to_be_focused()
    axe(thread)
    area.press("ArrowDown")
    area.press("Enter")
    expect(area).to_have_value("Hi @bobby ")
    expect(options).to_have_count(0)
    area.press_sequentially("and @bo")
    options.first.click()
    expect(area).to_have_value("Hi @bobby and @bob ")
    expect(thread.locator("[data-left]")).to_have_count(1)
    area.press_sequentially("@bo")
    area.press("Escape")
    expect(options).to_have_count(0)
