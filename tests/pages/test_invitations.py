"""Invitations on pages: Alice invites Bob, who accepts or declines."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.kernel.database import db


@pytest.fixture
def owner(app, alice):
    return Producer(app, alice)


@pytest.fixture
def invitee(app, bob):
    return Producer(app, bob)


@pytest.fixture
def song(owner, bob):
    """A song of Alice's to which Bob is invited."""
    song = owner.add("One")
    owner.ask(song, "bob")
    return song


def names(page):
    return page.one("#song-helpers .helpers").get_text()


@pytest.mark.fault("D3")
def test_new_collaborators_are_invited(as_alice, as_bob, owner, invitee):
    song = owner.add("One")
    as_alice.post(f"/songs/{song}/collaborators", username="bob")
    assert "invited" in names(as_alice.follow())
    assert as_bob.get(f"/songs/{song}").status == 404
    assert not as_bob.get("/songs/").all(".song")
    (invitation,) = invitee.received()
    page = as_bob.get("/invitations/")
    assert "alice invites you to One by Metallica" in " ".join(page.text.split())
    assert as_bob.post(f"/invitations/{invitation}/accept").status == 303
    assert "One" in as_bob.follow().text
    assert as_bob.get(f"/songs/{song}").status == 200
    assert "invited" not in names(as_alice.get(f"/songs/{song}"))


def test_the_page_without_invitations_has_a_message(as_bob):
    page = as_bob.get("/invitations/")
    assert "No invitations." in page.text
    assert not as_bob.get("/songs/").all("#song-invitations-title")


def test_the_songs_page_shows_three_invitations_and_a_link_to_all(as_bob, owner, bob):
    for song in owner.add_many(4):
        owner.ask(song, "bob")
    page = as_bob.get("/songs/")
    assert len(page.all(".invitations__item")) == 3
    assert page.one('#songs-panel a[href="/invitations/"]').get_text() == "See all invitations"
    assert len(as_bob.get("/invitations/").all(".invitations__item")) == 4


def test_replying_with_htmx_on_the_songs_page_returns_the_page_with_the_song(as_bob, invitee, song):
    (invitation,) = invitee.received()
    as_bob.get("/songs/")
    page = as_bob.post(f"/invitations/{invitation}/accept", htmx="songs-panel")
    assert page.all(f"#song-{song}")
    assert not page.all(".invitations__item")
    assert page.toasts() == ["collaborative_spirit"]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_replying_on_the_songs_page_keeps_its_tab_and_search(as_bob, invitee, song, answer):
    (invitation,) = invitee.received()
    as_bob.get("/songs/")
    page = as_bob.request(
        "POST",
        f"/invitations/{invitation}/{answer}",
        htmx="songs-panel",
        headers={"HX-Current-URL": "http://localhost/songs/?status=wip&q=one"},
        data={"csrf_token": as_bob.token()},
    )
    assert page.one("#song-tabs [aria-current]")["id"] == "tab-wip"
    assert page.one("#song-q")["value"] == "one"


def test_replying_with_htmx_on_the_invitations_page_returns_the_list(as_bob, owner, invitee, song):
    owner.ask(owner.add("Two"), "bob")
    two, one = invitee.received()
    page = as_bob.post(f"/invitations/{two}/accept", htmx="invitations")
    assert [item["id"] for item in page.all(".invitations__item")] == [f"invitation-{one}"]
    assert not page.all("h1")
    page = as_bob.post(f"/invitations/{one}/decline", htmx="invitations")
    assert not page.all(".invitations__item")


def test_accepting_awards_both_sides(as_alice, as_bob, owner, invitee, song):
    (invitation,) = invitee.received()
    as_alice.get("/songs/")
    as_bob.post(f"/invitations/{invitation}/accept")
    assert as_bob.follow().toasts() == ["collaborative_spirit", "collaboration_added"]
    assert as_alice.get("/songs/").toasts() == ["team_player"]


@pytest.mark.parametrize("htmx", [False, "invitations", "songs-panel"])
def test_a_declined_invitation_cannot_be_accepted(as_bob, owner, invitee, song, htmx):
    (invitation,) = invitee.received()
    for _ in range(2):
        assert as_bob.post(f"/invitations/{invitation}/decline").status == 303
    page = as_bob.post(f"/invitations/{invitation}/accept", htmx=htmx)
    assert page.status == 422
    assert "already declined" in page.one('[role="alert"]').get_text()
    assert owner.number("total_collaborations") == 0


def test_accepting_twice_changes_nothing(as_bob, owner, invitee, song):
    (invitation,) = invitee.received()
    for _ in range(2):
        assert as_bob.post(f"/invitations/{invitation}/accept").status == 303
    assert owner.number("total_collaborations") == 1


def test_invitations_of_others_return_404(as_charlie, as_alice, invitee, song):
    (invitation,) = invitee.received()
    for browser in (as_charlie, as_alice):
        assert not browser.get("/invitations/").all(".invitations__item")
        for answer in ("accept", "decline"):
            assert browser.post(f"/invitations/{invitation}/{answer}").status == 404


def test_the_owner_withdraws_an_invitation(as_alice, as_bob, invitee, song, bob):
    (invitation,) = invitee.received()
    address = f"/songs/{song}/collaborators/{bob.id}/delete"
    page = as_alice.get(f"/songs/{song}")
    assert "Withdraw" in page.one(f'form[action="{address}"]').get_text()
    assert "bob" not in names(as_alice.post(address, htmx="song-helpers"))
    assert as_bob.post(f"/invitations/{invitation}/accept").status == 404
    assert as_alice.post(address).status == 404


def test_a_whole_pack_is_one_invitation(as_alice, as_bob, owner, invitee):
    pack = owner.pack("Encore", *owner.add_many(2))
    as_alice.post(f"/packs/{pack}/collaborators", username="bob")
    page = as_alice.follow()
    assert "Invited bob." in page.text
    assert "invited" in page.one(".helpers").get_text()
    assert "every song of the pack Encore" in " ".join(as_bob.get("/invitations/").text.split())
    (invitation,) = invitee.received()
    as_bob.post(f"/invitations/{invitation}/accept")
    assert len(as_bob.follow().all(".song")) == 2


def test_the_owner_withdraws_an_invitation_to_a_pack(as_alice, owner, invitee, bob):
    pack = owner.pack("Encore", *owner.add_many(1))
    owner.ask_to_pack(pack, "bob")
    address = f"/packs/{pack}/collaborators/{bob.id}/delete"
    assert as_alice.get(f"/packs/{pack}").one(f'form[action="{address}"]')
    assert [as_alice.post(address).status for _ in range(2)] == [303, 404]
    assert invitee.received() == []


@pytest.mark.parametrize("what", ["songs", "packs"])
def test_too_many_invitations_are_rejected_at_the_field(make_app, alice, bob, charlie, owner, what):
    browser = Browser(make_app(LIMIT_INVITATIONS="1/1 hour; 5/1 day"))
    browser.enter(alice)
    song = owner.add("One")
    number = song if what == "songs" else owner.pack("Encore", song)
    assert browser.post(f"/{what}/{number}/collaborators", username="bob").status == 303
    page = browser.post(f"/{what}/{number}/collaborators", username="charlie")
    assert (page.status, list(page.errors())) == (429, ["username"])
    assert int(page.headers["Retry-After"]) > 0


@pytest.mark.both_databases
@pytest.mark.fault("B6")
def test_a_private_collaborator_is_named_to_the_owner_and_themselves_only(
    app, as_alice, as_bob, as_charlie, owner, bob
):
    song = owner.add("One")
    for name in ("bob", "charlie"):
        owner.invite(song, name)
    with working(app):
        db.session.get_one(User, bob.id).audience = Audience.ME
    for browser, named in ((as_alice, True), (as_bob, True), (as_charlie, False)):
        page = browser.get(f"/songs/{song}")
        assert ("bob" in names(page), "a member" in names(page)) == (named, not named)
        items = browser.api("GET", f"/api/songs/{song}/collaborators").json["items"]
        expected = {"id": bob.id, "username": "bob"}
        assert (expected in items) is named
        assert ({"id": None, "username": "a member"} in items) is not named


@pytest.mark.fault("B6")
def test_a_private_profile_is_not_revealed_by_the_form(app, as_alice, owner, bob):
    with working(app):
        db.session.get_one(User, bob.id).audience = Audience.ME
    song = owner.add("One")
    pack = owner.pack("Encore", song)
    for address in (f"/songs/{song}/collaborators", f"/packs/{pack}/collaborators"):
        private, unknown = (as_alice.post(address, username=name) for name in ("bob", "bab"))
        assert (private.status, private.errors()) == (unknown.status, unknown.errors())
        assert private.status == 422


def test_accepting_an_invitation_to_a_full_song_is_rejected(
    make_app, owner, invitee, alice, bob, charlie
):
    song = owner.add("One")
    owner.ask(song, "bob")
    owner.invite(song, "charlie")
    browser = Browser(make_app(MAX_COLLABORATORS="1"))
    browser.enter(bob)
    (invitation,) = invitee.received()
    page = browser.post(f"/invitations/{invitation}/accept")
    assert page.status == 422
    assert "up to 1 collaborators" in page.one('[role="alert"]').get_text()
    assert invitee.received() == [invitation]
