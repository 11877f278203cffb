"""Olga, an administrator, revokes an achievement of Alice's; Alice sees why, others see nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import Charter
from tests.support.people import PASSWORD, working
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.kernel.database import db

USER = "/admin/users/alice"
REVOKE = f"{USER}/achievements/first_release/revoke"
RESTORE = f"{USER}/achievements/first_release/restore"
WHY = "Counted by a bug of ours <b>&amp;</b>"
TOLD = "Revoked on 2 March 2026: "


@pytest.fixture(autouse=True)
def _in_march(clock):
    """The time before the first sign-in."""


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
def test_an_administrator_revokes_and_restores_an_achievement(as_admin, released):
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


def test_recheck_and_profile_pages_link_to_the_users_achievements(as_admin, as_alice, released):
    assert USER in as_admin.get("/admin/rechecks/", user="alice").html
    assert USER in as_admin.get("/users/alice").html
    assert USER not in as_alice.get("/users/alice").html


def test_the_owner_sees_when_and_why_it_was_revoked(as_alice, revoked):
    page = as_alice.get("/achievements/first_release")
    assert page.one("[data-revoked=first_release]").get_text() == TOLD + WHY
    assert page.one("article")["data-state"] == "progress"
    assert not page.all(".receipt")
    page = as_alice.get("/achievements/me")
    assert codes(page, "data-revoked") == {"first_release"}
    assert TOLD + WHY in page.one("[data-revoked]").get_text()
    assert "first_release" not in codes(page, "data-achievement")


def test_a_revoked_achievements_tile_is_in_progress_and_never_full(as_alice, revoked):
    page = as_alice.get("/achievements/")
    tile = page.one("[data-achievement=first_release]")
    assert tile["data-state"] == "progress"
    assert tile.progress["value"] == "0"
    assert as_alice.get("/achievements/", state="earned").all("[data-achievement]")
    bars = as_alice.api("GET", "/api/achievements/me/progress?limit=100").json["items"]
    [bar] = [bar for bar in bars if bar["code"] == "first_release"]
    assert (bar["earned"], bar["percent"]) == (False, 99)


def test_a_revoked_achievement_is_hidden_from_all_users(as_alice, as_bob, revoked):
    for address in ("/users/alice", "/users/alice/compare"):
        assert "first_release" not in codes(as_bob.get(address))
    assert "first_release" not in codes(as_bob.get("/users/alice/card", htmx=True))
    assert "first_release" not in codes(as_alice.get("/stats"))
    page = as_alice.get("/settings/achievements", state="earned")
    assert "settings/achievements/first_release/pin" not in page.html
    share = as_bob.get("/achievements/first_release").one(".tile__share").get_text()
    assert "1 of" in share  # the noise


def test_revoking_the_last_achievement_leaves_no_empty_section(app, as_admin, as_alice, alice):
    Charter(app, alice).given("dreamer")
    as_admin.post(f"{USER}/achievements/dreamer/revoke", reason="A mistake.")
    page = as_alice.get("/achievements/me")
    assert codes(page, "data-revoked") == {"dreamer"}
    assert "The shelf is empty" not in page.text


def test_a_missing_reason_is_rejected_at_its_field(as_admin, released):
    page = as_admin.post(REVOKE, reason="no")
    assert page.status == 422
    assert set(page.errors()) == {"reason"}
    assert page.one("#reason-first_release")["value"] == "no"
    assert page.one("details[open] #reason-first_release")
    assert released.awards["first_release"].revoked_at is None


def test_confirming_the_password_keeps_the_reason(as_admin, clock, released):
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


def test_revoking_twice_changes_nothing(as_admin, revoked):
    as_admin.post(REVOKE, reason="Another reason.")
    assert "It has already been revoked." in as_admin.follow().text
    as_admin.post(RESTORE)
    as_admin.post(RESTORE)
    assert "It isn't revoked." in as_admin.follow().text


def test_revoking_an_unearned_achievement_returns_404(as_admin, released):
    assert as_admin.post(f"{USER}/achievements/completionist/revoke", reason=WHY).status == 404
    assert as_admin.post(f"{USER}/achievements/nothing/revoke", reason=WHY).status == 404
    assert as_admin.post("/admin/users/nemo/achievements/dreamer/revoke", reason=WHY).status == 404
    assert as_admin.get("/admin/users/nemo").status == 404


def test_administrators_see_banned_and_private_users(app, as_admin, released, clock):
    with working(app):
        db.session.execute(
            sa.update(User)
            .where(User.id == released.id)
            .values(banned_at=clock(), audience=Audience.ME)
        )
    assert codes(as_admin.get(USER))


def test_other_users_get_404(as_charlie, released):
    assert as_charlie.get(USER).status == 404
    assert as_charlie.post(REVOKE, reason=WHY).status == 404
    assert as_charlie.post(RESTORE).status == 404
    assert released.awards["first_release"].revoked_at is None


def test_a_former_administrator_cannot_revoke(app, admin, as_admin, released):
    with working(app):
        db.session.execute(sa.update(User).where(User.id == admin.id).values(is_admin=False))
    assert as_admin.post(REVOKE, reason=WHY).status == 404


def test_the_api_revokes_and_restores_too(app, as_admin, as_alice, released):
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
