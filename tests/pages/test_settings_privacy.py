"""The privacy settings: what others see."""

from __future__ import annotations

import pytest

ADDRESS = "/settings/privacy"


def release(browser, title="One"):
    browser.post("/songs/", title=title, artist="Metallica", status="released")


def chosen(page):
    return {
        name: page.one(f"#{name} option[selected]")["value"]
        for name in ("profile", "new_achievements")
    }


def test_new_accounts_are_public(as_alice):
    assert chosen(as_alice.get(ADDRESS)) == {"profile": "members", "new_achievements": "public"}


def test_only_the_owner_sees_a_private_profile(as_alice, as_bob):
    assert as_bob.get("/users/alice").status == 200
    assert as_alice.post(ADDRESS, profile="private", new_achievements="public").status == 303
    assert chosen(as_alice.follow())["profile"] == "me"
    for address in ("/users/alice", "/users/alice/card", "/users/alice/compare"):
        hidden, missing = as_bob.get(address), as_bob.get(address.replace("alice", "nobody-here"))
        assert hidden.status == missing.status == 404
        assert hidden.text == missing.text
    assert as_alice.get("/users/alice").status == 200


@pytest.mark.both_databases
def test_new_achievements_can_be_private_by_default(as_alice, as_bob):
    as_alice.post(ADDRESS, profile="public", new_achievements="private")
    release(as_alice)
    assert "First Release" not in as_bob.get("/users/alice").text
    tab = as_alice.get("/settings/achievements")
    assert tab.one("#award-first_release .segmented [aria-pressed=true]").text == "Private"


def test_all_achievements_can_be_hidden_and_shown_at_once(as_alice, as_bob):
    release(as_alice)
    as_alice.post(f"{ADDRESS}/achievements", public="0")
    page = as_alice.follow()
    assert "1 achievement made private." in page.text
    assert "0 of yours are public, 1 private" in page.text
    assert "First Release" not in as_bob.get("/users/alice").text
    page = as_alice.post(f"{ADDRESS}/achievements", htmx="at-once", public="1")
    assert page.one("#at-once-status").text == "1 achievement made public."
    assert "1 of yours is public, 0 private" in page.text
    assert "First Release" in as_bob.get("/users/alice").text


def test_saving_privacy_with_htmx_shows_a_status_message(as_alice):
    fields = {"profile": "everyone", "new_achievements": "private"}
    page = as_alice.post(ADDRESS, htmx="audience", **fields)
    assert page.one("#audience-status").text == "Saved."
    assert chosen(page) == fields


@pytest.mark.parametrize("htmx", [False, "audience"])
def test_invalid_privacy_values_are_rejected(as_alice, htmx):
    page = as_alice.post(ADDRESS, htmx=htmx, profile="some", new_achievements="public")
    assert page.status == 422
    assert set(page.errors()) == {"profile"}
    assert chosen(as_alice.get(ADDRESS))["profile"] == "members"


def test_former_values_are_accepted_and_missing_fields_stay(as_alice):
    for sent, kept in (("private", "me"), ("public", "members"), ("everyone", "everyone")):
        as_alice.post(ADDRESS, profile=sent)
        assert chosen(as_alice.follow()) == {"profile": kept, "new_achievements": "public"}
    as_alice.post(ADDRESS, boards="0", feed="0", days="1")
    page = as_alice.follow()
    assert chosen(page)["profile"] == "everyone"
    values = [page.one(f"#{name} option[selected]")["value"] for name in ("boards", "feed", "days")]
    assert values == ["0", "0", "1"]


def test_extra_form_fields_do_not_make_a_user_an_administrator(app, as_alice, alice):
    as_alice.post(ADDRESS, profile="public", new_achievements="public", is_admin="1")
    assert as_alice.get("/admin/achievements").status == 404


def test_anonymous_visitors_are_redirected_to_sign_in(stranger):
    assert stranger.get(ADDRESS).location.startswith("/login")
