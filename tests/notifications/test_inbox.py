"""The bell, its panel, the inbox, and what one does with a notification."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.relations import queries as relations
from trackflow_web.kernel.database import db
from trackflow_web.notifications import preferences
from trackflow_web.notifications.models import Channel, Notification
from trackflow_web.notifications.types import Type
from trackflow_web.pages.notifications import views


@pytest.fixture
def followed(act, alice, bob):
    """Bob follows Alice: she has one notification."""
    act.follow(bob, alice)


@pytest.fixture
def quiet(app, alice):
    """Alice wants to hear nothing of her achievements."""
    with working(app):
        preferences.set_channel(alice.user, Type.ACHIEVEMENT_UNLOCKED, Channel.SITE, is_on=False)


@pytest.fixture
def several(quiet, act, clock, alice, bob, charlie):
    """Alice has three unread ones: followed by Bob, added by Charlie, released by Bob."""
    act.follow(bob, alice)
    clock.move(hours=1)
    act.song(charlie, alice, title="Shared")
    act.follow(alice, bob)
    clock.move(hours=1)
    act.release(bob, "Out")


def ids(page):
    return [int(row["data-id"]) for row in page.all("[data-notification]")]


def kinds(page):
    return [row["data-notification"] for row in page.all("[data-notification]")]


def bell(page):
    found = page.one("#bell")
    return int(found["data-unread"]), int(found["data-new"])


def counts(browser):
    return browser.api("GET", "/api/notifications/unread-count").json


# --- the bell ------------------------------------------------------------------------------------


def test_the_bell_counts_what_is_unread_and_new(as_alice, followed):
    assert bell(as_alice.get("/songs/")) == (1, 1)
    page = as_alice.get("/notifications/")
    assert "bob followed you." in page.text
    row = page.one("[data-notification]")
    assert (row["data-notification"], row["data-read"]) == ("new_follower", "false")
    assert page.one("[data-reason]")["data-reason"] == "follower"
    # Seen by looking at it, and not read.
    assert bell(as_alice.get("/songs/")) == (1, 0)


def test_a_form_with_messages_has_a_bell_too(as_alice, followed):
    page = as_alice.post("/songs/", title="", artist="")
    assert page.status == 422
    assert bell(page) == (1, 1)


def test_the_bell_is_fetched_alone_and_304_while_nothing_changes(
    act, as_alice, charlie, alice, followed
):
    page = as_alice.get("/notifications/unread-count")
    tag = page.headers["ETag"]
    assert (tag, bell(page)) == ('W/"1"', (1, 1))
    same = as_alice.request("GET", "/notifications/unread-count", headers={"If-None-Match": tag})
    assert (same.status, same.html) == (304, "")
    act.follow(charlie, alice)
    changed = as_alice.request("GET", "/notifications/unread-count", headers={"If-None-Match": tag})
    assert (changed.status, bell(changed)) == (200, (1, 1))


def test_a_session_that_has_ended_gets_no_304(as_alice, followed):
    tag = as_alice.get("/notifications/unread-count").headers["ETag"]
    cookie = as_alice.client.get_cookie("session").value
    as_alice.post("/logout")
    as_alice.client.set_cookie("session", cookie)
    page = as_alice.request("GET", "/notifications/unread-count", headers={"If-None-Match": tag})
    assert page.location.startswith("/login")


def test_asking_for_the_bell_is_no_visit(app, clock, alice, as_alice, followed):
    as_alice.get("/songs/")
    clock.move(days=1)
    as_alice.get("/notifications/unread-count")
    with app.app_context():
        seen = alice.user.last_seen_at
    as_alice.get("/songs/")
    with app.app_context():
        assert alice.user.last_seen_at > seen


def test_htmx_gets_the_bell_only_when_it_shows_something_else(
    act, as_alice, alice, charlie, followed
):
    current = as_alice.get("/songs/").one("#bell")["data-version"]

    def asked():
        return as_alice.request(
            "GET", "/songs/", htmx="songs-panel", headers={"Bell-Version": current}
        )

    assert not asked().all("#bell")
    act.follow(charlie, alice)
    assert asked().one("#bell")["hx-swap-oob"] == "true"


def test_an_action_that_notifies_its_own_user_brings_the_bell(as_alice):
    page = as_alice.post("/songs/", htmx="songs-panel", title="One", artist="Metallica",
                         status="released")  # fmt: skip
    assert bell(page) == (1, 1)


# --- the inbox -----------------------------------------------------------------------------------


def test_the_latest_event_comes_first_under_its_day(as_alice, several):
    page = as_alice.get("/notifications/")
    assert kinds(page) == ["new_release", "collaboration_added", "new_follower"]
    assert len(page.all("#inbox h2")) == 1


def test_filters_stand_in_the_address(as_alice, several):
    page = as_alice.get("/notifications/", type="new_release")
    assert kinds(page) == ["new_release"]
    as_alice.post(f"/notifications/{ids(page)[0]}/read")
    unread = as_alice.get("/notifications/", filter="unread")
    assert kinds(unread) == ["collaboration_added", "new_follower"]


@pytest.mark.parametrize("query", [{"type": "no"}, {"filter": "no"}, {"cursor": "no"}])
def test_an_invalid_filter_is_refused(as_alice, query):
    assert as_alice.get("/notifications/", **query).status == 422


def test_a_filtered_inbox_marks_nothing_as_seen(as_alice, several):
    as_alice.get("/notifications/", type="new_release")
    assert counts(as_alice)["new"] == 3


def test_older_ones_are_behind_a_cursor(quiet, act, as_alice, alice, bob, monkeypatch):
    monkeypatch.setattr(views, "IN_INBOX", 2)
    act.follow(bob, alice)
    act.song(bob, alice, title="Shared")
    act.follow(alice, bob)
    act.release(bob, "Out")
    first = as_alice.get("/notifications/")
    second = as_alice.get(first.one("#inbox a[rel=next]")["href"])
    assert kinds(first) + kinds(second) == ["new_release", "collaboration_added", "new_follower"]
    assert not second.all("#inbox a[rel=next]")


def test_following_the_link_reads_it_and_leads_to_its_subject(as_alice, followed):
    (one,) = ids(as_alice.get("/notifications/"))
    answer = as_alice.get(f"/notifications/{one}/go")
    assert (answer.status, answer.location) == (303, "/users/bob")
    assert as_alice.get("/notifications/").one("[data-notification]")["data-read"] == "true"


def test_a_prefetch_reads_and_sees_nothing(as_alice, followed):
    headers = {"Sec-Purpose": "prefetch"}
    page = as_alice.request("GET", "/notifications/", headers=headers)
    as_alice.request("GET", f"/notifications/{ids(page)[0]}/go", headers=headers)
    assert counts(as_alice) == {"unread": 1, "new": 1}


def test_read_and_unread_are_states(as_alice, followed):
    (one,) = ids(as_alice.get("/notifications/"))
    for _ in range(2):
        assert as_alice.post(f"/notifications/{one}/read").location == "/notifications/"
    assert counts(as_alice)["unread"] == 0
    row = as_alice.post(f"/notifications/{one}/unread", htmx=True)
    assert row.one("[data-notification]")["data-read"] == "false"
    assert bell(row) == (1, 0)


def press(browser, address, *, on):
    """Press a button of a row with htmx, on this page."""
    headers = {"HX-Current-URL": f"http://localhost{on}"}
    token = {"csrf_token": browser.token()}
    return browser.request("POST", address, htmx=True, headers=headers, data=token)


@pytest.mark.parametrize(("action", "expected"), [("read", "2"), ("delete", "2"), ("unread", "3")])
def test_the_number_of_the_tab_follows_a_row(as_alice, several, action, expected):
    page = as_alice.get("/notifications/")
    assert page.one("#inbox-unread").text == "3"
    answer = press(
        as_alice, f"/notifications/{ids(page)[0]}/{action}", on="/notifications/?filter=unread"
    )
    assert answer.one("#inbox-unread[hx-swap-oob]").text == expected
    elsewhere = as_alice.post(f"/notifications/{ids(page)[1]}/read", htmx=True)
    assert not elsewhere.all("#inbox-unread")


def test_the_number_of_the_tab_is_of_the_kind_that_is_shown(as_alice, several):
    page = as_alice.get("/notifications/?type=new_follower")
    assert page.one("#inbox-unread").text == "1"
    (one,) = ids(page)
    answer = press(
        as_alice,
        f"/notifications/{one}/read?type=new_follower",
        on="/notifications/?type=new_follower",
    )
    assert answer.one("#inbox-unread[hx-swap-oob]").text == "0"


def test_a_row_marked_unread_stands_beside_what_came_since(act, as_alice, alice, charlie, followed):
    (one,) = ids(as_alice.get("/notifications/"))
    as_alice.post(f"/notifications/{one}/read")
    act.follow(charlie, alice)
    as_alice.post(f"/notifications/{one}/unread")
    assert counts(as_alice)["unread"] == 2


def test_read_all_covers_only_what_was_shown(act, clock, as_alice, alice, bob, charlie, several):
    page = as_alice.get("/notifications/")
    form = {field["name"]: field["value"] for field in page.all("form[action$=read-all] input")}
    clock.move(minutes=1)
    act.song(bob, alice, title="Later")
    act.release(bob, "Another")  # its row is updated after it was shown
    as_alice.post("/notifications/read-all", **form)
    assert counts(as_alice)["unread"] == 2


def test_read_all_can_be_undone_for_ten_minutes(clock, as_alice, several):
    first = ids(as_alice.get("/notifications/"))[0]
    answer = as_alice.post("/notifications/read-all", upto=first)
    assert counts(as_alice)["unread"] == 0
    page = as_alice.get(answer.location)
    token = page.one("form[action$=undo] input[name=token]")["value"]
    clock.move(minutes=9)
    as_alice.post("/notifications/undo", token=token)
    assert counts(as_alice)["unread"] == 3
    assert as_alice.post("/notifications/undo", token=token).status == 404


def test_an_undo_expires(clock, as_alice, several):
    token = as_alice.api("PUT", "/api/notifications/read-all", {}).json["undo"]
    clock.move(minutes=10, seconds=1)
    assert as_alice.post("/notifications/undo", token=token).status == 404
    assert counts(as_alice)["unread"] == 0


def test_a_deletion_can_be_undone(clock, as_alice, followed):
    (one,) = ids(as_alice.get("/notifications/"))
    answer = as_alice.post(f"/notifications/{one}/delete", htmx=True)
    assert ids(as_alice.get("/notifications/")) == []
    assert counts(as_alice) == {"unread": 0, "new": 0}
    clock.move(minutes=1)
    token = answer.one("input[name=token]")["value"]
    assert as_alice.post("/notifications/undo", token=token, htmx=True).one("#inbox")
    assert ids(as_alice.get("/notifications/")) == [one]
    assert counts(as_alice) == {"unread": 1, "new": 0}


def test_what_is_somebody_elses_is_not_there(as_alice, as_bob, followed):
    (one,) = ids(as_alice.get("/notifications/"))
    token = as_alice.api("PUT", "/api/notifications/read-all", {}).json["undo"]
    for action in ("read", "unread", "delete"):
        assert as_bob.post(f"/notifications/{one}/{action}").status == 404
    assert as_bob.post(f"/notifications/{one}/mute", what="type").status == 404
    assert as_bob.get(f"/notifications/{one}/go").status == 404
    assert as_bob.api("PUT", f"/api/notifications/{one}/read", {}).status == 404
    assert as_bob.api("DELETE", f"/api/notifications/{one}").status == 404
    assert as_bob.api("PUT", "/api/notifications/read-all", {"upto": one}).status == 422
    assert as_bob.post("/notifications/undo", token=token).status == 404


def test_forms_lead_back_to_the_part_they_stand_on(as_alice, several):
    place = "/notifications/?filter=unread&type=new_follower"
    page = as_alice.get(place)
    (one,) = ids(page)
    for button in page.all("#inbox [data-row-actions] button"):
        assert button["formaction"].endswith("?filter=unread&type=new_follower")
    query = place.partition("?")[2]
    read = as_alice.post(f"/notifications/{one}/read?{query}")
    assert read.location.endswith(place)
    form = page.one("form[action*=read-all]")
    assert form["action"] == f"/notifications/read-all?{query}"
    undone = as_alice.post(f"/notifications/{one}/delete?{query}").location
    assert undone.startswith(f"{place}&undo=")
    undo = as_alice.get(undone).one("form[action*=undo]")
    token = undo.select_one("[name=token]")["value"]
    assert as_alice.post(undo["action"], token=token).location.endswith(place)


def test_htmx_keeps_the_filters_after_all_were_read(as_alice, several):
    page = as_alice.post("/notifications/read-all?type=new_follower", htmx=True)
    assert kinds(page) == ["new_follower"]
    assert page.one("form[action*=undo]")["hx-post"] == "/notifications/undo?type=new_follower"


def test_read_all_of_one_kind_leaves_the_others(as_alice, several):
    page = as_alice.get("/notifications/?type=new_release")
    form = page.one("form[action*=read-all]")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    as_alice.post(form["action"], **fields)
    assert counts(as_alice)["unread"] == 2
    assert [row["data-read"] for row in as_alice.get("/notifications/").all("[data-id]")] == [
        "true",
        "false",
        "false",
    ]


def test_read_all_of_a_later_part_leaves_what_came_before_it(as_alice, several, monkeypatch):
    monkeypatch.setattr(views, "IN_INBOX", 1)
    older = as_alice.get(as_alice.get("/notifications/").one("a[rel=next]")["href"])
    form = older.one("form[action*=read-all]")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    as_alice.post(form["action"], **fields)
    assert counts(as_alice)["unread"] == 1


def test_a_row_names_everybody_who_is_known(act, as_alice, alice, bob, charlie, admin, followed):
    for person in (charlie, admin):
        act.follow(person, alice)
    (row,) = as_alice.get("/notifications/").all("[data-id]")
    links = row.select(".note__text a")
    names = [person.username for person in (admin, charlie, bob)]
    assert [link["href"] for link in links] == [f"/users/{name}" for name in names]
    assert row.select_one(".note__text").text == "{}, {} and {} followed you.".format(*names)
    panel = as_alice.get("/notifications/panel", htmx=True)
    assert panel.one(".note__text").text == f"{names[0]}, {names[1]} and 1 other followed you."


def test_faces_of_those_who_can_be_seen_stand_beside_their_names(
    app, act, as_alice, alice, bob, charlie, admin
):
    for person in (bob, charlie, admin):
        act.follow(person, alice)
    with working(app):
        bob.user.avatar = "b" * 64
        charlie.user.audience = Audience.ME
    for address in ("/notifications/", "/notifications/panel"):
        faces = as_alice.get(address).all("[data-notification=new_follower] .avatar")
        assert len(faces) == 2
        assert any("b" * 64 in face["src"] for face in faces)
        assert all(
            (face["width"], face["height"], face["alt"]) == ("32", "32", "") for face in faces
        )


def test_a_decision_cannot_be_muted_and_offers_no_button_for_it(app, as_alice, followed):
    with working(app):
        follower = Notification.type == Type.NEW_FOLLOWER
        db.session.execute(
            sa.update(Notification).where(follower).values(type=Type.MODERATION_DECISION)
        )
    page = as_alice.get("/notifications/?type=moderation_decision")
    (one,) = ids(page)
    assert page.all("button[value=type]") == []
    assert as_alice.post(f"/notifications/{one}/mute", what="type").status == 422


# --- the panel -----------------------------------------------------------------------------------


def test_the_panel_shows_the_latest_and_says_what_was_seen(as_alice, several):
    panel = as_alice.get("/notifications/panel", htmx=True)
    assert kinds(panel) == ["new_release", "collaboration_added", "new_follower"]
    form = panel.one("form[hx-post$=seen]")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert counts(as_alice)["new"] == 3
    seen = as_alice.post("/notifications/seen", htmx=True, **fields)
    assert bell(seen) == (3, 0)


def test_all_are_read_and_unread_again_in_the_panel(as_alice, several):
    form = as_alice.get("/notifications/panel", htmx=True).one("form[action*=read-all]")
    assert form["hx-target"] == "#bell-panel"
    fields = {field["name"]: field["value"] for field in form.select("input")}
    panel = as_alice.post(form["action"], htmx="bell-panel", **fields)
    assert panel.all("#inbox") == []
    assert [row["data-read"] for row in panel.all("[data-id]")] == ["true"] * 3
    undo = panel.one("form[action*=undo]")
    token = undo.select_one("[name=token]")["value"]
    panel = as_alice.post(undo["action"], htmx=undo["hx-target"][1:], token=token)
    assert [row["data-read"] for row in panel.all("[data-id]")] == ["false"] * 3
    assert counts(as_alice)["unread"] == 3


def test_the_panel_is_a_page_without_htmx(as_alice, followed):
    page = as_alice.get("/notifications/panel")
    assert page.one("h1").get_text() == "Latest notifications"
    assert len(ids(page)) == 1


# --- muting in place -----------------------------------------------------------------------------


def test_a_person_is_muted_in_place(app, act, as_alice, alice, bob, followed):
    (one,) = ids(as_alice.get("/notifications/"))
    page = as_alice.post(f"/notifications/{one}/mute", what="person", htmx=True)
    assert "Muted: bob." in page.text
    with app.app_context():
        assert relations.relation_to(alice.id, bob.id).mutes


def test_of_several_people_one_is_named(act, as_alice, alice, charlie, followed):
    act.follow(charlie, alice)
    (one,) = ids(as_alice.get("/notifications/"))
    assert as_alice.post(f"/notifications/{one}/mute", what="person").status == 422
    assert as_alice.post(f"/notifications/{one}/mute", what="person", username="olga").status == 422
    muted = as_alice.post(f"/notifications/{one}/mute", what="person", username="charlie")
    assert muted.status == 303


def test_a_type_is_muted_in_place(act, as_alice, alice, charlie, followed):
    (one,) = ids(as_alice.get("/notifications/"))
    as_alice.post(f"/notifications/{one}/mute", what="type")
    act.follow(charlie, alice)
    assert "bob followed you." in as_alice.get("/notifications/").text


def test_a_song_is_muted_in_place(quiet, act, told, as_alice, alice, bob):
    song = act.song(bob, alice)
    page = as_alice.get("/notifications/")
    as_alice.post(f"/notifications/{ids(page)[0]}/mute", what="subject")
    act.move(song, bob, "wip")
    assert told(alice, "collaboration_song_updated") == []


@pytest.mark.parametrize("what", ["", "everything", "subject"])
def test_what_cannot_be_muted_is_named(as_alice, followed, what):
    (one,) = ids(as_alice.get("/notifications/"))
    assert as_alice.post(f"/notifications/{one}/mute", what=what).status == 422


# --- names at read time --------------------------------------------------------------------------


def test_a_muted_request_is_listed_and_can_be_unmuted(as_alice, as_bob, charlie):
    as_alice.post("/features/", title="Dark mode", description="For the night")
    as_bob.post("/features/1/comments", body="Yes")
    page = as_alice.get("/notifications/?type=feature_request_comment")
    (one,) = ids(page)
    said = as_alice.post(f"/notifications/{one}/mute", what="subject", htmx=True).one(".note__said")
    lists = said.a["href"]
    (line,) = as_alice.get(lists).all("#things-title ~ ul .tokens__item")
    assert line.select_one(".tokens__name").text == "Dark mode request"
    form = line.form
    fields = {field["name"]: field["value"] for field in form.select("input")}
    as_alice.post(form["action"], **fields)
    assert as_alice.get(lists).all("#things-title ~ ul .tokens__item") == []
    as_alice.post("/mutes/feature", id=1, set="1")
    assert "You won't hear of this request any more." in as_alice.follow().text


def test_what_became_private_shows_neither_name_nor_title(app, act, as_alice, alice, bob):
    act.follow(alice, bob)
    act.follow(bob, alice)
    act.release(bob, "A secret title")
    with working(app):
        bob.user.audience = Audience.ME
    page = as_alice.get("/notifications/")
    text = page.one("#inbox").get_text(" ", strip=True).lower()
    assert "secret" not in text
    assert "bob" not in text
    assert "a song that is no longer public" in text
    for one in ids(page):
        assert as_alice.get(f"/notifications/{one}/go").location == "/notifications/"
    listed = as_alice.api("GET", "/api/notifications/").html
    assert "secret" not in listed
    assert "bob" not in listed


def test_nothing_that_is_stored_names_anybody(app, act, as_alice, alice, bob, several):
    with app.app_context():
        for row in db.session.query(Notification):
            stored = f"{row.title} {row.message} {row.link} {row.metadata_json}".lower()
            assert not any(name in stored for name in ("alice", "bob", "charlie", "shared", "out"))


def test_names_are_those_of_now(app, act, as_alice, bob, followed):
    with working(app):
        bob.user.username = "robert"
    assert "robert followed you." in as_alice.get("/notifications/").text


def test_who_is_gone_is_nobody(app, act, as_alice, bob, followed):
    with working(app):
        db.session.delete(bob.user)
    assert "Somebody followed you." in as_alice.get("/notifications/").text


# --- toasts --------------------------------------------------------------------------------------


def test_a_collaboration_shows_a_toast_once_and_stays_in_the_inbox(
    quiet, act, as_alice, alice, bob
):
    act.song(bob, alice)
    assert "collaboration_added" in as_alice.get("/songs/").toasts()
    assert as_alice.get("/songs/").toasts() == []
    assert kinds(as_alice.get("/notifications/")) == ["collaboration_added"]


def test_every_toast_of_an_achievement_is_in_the_inbox(as_alice):
    as_alice.post("/songs/", title="One", artist="Metallica", status="released")
    shown = as_alice.get("/songs/").toasts()
    assert shown
    item = as_alice.api("GET", "/api/notifications/").json["items"][0]
    assert item["type"] == "achievement_unlocked"
    assert set(shown) <= {*item["metadata"]["codes"], "summary"}


# --- the API -------------------------------------------------------------------------------------


def test_the_api_lists_counts_reads_and_deletes(as_alice, several):
    listed = as_alice.api("GET", "/api/notifications/", limit=2).json
    assert [item["type"] for item in listed["items"]] == ["new_release", "collaboration_added"]
    rest = as_alice.api("GET", "/api/notifications/", cursor=listed["next"]).json
    assert ([item["type"] for item in rest["items"]], rest["next"]) == (["new_follower"], None)
    assert counts(as_alice) == {"unread": 3, "new": 3}  # listing marks nothing
    item = listed["items"][1]
    assert item["actors"] == ["charlie"]
    assert item["message"] == "charlie added you to Shared."
    assert item["link"].startswith("/songs/")
    read = as_alice.api("PUT", f"/api/notifications/{item['id']}/read", {})
    assert (read.status, read.json["read"]) == (200, True)
    unread = as_alice.api("GET", "/api/notifications/", unread="true").json["items"]
    assert [item["type"] for item in unread] == ["new_release", "new_follower"]
    all_read = as_alice.api("PUT", "/api/notifications/read-all", {"upto": unread[1]["id"]})
    assert (all_read.status, all_read.json["read"]) == (200, 1)
    assert as_alice.api("DELETE", f"/api/notifications/{item['id']}").status == 204
    assert as_alice.api("GET", "/api/notifications/", unread="maybe").status == 422
