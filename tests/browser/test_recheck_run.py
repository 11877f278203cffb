"""A recheck of everyone, watched while it goes on: with the tab open, closed and opened again."""

from __future__ import annotations

from threading import Thread

import pytest
from playwright.sync_api import expect

from tests.support.charter import Charter
from tests.support.people import add_person
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.achievements.recheck import runs
from trackflow_web.achievements.recheck import start as actions
from trackflow_web.jobs import rechecks

PAGE = "/admin/rechecks/"
SECONDS_TO_END = 20


@pytest.fixture
def app(make_app):
    """Its jobs wait until the test does them."""
    return make_app(JOBS="worker")


@pytest.fixture
def one_by_one(app, admin, monkeypatch):
    """Four users (including Olga and noise), each of whom is a chunk."""
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(recheck, "USERS_A_CHUNK", 1)
    monkeypatch.setattr(rechecks, "PAUSE", 0)
    monkeypatch.setattr(rechecks, "TURN", 0)  # so that the job is put back after every chunk
    for name in ("alice", "bob"):
        add_person(app, name)


def chunk(app):
    """Run the next chunk, which is first in the queue."""
    jobs = app.extensions["trackflow.jobs"]

    def run():
        jobs.huey.execute(jobs.huey.dequeue())
        jobs.close()

    thread = Thread(target=run)
    thread.start()
    thread.join(SECONDS_TO_END)
    assert not thread.is_alive()


def bar(page):
    return page.get_by_label("Progress of the recheck")


def test_olga_watches_a_recheck_leaves_returns_and_sees_it_end(
    app, admin, one_by_one, page, new_page, let_in, axe
):
    let_in(page, admin)
    confirm(page)
    page.goto(PAGE)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("in the background")).to_be_visible()
    page.get_by_role("button", name="Recheck everyone").click()
    expect(page.locator("#recheck-run")).to_have_attribute("data-state", "waiting")
    expect(bar(page)).to_have_attribute("value", "0")

    chunk(app)
    expect(bar(page)).to_have_attribute("value", "25")  # by itself
    expect(page.locator("#recheck-run dd").first).to_have_text("1")
    axe(page)
    page.close()
    chunk(app)  # the run continues without a viewer

    later = new_page()
    let_in(later, admin)
    later.goto(PAGE)
    expect(bar(later)).to_have_attribute("value", "50")
    for _ in range(3):
        chunk(app)
    expect(bar(later)).to_have_attribute("value", "100")
    expect(later.locator("#recheck-run")).to_have_attribute("data-state", "done")
    expect(later.locator("#recheck-run[hx-get]")).to_have_count(0)
    expect(later.get_by_role("button", name="Cancel recheck")).to_have_count(0)
    axe(later)


def test_a_recheck_can_be_cancelled_by_keyboard_while_it_polls(
    app, admin, one_by_one, page, let_in
):
    let_in(page, admin)
    confirm(page)
    with app.app_context():
        assert runs.unfinished() is None
    page.goto(PAGE)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Recheck everyone").click()
    page.locator("#recheck-cancel").focus()
    chunk(app)
    expect(bar(page)).to_have_attribute("value", "25")
    expect(page.locator("#recheck-cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Cancelled. What has been done so far stays.")).to_be_visible()
    expect(page.locator("#recheck-run")).to_have_attribute("data-state", "cancelled")


def confirm(page):
    """Confirm the password, as after signing in by a form."""
    page.goto("/confirm")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda address: "/confirm" not in address)


def test_alice_sees_why_an_achievement_was_revoked(app, admin, page, new_page, let_in, axe):
    alice = Charter(app, add_person(app, "alice"))
    alice.add()
    let_in(page, admin)
    confirm(page)
    page.goto("/admin/users/alice")
    page.get_by_text("Revoke Dreamer").click()
    page.get_by_label("Reason").fill("Counted by a bug of ours.")
    axe(page)
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.locator("[data-revoked=dreamer]")).to_contain_text("by olga")
    axe(page)

    hers = new_page(color_scheme="dark", viewport={"width": 375, "height": 800})
    let_in(hers, alice)
    hers.goto("/achievements/me")
    expect(hers.locator("[data-revoked=dreamer]")).to_contain_text("Counted by a bug of ours.")
    axe(hers)
    hers.goto("/achievements/dreamer")
    expect(hers.locator("[data-revoked=dreamer]")).to_contain_text("Counted by a bug of ours.")
    axe(hers)

    page.get_by_role("button", name="Restore Dreamer").click()
    expect(page.locator("[data-badge=dreamer]")).to_be_visible()
