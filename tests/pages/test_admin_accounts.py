"""Administrators find accounts and decide about them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browsing import Browser
from tests.support.people import PASSWORD, working
from trackflow_web.domain.people import actions, administration, queries

pytestmark = pytest.mark.both_databases

REASON = "posts advertising"


def decide(browser, action, about="alice", **fields):
    return browser.post(f"/admin/users/{about}/{action}", reason=REASON, **fields)


def user_of(app, name="alice"):
    with working(app):
        return queries.find_by_username(name)


@pytest.mark.fault("E4")
def test_an_administrator_finds_a_user_by_name_or_email(as_admin, alice, bob):
    for q in ("ALI", "alice@exa"):
        page = as_admin.get(f"/admin/users/?q={q}")
        assert "alice@example.org" in page.text
        assert "bob@example.org" not in page.text
    assert "No users match" in as_admin.get("/admin/users/?q=xyzzy").text


def test_wildcards_in_a_search_are_text(as_admin, alice):
    assert "No users match" in as_admin.get("/admin/users/?q=%25").text


def test_a_ban_ends_the_session_and_an_unban_lifts_it(app, as_admin, alice, as_alice):
    assert decide(as_admin, "ban").status == 303
    assert as_alice.get("/songs/").status == 303
    assert Browser(app).sign_in("alice", PASSWORD).status == 422
    page = as_admin.get("/admin/users/alice/account")
    assert REASON in page.text
    assert "olga" in page.text
    assert decide(as_admin, "unban").status == 303
    assert Browser(app).sign_in("alice", PASSWORD).status == 200


def test_a_promoted_user_sees_the_admin_pages_until_demoted(as_admin, alice, as_alice):
    decide(as_admin, "promote")
    assert as_alice.get("/admin/users/").status == 200
    decide(as_admin, "demote")
    assert as_alice.get("/admin/users/").status == 404


def test_the_last_administrator_can_be_neither_banned_nor_demoted(app, as_admin, admin):
    for action in ("ban", "demote"):
        page = decide(as_admin, action, "olga")
        assert page.status == 403
        assert "last administrator" in page.text
    assert user_of(app, "olga").is_admin


@pytest.mark.fault("E4")
def test_every_decision_needs_a_reason(app, as_admin, alice):
    for action in ("ban", "promote", "rename", "reset-link", "delete"):
        page = as_admin.post(f"/admin/users/alice/{action}", reason=" ", username="alicia")
        assert page.status == 422, action
    user = user_of(app)
    assert user.banned_at is None
    assert not user.is_admin


def test_every_decision_needs_a_recent_password(clock, app, as_admin, alice):
    clock.move(minutes=11)
    for action in ("ban", "promote", "rename", "reset-link", "delete"):
        page = decide(as_admin, action, **({"username": "alicia"} if action == "rename" else {}))
        assert page.location.startswith("/confirm?next="), action
        kept = as_admin.get(parse_qs(urlsplit(page.location).query)["next"][0])
        assert kept.one("details[open] [name=reason]")["value"] == REASON, action
    assert user_of(app).banned_at is None


def test_a_form_that_is_no_longer_there_still_tells_what_is_wrong(as_admin, alice):
    decide(as_admin, "promote")
    page = as_admin.post("/admin/users/alice/promote", reason="")
    assert page.status == 422
    assert "decided meanwhile" in page.one("[role=alert]").get_text()


def test_a_reset_link_sets_a_new_password(app, as_admin, alice, stranger):
    page = decide(as_admin, "reset-link")
    link = page.text.split("/password/reset/")[1].split()[0]
    assert stranger.post(f"/password/reset/{link}", password="a better password").status == 303
    assert Browser(app).sign_in("alice", "a better password").status == 200


def test_a_renamed_user_signs_in_by_the_new_name_and_the_old_one_is_reserved(app, as_admin, alice):
    assert decide(as_admin, "rename", username="alicia").status == 303
    assert Browser(app).sign_in("alicia", PASSWORD).status == 200
    page = Browser(app).post(
        "/register", username="alice", email="other@example.org", password="a better password"
    )
    assert page.status == 422


def test_a_taken_username_is_rejected(as_admin, alice, bob):
    page = decide(as_admin, "rename", username="bob")
    assert page.status == 422
    assert "taken" in page.text


def test_an_account_is_deleted_once_its_name_was_typed(app, as_admin, alice):
    assert decide(as_admin, "delete", username="bob").status == 422
    assert decide(as_admin, "delete", username="alice").status == 303
    assert user_of(app) is None


@pytest.mark.fault("D4")
def test_a_deleted_name_is_reserved_for_ninety_days(clock, app, as_admin, alice):
    decide(as_admin, "delete", username="alice")
    account = {"username": "alice", "email": "new@example.org", "password": "a better password"}
    for name in ("alice", "a1ice", "al-ice"):
        assert Browser(app).post("/register", **account | {"username": name}).status == 422, name
    clock.move(days=91)
    page = Browser(app).post("/register", **account)
    assert page.status == 303, page.text


@pytest.mark.fault("D4")
def test_the_email_address_of_a_banned_user_cannot_register_again(app, as_admin, alice):
    decide(as_admin, "ban")
    decide(as_admin, "delete", username="alice")
    for address in ("alice@example.org", "alice+new@example.org"):
        page = Browser(app).post(
            "/register", username="fresh", email=address, password="a better password"
        )
        assert page.status == 422, address
    page = Browser(app).post(
        "/register", username="fresh", email="alice.b@example.org", password="a better password"
    )
    assert page.status == 303


def test_a_decision_by_the_command_line_has_no_administrator(app, alice):
    with working(app):
        administration.promote(alice.user, by=None, why="helps out")
        (decision,) = administration.decisions_about(alice.user)
        assert (decision.admin_id, decision.reason) == (None, "helps out")


def test_a_promotion_does_not_restore_admin_tokens(app, as_admin, alice):
    decide(as_admin, "promote")
    with working(app):
        token = actions.create_token(alice.user, name="A script", scope="admin", days="30")
        kept = actions.create_token(alice.user, name="A reader", scope="read", days="30")
    decide(as_admin, "demote")
    decide(as_admin, "promote")
    with app.app_context():
        assert queries.find_token(token) is None
        assert queries.find_token(kept)


def test_a_decision_that_changes_nothing_is_not_stored(app, as_admin, alice):
    for action, stored in (
        ("unban", 0), ("demote", 0), ("ban", 1), ("ban", 1), ("unban", 2),
        ("promote", 3), ("promote", 3), ("demote", 4), ("demote", 4),
    ):  # fmt: skip
        assert decide(as_admin, action).status == 303
        with working(app):
            assert len(administration.decisions_about(user_of_id(alice.id))) == stored


def test_an_administrator_cannot_ban_themselves(app, as_admin, admin, alice):
    decide(as_admin, "promote")
    page = decide(as_admin, "ban", about="olga")
    assert (page.status, "You can't ban yourself" in page.text) == (403, True)


def user_of_id(user_id):
    return queries.find_user(user_id)
