"""Threads on the pages of releases, awards and packs."""

from __future__ import annotations

import re

import pytest

from tests.support.browsing import Browser
from tests.support.people import working
from tests.support.songs import add_song
from tests.support.talk import Talk
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import find_pack
from trackflow_web.domain.people.models import Audience

PLACES = ("release", "achievement", "pack")


@pytest.fixture
def talk(app, alice):
    return Talk(app, alice)


@pytest.fixture
def places(app, alice, as_alice, talk):
    """The page and the thread of a release, an award and a pack of Alice's."""
    song_id = add_song(app, alice, "Fuel", status="released")
    with working(app):
        packs.put_song(find_pack(talk.subject.id), song_id=song_id, optional=False)
    award = "/users/alice/achievements/first_release"
    thread = Browser(app)
    thread.enter(alice)
    found = re.search(r"/comments/achievement/\d+", thread.get(award).html)
    return {
        "release": (f"/releases/{song_id}", f"/comments/release/{song_id}"),
        "achievement": (award, found[0]),
        "pack": (f"/packs/{talk.subject.id}", f"/comments/pack/{talk.subject.id}"),
    }


def texts(page):
    return [said.get_text(strip=True) for said in page.all(".comment__text")]


def test_a_comment_appears_on_the_page_of_its_subject(places, as_alice, as_bob, subtests):
    for place, (page, thread) in places.items():
        with subtests.test(place=place):
            answer = as_bob.post(thread, body=f"About the {place}, *really*.")
            assert answer.status == 303
            assert answer.location.startswith(f"{page}#comment-")
            for browser, address in ((as_bob, page), (as_alice, page), (as_alice, thread)):
                shown = browser.get(address)
                assert texts(shown) == [f"About the {place},really."]
                assert shown.one("[data-comment] em").text == "really"


def test_a_reply_form_opens_below_its_comment_and_keeps_its_input(places, as_alice, as_bob):
    page, thread = places["pack"]
    as_bob.post(thread, body="First")
    link = as_alice.get(page).one('[id^="reply-"]')["href"]
    form = as_alice.get(link.partition("#")[0]).one("[data-comment] form.comment-form")
    parent = form.select_one("[name=parent_id]")["value"]
    refused = as_alice.post(thread, body="", parent_id=parent)
    assert refused.status == 422
    assert refused.one("[data-comment] #reply-body")["aria-describedby"].endswith(
        "reply-body-error"
    )
    assert as_alice.post(thread, body="Yes.", parent_id=parent).status == 303
    shown = as_bob.get(page)
    assert texts(shown) == ["First", "Yes."]
    assert shown.one(".comments__one--reply .comment__up")["href"] == f"#comment-{parent}"


def test_an_author_changes_and_deletes_a_comment(places, as_bob, as_charlie):
    page, thread = places["release"]
    as_bob.post(thread, body="Frist")
    link = as_bob.get(page).one('[id^="edit-"]')["href"].partition("#")[0]
    form = as_bob.get(link).one("[data-comment] form.comment-form")
    assert form.select_one("textarea").text.strip() == "Frist"
    assert as_bob.post(form["action"], body="").status == 422
    assert as_bob.post(form["action"], body="First").status == 303
    assert texts(as_charlie.get(page)) == ["First"]
    assert as_charlie.post(form["action"], body="Mine").status == 403
    delete = form["action"].replace("/edit", "/delete")
    assert as_charlie.post(delete).status == 403
    assert as_bob.post(delete).status == 303
    assert texts(as_charlie.get(page)) == []


def test_an_owner_closes_the_thread(places, as_alice, as_bob):
    page, thread = places["pack"]
    assert as_bob.post(f"{thread}/close").status == 403
    assert as_alice.post(f"{thread}/close", set="1").status == 303
    assert "Comments are closed." in as_bob.get(page).text
    assert as_bob.post(thread, body="Hm").status == 422
    assert as_alice.post(f"{thread}/close", set="0").status == 303
    assert as_bob.post(thread, body="Hm").status == 303


def test_htmx_gets_the_thread_or_its_next_page(talk, bob, as_bob):
    for number in range(51):
        talk.write(bob, f"Number {number}")
    address = f"/comments/pack/{talk.subject.id}"
    page = as_bob.get(address, htmx="thread")
    assert not page.soup.html
    assert len(page.all("article[data-comment]")) == 50
    more = as_bob.get(page.one("a[rel=next]")["href"], htmx="comments-more")
    assert texts(more) == ["Number 50"]
    assert not more.all("section")
    posted = as_bob.post(address, htmx="thread", body="Last")
    assert texts(posted)[-1] == "Last"
    answer = as_bob.post(address, body="The end")
    assert "at=" in answer.location
    assert texts(as_bob.get(answer.location.partition("#")[0])) == ["The end"]
    for cursor in ("x", "1", "1.x", "-1.2", "9" * 40):
        assert as_bob.get(address, cursor=cursor).status == 422


def test_mentions_are_links_outside_of_code(talk, bob, as_bob):
    talk.write(bob, "@alice, `@alice` and x@alice")
    page = as_bob.get(f"/comments/pack/{talk.subject.id}")
    assert [link["href"] for link in page.all(".comment__text a.mention")] == ["/users/alice"]


def test_nothing_is_shown_of_what_became_private(app, alice, talk, bob, as_bob, stranger):
    comment_id = talk.write(bob, "Hello")
    with working(app):
        alice.user.audience = Audience.ME
    address = f"/comments/pack/{talk.subject.id}"
    for browser in (as_bob, stranger):
        assert browser.get(address).status == 404
    assert as_bob.post(address, body="More").status == 404
    assert as_bob.post(f"/comments/{comment_id}/edit", body="More").status == 404
    assert as_bob.post(f"/comments/{comment_id}/delete").status == 404
    assert as_bob.post("/reactions", subject="comment", id=comment_id, kind="like").status == 404
    assert as_bob.get(f"/reactions/pack/{talk.subject.id}").status == 404
    for missing in ("/comments/pack/999999", "/comments/user/1", "/comments/comment/1"):
        assert as_bob.get(missing).status == 404


def test_visitors_read_threads_of_public_profiles(app, alice, talk, bob, stranger):
    talk.write(bob, "Hello")
    with working(app):
        alice.user.audience = Audience.EVERYONE
    page = stranger.get(f"/comments/pack/{talk.subject.id}")
    assert texts(page) == ["Hello"]
    assert "a member" in page.one(".comment__by").text  # Bob's profile is for members
    assert not page.all("form.comment-form, [data-reaction]")
    assert "Sign in to comment" in page.text


def test_a_newcomers_link_is_held_and_staff_releases_it(make_app, talk, bob, alice, admin):
    app = make_app(NEWCOMER_DAYS="3")
    as_bob, as_alice, as_admin = Browser(app), Browser(app), Browser(app)
    for browser, person in ((as_bob, bob), (as_alice, alice)):
        browser.enter(person)
    as_admin.sign_in("olga", admin.password)
    address = f"/comments/pack/{talk.subject.id}"
    as_bob.post(address, body="See https://example.org")
    assert "others see it later" in as_bob.follow().text
    assert "Not visible to others yet" in as_bob.get(address).text
    assert texts(as_alice.get(address)) == []
    form = as_admin.get(address).one('form[action$="/release"]')
    assert as_admin.post(form["action"]).status == 303
    assert texts(as_alice.get(address)) == ["See https://example.org"]


def test_reactions_work_without_a_script(places, as_bob, as_alice, subtests):
    for place, (page, _thread) in places.items():
        with subtests.test(place=place):
            group = as_bob.get(page).one("form.reactions [role=group]")
            assert [each["data-reaction"] for each in group.select("button")] == [
                "like", "banger", "clean", "brutal", "thanks",
            ]  # fmt: skip
            assert {each["aria-pressed"] for each in group.select("button")} == {"false"}
            form = as_bob.get(page).one("form.reactions")
            sent = {each["name"]: each["value"] for each in form.select("input[type=hidden]")}
            del sent["csrf_token"]
            assert as_bob.post("/reactions", **sent, kind="banger").status == 303
            pressed = as_bob.get(page).one('.reaction[aria-pressed="true"]')
            assert (pressed["data-reaction"], pressed["value"]) == ("banger", "")
            assert not as_alice.get(page).all("form.reactions")
            assert as_alice.get(page).one('[data-reaction="banger"] b').text == "1"
            assert "bob" in as_alice.get(f"/reactions/{place}/{sent['id']}").text
            fragment = as_bob.post("/reactions", htmx=True, **sent, kind="")
            assert not fragment.all('[aria-pressed="true"]')
            assert fragment.one("form.reactions")["class"] == form["class"]


def test_reactions_in_the_feed_stay_small(places, as_bob):
    form = as_bob.get("/community/").all("form.reactions--small")[0]
    sent = {each["name"]: each["value"] for each in form.select("input[type=hidden]")}
    fragment = as_bob.post(
        "/reactions", htmx=True, **{**sent, "csrf_token": as_bob.token()}, kind="like"
    )
    assert fragment.one("form.reactions")["class"] == form["class"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "love"}, "kind"),
        ({"subject": "user"}, "subject"),
        ({"id": ""}, "id"),
        ({"id": "x"}, "id"),
        ({"id": "9" * 30}, "id"),
    ],
)
def test_invalid_reactions_are_rejected_by_name(talk, as_bob, fields, field):
    sent = {"subject": "pack", "id": talk.subject.id, "kind": "like", **fields}
    page = as_bob.post("/reactions", **sent)
    assert page.status == 422
    assert field in page.text


def test_versions_are_for_staff(clock, talk, bob, as_bob, as_admin):
    comment_id = talk.write(bob, "Frist")
    clock.move(minutes=6)
    talk.edit(bob, comment_id, "First")
    address = f"/comments/{comment_id}/versions"
    assert as_bob.get(address).status == 404
    page = as_admin.get(address)
    assert [said.text for said in page.all(".said")] == ["Frist", "First"]


def test_a_pack_without_releases_leads_others_to_its_thread(app, alice, talk, as_alice, as_bob):
    page, thread = f"/packs/{talk.subject.id}", f"/comments/pack/{talk.subject.id}"
    posted = as_bob.post(thread, body="Looking forward to it.")
    assert posted.location.startswith(f"{thread}#comment-")
    assert texts(as_bob.follow()) == ["Looking forward to it."]

    def link_in_the_feed(browser):
        items = browser.get(f"/api/community/feed?type=packs&user_id={alice.id}").json["items"]
        (url,) = [item["subject"]["url"] for item in items if item["subject"]["title"] == "Live"]
        return url.replace("http://localhost", "")

    assert link_in_the_feed(as_bob) == thread
    assert link_in_the_feed(as_alice) == page
    assert texts(as_alice.get(page)) == ["Looking forward to it."]
    song_id = add_song(app, alice, "Fuel", status="released")
    with working(app):
        packs.put_song(find_pack(talk.subject.id), song_id=song_id, optional=False)
    assert link_in_the_feed(as_bob) == page
    assert as_bob.post(thread, body="At last.").location.startswith(f"{page}#comment-")
