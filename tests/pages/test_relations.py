"""The buttons to follow and mute, and the API beside them."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser
from tests.support.people import add_person, working
from trackflow_web.domain.relations import queries


def label(page, endpoint):
    return page.one(f"form[action$='/{endpoint}'] button").get_text().split()[0]


def test_a_profile_has_buttons_that_follow_and_mute(as_alice, bob):
    page = as_alice.get("/users/bob")
    assert (label(page, "follow"), label(page, "mute")) == ("Follow", "Mute")
    followed = as_alice.post("/users/bob/follow", set="1")
    assert (followed.status, followed.location) == (303, "/users/bob")
    as_alice.post("/users/bob/mute", set="1")
    page = as_alice.get("/users/bob")
    assert (label(page, "follow"), label(page, "mute")) == ("Unfollow", "Unmute")
    as_alice.post("/users/bob/follow", set="0")
    assert label(as_alice.get("/users/bob"), "follow") == "Follow"


def test_the_own_profile_has_no_follow_buttons(as_alice):
    assert not as_alice.get("/users/alice").all("form[action$='/follow']")


def test_the_card_has_the_follow_buttons_too(as_alice, bob):
    assert label(as_alice.get("/users/bob/card", htmx=True), "follow") == "Follow"


def test_htmx_gets_the_updated_buttons(as_alice, bob):
    page = as_alice.post("/users/bob/follow", htmx=True)
    assert label(page, "follow") == "Unfollow"
    assert page.soup.find("h1") is None


def send_from_profile(browser, action, query="?sort=latest", **fields):
    """Use a button on Bob's profile, with htmx."""
    return browser.request(
        "POST",
        f"/users/bob/{action}",
        htmx=True,
        headers={"HX-Current-URL": f"http://localhost/users/bob{query}"},
        data={"csrf_token": browser.token(), **fields},
    )


def test_the_number_of_followers_on_a_profile_follows_its_button(as_alice, bob):
    as_alice.get("/users/bob")
    for wanted, said in [("1", "1 follower 0 following"), ("0", "0 followers 0 following")]:
        page = send_from_profile(as_alice, "follow", set=wanted)
        assert " ".join(page.one(f"#follows-{bob.id}[hx-swap-oob]").text.split()) == said
    assert not as_alice.post("/users/bob/follow", htmx=True).all("[id^=follows-]")


def test_a_block_on_a_profile_loads_what_its_page_shows_now(as_alice, bob):
    as_alice.get("/users/bob")
    for wanted in ("1", "0"):
        answer = send_from_profile(as_alice, "block", set=wanted)
        assert answer.headers["HX-Redirect"] == "/users/bob"
    assert as_alice.post("/users/bob/block", htmx=True).all("form[action$='/block']")


def test_following_is_set_and_not_toggled(app, as_alice, alice, bob):
    for _ in range(2):
        as_alice.post("/users/bob/follow", set="1")
    with app.app_context():
        assert queries.relation_to(alice.id, bob.id).follows


@pytest.mark.parametrize(("field", "value"), [("set", "2"), ("until", "yesterday")])
def test_invalid_fields_are_reported_by_name(as_alice, bob, field, value):
    page = as_alice.post("/users/bob/mute", **{field: value})
    assert page.status == 422


@pytest.mark.both_databases
@pytest.mark.parametrize("after", ["%00", "x" * 1000])
def test_a_list_continues_only_after_a_name(as_alice, after):
    assert as_alice.get(f"/settings/people?list=following&after={after}").status == 422
    assert as_alice.get("/settings/people?list=following&after=zoe").status == 200


@pytest.mark.parametrize("action", ["follow", "mute"])
def test_a_hidden_user_returns_404(app, as_alice, bob, action):
    with working(app):
        bob.user.audience = "me"
    hidden, missing = (as_alice.post(f"/users/{name}/{action}") for name in ("bob", "bo"))
    assert hidden.status == missing.status == 404
    assert as_alice.api("PUT", f"/api/users/bob/{action}", {}).status == 404
    assert as_alice.api("DELETE", f"/api/users/bob/{action}").status == 404


@pytest.mark.parametrize("action", ["follow", "mute"])
def test_a_hidden_user_can_be_unfollowed_and_unmuted(app, as_alice, alice, bob, action):
    as_alice.post(f"/users/bob/{action}")
    with working(app):
        bob.user.audience = "me"
    assert as_alice.api("DELETE", f"/api/users/bob/{action}").status == 204
    with app.app_context():
        assert queries.relation_to(alice.id, bob.id) == queries.Relation(follows=False, mutes=False)


def test_the_limit_is_a_setting(make_app, alice):
    app = make_app(LIMIT_FOLLOWS="1/1 hour; 5/1 day")
    for name in ("bert", "cleo"):
        add_person(app, name)
    browser = Browser(app)
    browser.enter(alice)
    assert browser.post("/users/bert/follow").status == 303
    refused = browser.post("/users/cleo/follow")
    assert refused.status == 429
    assert refused.headers["Retry-After"]


def test_the_api_follows_and_lists(as_alice, as_bob, bob):
    followed = as_alice.api("PUT", "/api/users/bob/follow", {})
    assert (followed.status, followed.json["username"]) == (200, "bob")
    listed = as_alice.api("GET", "/api/me/following").json
    assert [item["username"] for item in listed["items"]] == ["bob"]
    assert listed["next"] is None
    assert set(listed["items"][0]) == {"id", "username", "since"}
    assert as_bob.api("GET", "/api/me/followers").json["items"][0]["username"] == "alice"
    ended = as_alice.api("DELETE", "/api/users/bob/follow")
    assert (ended.status, ended.html) == (204, "")
    assert as_alice.api("GET", "/api/me/following").json["items"] == []


def test_the_api_mutes_until_a_date(as_alice, as_bob, bob):
    muted = as_alice.api("PUT", "/api/users/bob/mute", {"until": "2099-01-01"})
    assert (muted.status, muted.json["until"]) == (200, "2099-01-01T00:00:00Z")
    item = as_alice.api("GET", "/api/me/mutes").json["items"][0]
    assert (item["username"], item["until"]) == ("bob", "2099-01-01T00:00:00Z")
    assert as_bob.api("GET", "/api/me/mutes").json["items"] == []
    refused = as_alice.api("PUT", "/api/users/bob/mute", {"until": "2001-01-01"})
    assert (refused.status, list(refused.json["errors"])) == (422, ["until"])
