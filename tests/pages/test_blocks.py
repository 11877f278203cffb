"""Blocking, removing followers and muting things: pages, the API and what they end."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.domain.collaborations.models import Collaboration, Invitation
from trackflow_web.domain.moderation.models import Report
from trackflow_web.domain.people import administration
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.visibility.models import Block
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import Notification

MISSING = "no-such-name"


def rows(app, table, *which):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*which))


def release(app, person, title="One", artist="Metallica"):
    song_id = add_song(app, person, title, artist)
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), person.user, status="released")
    return song_id


def names(browser, address):
    return [item["username"] for item in browser.api("GET", address).json["items"]]


@pytest.mark.both_databases
def test_a_block_ends_follows_invitations_and_unread_notices_of_both(
    app, as_alice, as_bob, alice, bob
):
    as_alice.post("/users/bob/follow")
    as_bob.post("/users/alice/follow")
    for owner, other, browser in ((alice, "bob", as_alice), (bob, "alice", as_bob)):
        with working(app):  # so that both are invited, not added
            db.session.execute(sa.delete(Follow))
        song_id = add_song(app, owner, f"Shared by {owner.username}")
        assert browser.post(f"/songs/{song_id}/collaborators", username=other).status == 303
    as_alice.post("/users/bob/follow")
    assert rows(app, Invitation) == 2
    assert rows(app, Notification, Notification.actor_ids != ",") > 0
    assert as_alice.post("/users/bob/block").location == "/users/bob"
    assert rows(app, Follow) == rows(app, Invitation) == 0
    assert rows(app, Notification, Notification.actor_ids != ",") == 0


def test_a_block_is_set_and_not_toggled(app, as_alice, bob):
    for _ in range(2):
        assert as_alice.post("/users/bob/block", set="1").status == 303
        assert rows(app, Block) == 1
    for _ in range(2):
        assert as_alice.post("/users/bob/block", set="0").status == 303
        assert rows(app, Block) == 0


def test_a_blocked_user_finds_the_blocker_as_missing(app, as_alice, as_bob, bob):
    as_alice.post("/users/bob/block")
    for address in ("/users/{}", "/users/{}/card", "/users/{}/compare", "/api/users/{}"):
        hidden, missing = (as_bob.get(address.format(name)) for name in ("alice", MISSING))
        assert hidden.status == missing.status == 404
        if not address.startswith("/api"):
            assert hidden.one("main").text == missing.one("main").text
    for action in ("follow", "mute", "block", "remove-follower"):
        for value in ("1", "0"):
            hidden, missing = (
                as_bob.post(f"/users/{name}/{action}", set=value) for name in ("alice", MISSING)
            )
            assert hidden.status == missing.status == 404
    song = f"/songs/{add_song(app, bob, 'Creep')}"
    hidden, missing = (
        as_bob.post(f"{song}/collaborators", username=name) for name in ("alice", MISSING)
    )
    assert hidden.status == missing.status == 422
    assert hidden.errors() == missing.errors() != {}


def test_a_mute_of_a_blocker_is_hidden_with_them(app, as_alice, as_bob):
    as_bob.post("/users/alice/mute")
    as_alice.post("/users/bob/block")
    assert names(as_bob, "/api/me/mutes") == []
    assert as_bob.api("DELETE", "/api/users/alice/mute").status == 404
    as_alice.post("/users/bob/block", set="0")
    assert names(as_bob, "/api/me/mutes") == ["alice"]


def test_the_blocker_sees_only_the_block(app, as_alice, as_bob, bob):
    release(app, bob)
    as_alice.post("/users/bob/block")
    page = as_alice.get("/users/bob")
    assert (page.status, "One" in page.text) == (200, False)
    assert page.one("form[action$='/block'] button").get_text().split()[0] == "Unblock"
    assert not page.all("form[action$='/follow']")
    assert as_alice.get("/users/bob/card", htmx=True).status == 404
    assert names(as_alice, "/api/me/blocks") == ["bob"]
    assert names(as_bob, "/api/me/blocks") == []


def test_administrators_can_be_muted_and_not_blocked(as_alice, admin):
    assert as_alice.post("/users/olga/block").status == 422
    assert as_alice.api("PUT", "/api/users/olga/block").json["errors"]["username"]
    assert not as_alice.get("/users/olga").all("form[action$='/block']")
    assert as_alice.post("/users/olga/mute").status == 303


def test_shared_songs_stay_but_notices_between_the_two_end(app, as_alice, as_bob, alice, bob):
    song_id = add_song(app, alice, "Orion")
    as_bob.post("/users/alice/follow")  # so that he is added at once
    as_alice.post(f"/songs/{song_id}/collaborators", username="bob")
    as_alice.post("/users/bob/block")
    assert rows(app, Collaboration) == 1
    assert as_bob.get(f"/songs/{song_id}").status == 200
    assert as_bob.post(f"/songs/{song_id}/parts/drums", state="done").status == 303
    assert "bob" in as_alice.get(f"/songs/{song_id}").text
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), alice.user, status="released")
    told = {
        (item["type"], tuple(item["actors"]))
        for browser in (as_alice, as_bob)
        for item in browser.api("GET", "/api/notifications/").json["items"]
        if item["actors"]
    }
    assert not told


def test_a_removed_follower_cannot_follow_for_30_days_and_is_not_told(
    app, as_alice, as_bob, bob, clock
):
    as_bob.post("/users/alice/follow")
    assert as_alice.get("/users/bob").one("form[action$='/remove-follower']")
    as_alice.post("/users/bob/remove-follower")
    again = as_bob.api("PUT", "/api/users/alice/follow", {})
    assert (again.status, again.json["username"]) == (200, "alice")
    assert rows(app, Follow) == 0
    assert names(as_alice, "/api/me/followers") == []
    clock.move(days=30)
    as_bob.post("/users/alice/follow")
    assert names(as_alice, "/api/me/followers") == ["bob"]


def test_the_lists_are_in_the_settings(as_alice, as_bob, as_charlie):
    as_alice.post("/users/bob/follow")
    as_charlie.post("/users/alice/follow")
    as_alice.post("/users/charlie/mute", until="2099-01-01")
    for name, title in (("following", "bob"), ("followers", "charlie"), ("muted", "charlie")):
        page = as_alice.get(f"/settings/people?list={name}")
        assert [each.text for each in page.all(".tokens__name")] == [title]
    as_alice.post("/users/bob/block")
    page = as_alice.get("/settings/people")
    assert [each.text for each in page.all(".tokens__name")] == ["bob"]
    ended = as_alice.post("/users/bob/block", set="0", next="/settings/people?list=blocked")
    assert ended.location == "/settings/people?list=blocked"
    assert as_alice.get("/settings/people?list=nonsense").status == 422


@pytest.mark.parametrize("kind", ["artist", "song"])
def test_muted_artists_and_songs_are_not_heard_of(app, as_alice, as_bob, bob, kind):
    as_alice.post("/users/bob/follow")
    song_id = release(app, bob)
    target = "METALLICA" if kind == "artist" else song_id
    muted = as_alice.api("PUT", f"/api/me/muted-things/{kind}/{target}", {})
    assert muted.status == 200
    assert muted.json["items"][0]["kind"] == kind
    assert as_alice.api("GET", "/api/me/muted-things", limit=1).json == muted.json
    as_bob.post(f"/songs/{song_id}/status", status="wip")  # takes back what was told
    if kind == "song":
        as_bob.post(f"/songs/{song_id}/status", status="released")
    else:
        release(app, bob, "Two")
    assert not as_alice.api("GET", "/api/notifications/").json["items"]
    release(app, bob, "Lateralus", "Tool")
    (told,) = as_alice.api("GET", "/api/notifications/").json["items"]
    assert told["message"] == "bob released Lateralus."
    if kind == "artist":
        page = as_alice.get("/settings/people?list=muted")
        assert len(page.all("form[action*='/mutes/'] button")) == 2
    assert as_alice.api("DELETE", f"/api/me/muted-things/{kind}/{target}").status == 204
    assert as_alice.api("GET", "/api/me/muted-things").json["items"] == []


def test_only_what_one_sees_can_be_muted(app, as_alice, as_bob, bob):
    planned = add_song(app, bob, "A secret")
    assert as_alice.post("/mutes/song", id=planned).status == 404
    assert as_alice.post("/mutes/song", id=10**9).status == 404
    assert as_alice.post("/mutes/nonsense", id=1).status == 404
    assert as_alice.post("/mutes/artist", artist="").status == 422
    long = "x" * 201
    page = as_alice.post("/mutes/artist", artist=long)
    assert (page.status, list(page.errors())) == (422, ["artist"])
    assert page.one("#artist")["value"] == long
    assert as_alice.post("/mutes/artist", artist="x", until="yesterday").status == 422


def test_what_a_blocked_user_posted_can_still_be_reported(app, as_alice, as_bob, alice, bob):
    song_id = release(app, bob, "Master of Insults")
    own_id = release(app, alice, "Mine")
    as_bob.post(f"/comments/release/{own_id}", body="You chart badly.")
    as_bob.post(f"/comments/release/{song_id}", body="She charts badly.")
    as_alice.post("/users/bob/block")
    page = as_alice.get(as_alice.get("/users/bob").one("a[href$='/report']")["href"])
    links = {each.get_text(" ", strip=True): each["href"] for each in page.all(".tokens a")}
    said = " ".join(links)
    for text in ("You chart badly.", "She charts badly.", "Master of Insults"):
        assert text in said
    for address in links.values():
        assert as_alice.get(address).status == 200
        sent = as_alice.post(address, reason="harassment")
        assert (sent.status, sent.location) == (303, "/users/bob")
    with app.app_context():
        reported = db.session.scalars(sa.select(Report.subject_type)).all()
    assert sorted(reported) == ["comment", "comment", "release"]


def test_the_blocked_user_cannot_report_what_they_do_not_see(app, as_alice, as_bob, alice):
    song_id = release(app, alice)
    as_alice.post("/users/bob/block")
    hidden = as_bob.get(f"/report/release/{song_id}")
    missing = as_bob.get("/report/release/999999")
    assert hidden.status == missing.status == 404
    assert as_bob.post(f"/report/release/{song_id}", reason="spam").status == 404
    assert as_bob.get("/users/alice/report").status == 404


def test_a_report_page_lists_posts_only_of_blocked_users(app, as_alice, bob):
    release(app, bob, "Orion")
    assert "Orion" not in as_alice.get("/users/bob/report").text


@pytest.mark.both_databases
def test_a_promotion_turns_blocks_into_mutes(app, caplog, as_alice, as_charlie, alice, bob, admin):
    as_alice.post("/users/bob/mute", until="2030-01-01")
    as_alice.post("/users/bob/block")
    as_charlie.post("/users/bob/block")
    with caplog.at_level("INFO", logger="trackflow.security"), working(app):
        administration.promote(bob.user, by=admin.user, why="He helps.")
    assert rows(app, Block) == 0
    assert names(as_alice, "/api/me/mutes") == names(as_charlie, "/api/me/mutes") == ["bob"]
    assert as_alice.get("/users/bob").one("form[action$='/mute'] button").get_text().split()[0] == (
        "Unmute"
    )
    lines = [json.loads(line.message) for line in caplog.records if "blocks_ended" in line.message]
    assert [(line["of"], line["n"]) for line in lines] == [(bob.id, 2)]
    assert as_alice.post("/users/bob/block").status == 422
