"""Olga revokes an achievement of Alice's on a page; Alice reads why, others see nothing of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import Charter
from tests.support.people import PASSWORD, working
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

USER = "/admin/users/alice"
REVOKE = f"{USER}/achievements/first_release/revoke"
RESTORE = f"{USER}/achievements/first_release/restore"
WHY = "Counted by a bug of ours <b>&amp;</b>"
TOLD = "Revoked on 2 March 2026: "


@pytest.fixture(autouse=True)
def _in_march(clock):
    """Before anybody signs in."""


@pytest.fixture
def released(app, alice):
    charter = Charter(app, alice)
    charter.move(charter.add(year=1988), "wip", "released")
    return charter


@pytest.fixture
def revoked(as_admin, released):
    as_admin.post(REVOKE, reason=WHY)
    return released


def codes(page, attribute="data-badge"):
    return {item[attribute] for item in page.all(f"[{attribute}]")}


def state_of(page, code="first_release"):
    return page.one(f"[data-achievement={code}]")["data-state"]


@pytest.mark.both_databases
def test_olga_takes_it_with_a_reason_and_gives_it_back(as_admin, released):
    earned = set(released.codes)
    assert codes(as_admin.get(USER)) == earned
    assert as_admin.post(REVOKE, reason=WHY).location == USER
    page = as_admin.follow()
    assert codes(page) == earned - {"first_release"}
    assert codes(page, "data-revoked") == {"first_release"}
    assert f"by olga: {WHY}" in page.one("[data-revoked]").get_text()
    assert released.awards["first_release"].revoked_reason == WHY
    as_admin.post(RESTORE)
    assert codes(as_admin.follow()) == earned


def test_the_pages_lead_there(as_admin, as_alice, released):
    assert USER in as_admin.get("/admin/rechecks/", user="alice").html
    assert USER in as_admin.get("/users/alice").html
    assert USER not in as_alice.get("/users/alice").html


def test_alice_reads_when_and_why(as_alice, revoked):
    page = as_alice.get("/achievements/first_release")
    assert page.one("[data-revoked=first_release]").get_text() == TOLD + WHY
    assert page.one("article")["data-state"] == "progress"
    assert not page.all(".receipt")
    page = as_alice.get("/achievements/me")
    assert codes(page, "data-revoked") == {"first_release"}
    assert TOLD + WHY in page.one("[data-revoked]").get_text()
    assert "first_release" not in codes(page, "data-achievement")


def test_its_tile_is_on_the_way_and_never_full(as_alice, revoked):
    page = as_alice.get("/achievements/")
    tile = page.one("[data-achievement=first_release]")
    assert tile["data-state"] == "progress"
    assert tile.progress["value"] == "0"
    assert as_alice.get("/achievements/", state="earned").all("[data-achievement]")
    bars = as_alice.api("GET", "/api/achievements/me/progress?limit=100").json["items"]
    [bar] = [bar for bar in bars if bar["code"] == "first_release"]
    assert (bar["earned"], bar["percent"]) == (False, 99)


def test_nobody_sees_it_any_more(as_alice, as_bob, revoked):
    for address in ("/users/alice", "/users/alice/compare"):
        assert "first_release" not in codes(as_bob.get(address))
    assert "first_release" not in codes(as_bob.get("/users/alice/card", htmx=True))
    assert "first_release" not in codes(as_alice.get("/stats"))
    page = as_alice.get("/settings/achievements", state="earned")
    assert "settings/achievements/first_release/pin" not in page.html
    share = as_bob.get("/achievements/first_release").one(".tile__share").get_text()
    assert "1 of" in share  # the noise


def test_the_last_of_all_leaves_no_empty_shelf(app, as_admin, as_alice, alice):
    Charter(app, alice).given("dreamer")
    as_admin.post(f"{USER}/achievements/dreamer/revoke", reason="A mistake.")
    page = as_alice.get("/achievements/me")
    assert codes(page, "data-revoked") == {"dreamer"}
    assert "The shelf is empty" not in page.text


def test_without_a_reason_it_is_asked_for_beside_the_field(as_admin, released):
    page = as_admin.post(REVOKE, reason="no")
    assert page.status == 422
    assert set(page.errors()) == {"reason"}
    assert page.one("#reason-first_release")["value"] == "no"
    assert page.one("details[open] #reason-first_release")
    assert released.awards["first_release"].revoked_at is None


def test_after_ten_minutes_the_password_is_asked_and_the_reason_kept(as_admin, clock, released):
    clock.move(minutes=11)
    as_admin.post(REVOKE, reason=WHY)
    assert as_admin.last.location.startswith("/confirm?next=")
    assert released.awards["first_release"].revoked_at is None
    to = as_admin.follow().one("input[name=next]")["value"]
    as_admin.post("/confirm", password=PASSWORD, next=to)
    assert as_admin.follow().one("#reason-first_release")["value"] == WHY
    clock.move(minutes=11)
    as_admin.post(RESTORE)
    assert as_admin.last.location.startswith("/confirm?next=")


def test_twice_is_no_more_than_once(as_admin, revoked):
    as_admin.post(REVOKE, reason="Another reason.")
    assert "Somebody has revoked it already." in as_admin.follow().text
    as_admin.post(RESTORE)
    as_admin.post(RESTORE)
    assert "It is not revoked." in as_admin.follow().text


def test_who_has_no_such_thing_loses_none(as_admin, released):
    assert as_admin.post(f"{USER}/achievements/completionist/revoke", reason=WHY).status == 404
    assert as_admin.post(f"{USER}/achievements/nothing/revoke", reason=WHY).status == 404
    assert as_admin.post("/admin/users/nemo/achievements/dreamer/revoke", reason=WHY).status == 404
    assert as_admin.get("/admin/users/nemo").status == 404


def test_who_is_banned_or_private_can_be_looked_at(app, as_admin, released, clock):
    with working(app):
        db.session.execute(
            sa.update(User)
            .where(User.id == released.id)
            .values(banned_at=clock(), is_profile_public=False)
        )
    assert codes(as_admin.get(USER))


def test_charlie_finds_nothing_there(as_charlie, released):
    assert as_charlie.get(USER).status == 404
    assert as_charlie.post(REVOKE, reason=WHY).status == 404
    assert as_charlie.post(RESTORE).status == 404
    assert released.awards["first_release"].revoked_at is None


def test_who_is_no_administrator_any_more_cannot(app, admin, as_admin, released):
    with working(app):
        db.session.execute(sa.update(User).where(User.id == admin.id).values(is_admin=False))
    assert as_admin.post(REVOKE, reason=WHY).status == 404


@pytest.mark.both_databases
def test_programs_do_the_same(app, as_admin, as_alice, released):
    path = "/api/admin/users/alice"
    earned = set(released.codes)
    assert {item["code"] for item in as_admin.api("GET", path).json["items"]} == earned
    refused = as_admin.api("POST", f"{path}/achievements/dreamer/revoke", {"reason": ""})
    assert refused.status == 422
    taken = as_admin.api("POST", f"{path}/achievements/dreamer/revoke", {"reason": WHY})
    assert (taken.status, taken.json["reason"], taken.json["revoked_by"]) == (200, WHY, "olga")
    told = as_alice.api("GET", "/api/achievements/dreamer").json
    assert (told["earned"], told["revoked_reason"]) == (False, WHY)
    mine = as_alice.api("GET", "/api/achievements/me").json["items"]
    assert {item["code"] for item in mine} == earned - {"dreamer"}
    given_back = as_admin.api("POST", f"{path}/achievements/dreamer/restore", {})
    assert given_back.json["revoked_at"] is None
    assert as_alice.api("GET", "/api/achievements/dreamer").json["earned"]
    assert Browser(app).api("GET", path).status == 401
