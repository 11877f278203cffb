"""The table of types and channels, and how long notifications are kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.jobs import notifications as jobs
from trackflow_web.kernel.database import db
from trackflow_web.notifications import retention
from trackflow_web.notifications.models import Notification, NotificationSetting
from trackflow_web.notifications.types import TYPES


def switch(page, name):
    return page.one(f"input[type=checkbox][name='{name}']").has_attr("checked")


def test_every_type_has_a_switch_for_every_channel(as_alice):
    page = as_alice.get("/settings/notifications")
    assert len(page.all("input[type=checkbox][name*=':']")) == 3 * len(TYPES)
    assert switch(page, "site:new_release")
    assert not switch(page, "toast:new_release")


def test_only_what_differs_from_the_default_is_stored(app, as_alice):
    as_alice.post("/settings/notifications", **{"site:new_release": "0", "mail:new_release": "1"})
    with app.app_context():
        rows = db.session.scalars(sa.select(NotificationSetting)).all()
        assert [(row.type, row.channel, row.is_on) for row in rows] == [
            ("new_release", "site", False)
        ]
    assert not switch(as_alice.get("/settings/notifications"), "site:new_release")
    as_alice.post("/settings/notifications", **{"site:new_release": "1"})
    with app.app_context():
        assert not db.session.scalars(sa.select(NotificationSetting)).all()


def test_a_browser_that_leaves_an_empty_box_out_switches_it_off(as_alice):
    data = [("site:new_release", "0"), ("csrf_token", as_alice.token())]
    as_alice.request("POST", "/settings/notifications", data=dict(data))
    assert not switch(as_alice.get("/settings/notifications"), "site:new_release")


def test_the_toast_of_achievements_is_the_setting_that_there_was(app, alice, as_alice):
    as_alice.post("/settings/notifications", **{"toast:achievement_unlocked": "0"})
    with app.app_context():
        assert alice.user.toasts == "none"
    as_alice.post("/songs/", title="One", artist="Metallica", status="released")
    assert as_alice.get("/songs/").toasts() == []
    assert "achievement" in as_alice.get("/notifications/").text.lower()


@pytest.mark.parametrize(
    ("name", "value"),
    [("digest", "hourly"), ("one_line_each", "2"), ("site:new_release", "yes")],
)
def test_an_invalid_value_is_refused(as_alice, name, value):
    assert as_alice.post("/settings/notifications", **{name: value}).status == 422


def test_fields_that_are_not_sent_stay(as_alice):
    as_alice.post("/settings/notifications", one_line_each="1")
    as_alice.post("/settings/notifications", digest="weekly")
    page = as_alice.get("/settings/notifications")
    assert switch(page, "one_line_each")
    assert page.one("select[name=digest] option[selected]")["value"] == "weekly"


@pytest.mark.both_databases
def test_old_read_rows_are_deleted_beyond_the_latest(
    app, clock, act, told, alice, bob, monkeypatch
):
    monkeypatch.setattr(retention, "ALWAYS_KEPT", 1)
    act.follow(alice, bob)
    for title in ("One", "Two", "Three"):
        act.release(bob, title)
        with working(app):
            db.session.execute(
                sa.update(Notification).values(
                    read=True, read_at=Notification.updated_at, seen_at=Notification.updated_at
                )
            )
        clock.move(days=1)
    tools = app.extensions["trackflow.jobs"].tools
    with app.app_context():
        assert jobs.prune(tools) == 0
    clock.move(days=90)
    with app.app_context():
        jobs.prune(tools)
    assert [row.subject_ids for row in told(alice, "new_release")] != []
    assert len(told(alice, "new_release")) == 1


@pytest.mark.both_databases
def test_what_was_unread_for_half_a_year_becomes_one_line_for_each_kind(
    app, clock, act, told, alice, bob, as_alice, monkeypatch
):
    monkeypatch.setattr(retention, "ALWAYS_KEPT", 1)
    act.follow(alice, bob)
    act.follow(bob, alice)
    for title in ("One", "Two", "Three"):
        act.release(bob, title)
        clock.move(days=1)
    clock.move(days=181)
    tools = app.extensions["trackflow.jobs"].tools
    with app.app_context():
        assert jobs.prune(tools) == 1  # the latest of three stays
    act.release(bob, "Four")
    clock.move(days=181)
    with app.app_context():
        assert jobs.prune(tools) == 1
        assert jobs.prune(tools) == 0
    rows = told(alice, "new_release")
    assert [(row.n, row.group_key.startswith("digest:older:")) for row in rows] == [
        (3, True),
        (1, False),
    ]
    assert len(told(alice, "new_follower")) == 1
    page = as_alice.get("/notifications/")
    older = page.one(f"#note-{rows[0].id}")
    assert older.select_one(".note__text").text == "3 older notifications: New release."
    assert as_alice.get(f"/notifications/{rows[0].id}/go").location.endswith("/notifications/")
    assert [row.read for row in told(alice, "new_release")] == [True, False]


def test_a_deleted_row_is_gone_after_the_time_to_undo(app, clock, act, told, alice, bob, as_alice):
    act.follow(bob, alice)
    as_alice.api("DELETE", f"/api/notifications/{told(alice)[0].id}")
    clock.move(minutes=11)
    with app.app_context():
        jobs.prune(app.extensions["trackflow.jobs"].tools)
    assert told(alice) == []


def test_the_page_says_how_long(as_alice):
    page = as_alice.get("/notifications/").text
    assert "kept for 90 days" in page
    assert "After 180 days unread ones become one line for each kind" in page


def test_a_level_is_in_the_inbox_and_its_toast_can_be_switched_off(as_alice):
    as_alice.post("/settings/notifications", **{"toast:level_reached": "0"})
    for number in range(12):
        as_alice.post("/songs/", title=f"S{number}", artist=f"A{number}", status="released")
        assert "level" not in as_alice.get("/songs/").toasts()
    items = as_alice.api("GET", "/api/notifications/").json["items"]
    levels = [item for item in items if item["type"] == "level_reached"]
    assert levels
    assert levels[0]["message"].startswith("You reached level ")
    assert levels[0]["link"] == "/achievements/levels"
