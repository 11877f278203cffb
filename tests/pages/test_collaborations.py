"""Collaborators on pages: Alice owns the song, Bob collaborates, Charlie has no access."""

from __future__ import annotations

import itertools

import pytest

from tests.support.people import work_together
from tests.support.producer import Producer


@pytest.fixture
def owner(app, alice):
    return Producer(app, alice)


@pytest.fixture
def helper(app, bob):
    return Producer(app, bob)


@pytest.fixture(autouse=True)
def _worked_together(app, alice, bob, charlie):
    work_together(app, alice, bob, charlie)


@pytest.fixture
def song(owner, bob):
    """A song of Alice's in WIP, with which Bob helps."""
    song = owner.add("One", status="wip")
    owner.invite(song, "bob")
    return song


def test_the_owner_adds_and_removes_a_collaborator(as_alice, owner, helper):
    song = owner.add("One")
    as_alice.post(f"/songs/{song}/collaborators", username=" BOB ")
    page = as_alice.follow()
    assert "bob" in page.one("#song-helpers").get_text()
    remove = page.one(f'form[action="/songs/{song}/collaborators/{helper.id}/delete"]')
    assert "Remove" in remove.get_text()
    as_alice.post(remove["action"])
    assert "bob" not in as_alice.follow().one("#song-helpers").get_text()


def test_adding_a_collaborator_with_htmx_returns_the_collaborators_only(as_alice, owner, bob):
    song = owner.add("One")
    page = as_alice.post(f"/songs/{song}/collaborators", htmx="song-helpers", username="bob")
    assert "bob" in page.one("#song-helpers").get_text()
    assert not page.all("h1")
    page = as_alice.post(f"/songs/{song}/collaborators/{bob.id}/delete", htmx="song-helpers")
    assert "bob" not in page.one("#song-helpers").get_text()


@pytest.mark.both_databases
def test_an_invalid_collaborator_is_rejected_at_the_field(subtests, as_alice, song):
    for htmx, username in itertools.product(
        [False, "song-helpers"], ["", "alice", "nobody", "bob", "b\x00b", "x" * 100_000]
    ):
        with subtests.test(htmx=htmx, username=username):
            page = as_alice.post(f"/songs/{song}/collaborators", htmx=htmx, username=username)
            assert (page.status, list(page.errors())) == (422, ["username"])


def test_a_collaborator_sees_the_owner_and_may_mark_parts_and_move(as_bob, owner, song):
    assert "alice" in as_bob.get("/songs/").one(f"#song-{song} .song__owner").get_text()
    assert as_bob.post(f"/songs/{song}/parts/drums", state="done").status == 303
    assert as_bob.post(f"/songs/{song}/status", status="released").status == 303
    assert (owner.number("total_finished"), as_bob.follow().status) == (1, 200)


def test_a_collaborators_page_has_no_owner_controls(as_bob, owner, song):
    owner.pack("Secret pack", song)
    pages = [as_bob.get("/songs/"), as_bob.get(f"/songs/{song}")]
    for page in pages:
        assert "Secret pack" not in page.html
        assert not page.all(f'[action="/songs/{song}"]')
        assert not page.all(f'[href^="/songs/{song}/"]')
        assert not page.all(f'[action="/songs/{song}/collaborators"]')
    assert "Leave" in pages[1].one("#song-helpers").get_text()


def test_a_collaborator_may_not_edit_delete_or_add_collaborators(as_bob, owner, song, charlie):
    assert as_bob.get(f"/songs/{song}/edit").status == 403
    for path in ("", "/delete", "/collaborators"):
        page = as_bob.post(f"/songs/{song}{path}", title="Mine", username="charlie")
        assert page.status == 403, path
    assert owner.numbers["total_collaborations"] == 1
    assert as_bob.get(f"/songs/{song}").one("h1").get_text() == "One"


def test_a_collaborator_who_leaves_loses_access_at_once(as_bob, song, bob):
    as_bob.post(f"/songs/{song}/collaborators/{bob.id}/delete")
    assert "You're no longer collaborating on One." in as_bob.follow().text
    assert as_bob.get(f"/songs/{song}").status == 404
    assert as_bob.post(f"/songs/{song}/parts/drums", state="done").status == 404


def test_a_removed_collaborator_loses_access_at_once(as_alice, as_bob, owner, song, bob):
    assert as_bob.get(f"/songs/{song}").status == 200
    as_alice.post(f"/songs/{song}/collaborators/{bob.id}/delete")
    assert as_bob.post(f"/songs/{song}/status", status="released").status == 404
    assert not as_bob.get("/songs/").all(".song")
    assert not owner.number("total_released")


def test_a_collaborator_may_not_remove_others(as_bob, owner, song, charlie, alice):
    owner.invite(song, "charlie")
    for user_id in (charlie.id, alice.id, 987_654):
        assert as_bob.post(f"/songs/{song}/collaborators/{user_id}/delete").status == 403


def test_removing_a_user_who_does_not_collaborate_returns_404(as_alice, song, charlie):
    assert as_alice.post(f"/songs/{song}/collaborators/{charlie.id}/delete").status == 404


def test_a_song_returns_404_to_other_users(as_charlie, song, bob):
    for path in ("", "/edit", "/row"):
        assert as_charlie.get(f"/songs/{song}{path}").status == 404
    posts = ("", "/delete", "/status", "/parts/drums", "/collaborators")
    for path in (*posts, f"/collaborators/{bob.id}/delete"):
        page = as_charlie.post(
            f"/songs/{song}{path}", username="charlie", status="wip", state="done"
        )
        assert page.status == 404, path
    assert not as_charlie.get("/songs/").all(".song")


def test_a_collaborator_is_added_to_every_song_of_a_pack(as_alice, as_bob, owner):
    pack = owner.pack("Encore", *owner.add_many(2))
    as_alice.post(f"/packs/{pack}/collaborators", username="bob")
    assert "Added to 2 songs." in as_alice.follow().text
    assert len(as_bob.get("/songs/").all(".song")) == 2
    page = as_alice.post(f"/packs/{pack}/collaborators", username="nobody")
    assert (page.status, list(page.errors())) == (422, ["username"])


def test_the_owners_toast_appears_on_the_owners_next_page(as_alice, as_bob, owner, song):
    for browser in (as_alice, as_bob):
        browser.get("/songs/")
    released = as_bob.post(f"/songs/{song}/status", htmx=f"song-{song}", status="released")
    assert not released.toasts()
    assert not as_bob.get("/songs/").toasts()
    assert "first_release" in owner.codes
    assert as_alice.get("/songs/").toasts()
    assert not as_alice.get("/songs/").toasts()


def test_the_collaborators_toast_appears_on_their_next_page(as_alice, as_bob, owner, helper):
    song = owner.add("One")
    for browser in (as_alice, as_bob):
        browser.get("/songs/")
    page = as_alice.post(f"/songs/{song}/collaborators", htmx="song-helpers", username="bob")
    assert page.toasts() == owner.codes[-1:]
    assert as_bob.get("/songs/").toasts() == [*helper.codes[-1:], "collaboration_added"]
    assert not set(owner.codes[-1:]) & set(helper.codes)
