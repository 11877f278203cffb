"""Olga rechecks: first what it would do, then her password, then it is done."""

from __future__ import annotations

import sqlalchemy as sa
from playwright.sync_api import expect

from tests.support.people import PASSWORD, working
from tests.support.songs import add_song
from trackflow_web.achievements.models import UserStats
from trackflow_web.kernel.database import db


def figures(page):
    return page.locator(".figure dd")


def test_olga_rechecks_alice_and_confirms_her_password_after_ten_minutes(
    app, clock, alice, admin, page, sign_in
):
    add_song(app, alice)
    with working(app):  # a counter has drifted
        db.session.execute(
            sa.update(UserStats).where(UserStats.user_id == alice.id).values(total_songs=7)
        )
    sign_in(page, admin)
    page.get_by_role("link", name="Recheck").click()
    page.get_by_label("Username").fill("alice")
    page.get_by_role("button", name="Preview").click()
    expect(figures(page)).to_have_text(["1", "0", "1"])
    expect(page.get_by_role("region", name="By user")).to_contain_text("alice")

    clock.move(minutes=11)
    page.get_by_role("button", name="Recheck alice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it's you")
    page.get_by_label("Password").fill("not that")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    page.get_by_role("button", name="Recheck alice").click()
    expect(page.get_by_role("heading", name="Recheck of alice")).to_be_visible()
    expect(figures(page)).to_have_text(["1", "0", "1"])
    history = page.get_by_role("region", name="Earlier rechecks").get_by_role("row")
    expect(history).to_have_count(2)  # with the heading
    expect(history.nth(1)).to_contain_text("olga")

    page.get_by_label("Username").fill("")
    page.get_by_role("button", name="Preview").click()
    expect(figures(page)).to_have_text(["3", "0", "0"])


def test_the_admin_pages_are_hidden_from_alice(alice, page, let_in):
    let_in(page, alice)
    page.goto("/songs/")
    expect(page.get_by_role("link", name="Recheck")).to_have_count(0)
    page.goto("/admin/rechecks/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
