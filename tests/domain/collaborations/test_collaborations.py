"""Collaborations and the counters of both sides."""

from __future__ import annotations

import pytest

from tests.support.charter import at_once
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song, list_songs
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound

pytestmark = pytest.mark.both_databases


@pytest.fixture
def owner(app, alice):
    return Producer(app, alice)


@pytest.fixture
def collaborator(app, bob):
    return Producer(app, bob)


def counts(person):
    return person.number("total_collaborations"), person.number("collaborations_joined")


def test_adding_a_collaborator_counts_for_both(owner, collaborator):
    owner.invite(owner.add(), "bob")
    assert (counts(owner), counts(collaborator)) == ((1, 0), (0, 1))


def test_pairs_count_for_the_owner_and_songs_for_the_collaborator(owner, collaborator, charlie):
    songs = owner.add_many(3)
    for song in songs:
        owner.invite(song, "bob")
    owner.invite(songs[0], "charlie")
    assert (counts(owner), counts(collaborator)) == ((4, 0), (0, 3))


def test_adding_a_removed_collaborator_again_counts_once(owner, collaborator):
    song = owner.add()
    for _ in range(3):
        owner.invite(song, "bob")
        owner.part_with(song, collaborator)
    owner.invite(song, "bob")
    assert (counts(owner), counts(collaborator)) == ((1, 0), (0, 1))
    for person in (owner, collaborator):
        assert len(person.codes) == len(set(person.codes))


def test_removing_a_collaborator_lowers_both_counters_once(owner, collaborator):
    song = owner.add()
    owner.invite(song, "bob")
    owner.part_with(song, collaborator)
    with pytest.raises(NotFound):
        owner.part_with(song, collaborator)
    assert (counts(owner), counts(collaborator)) == ((0, 0), (0, 0))


def test_an_existing_collaborator_is_rejected(owner, bob):
    song = owner.add()
    owner.invite(song, "bob")
    with pytest.raises(Invalid, match="already a collaborator"):
        owner.invite(song, "Bob ")
    assert counts(owner) == (1, 0)


@pytest.mark.parametrize("name", ["alice", "ALICE", " Alice "])
def test_owners_cannot_collaborate_on_their_own_songs(owner, name):
    with pytest.raises(Invalid) as refusal:
        owner.invite(owner.add(), name)
    assert list(refusal.value.errors) == ["username"]


@pytest.mark.parametrize(
    "name", ["nobody", "", None, 7, ["bob"], "bob@example.org", "bo\x00b", "b" * 100_000, "بوب"]
)
def test_an_unknown_username_is_rejected(owner, bob, name):
    with pytest.raises(Invalid, match="No user with that name"):
        owner.invite(owner.add(), name)


def test_banned_users_are_not_found(owner, app, bob):
    with working(app):
        db.session.get_one(User, bob.id).banned_at = clock.now()
    with pytest.raises(Invalid, match="No user with that name"):
        owner.invite(owner.add(), "bob")


def test_deleting_a_song_lowers_the_counters_of_all_collaborators(
    owner, collaborator, app, charlie
):
    song = owner.add()
    for name in ("bob", "charlie"):
        owner.invite(song, name)
    owner.delete(song)
    people = (owner, collaborator, Producer(app, charlie))
    assert [counts(person) for person in people] == [(0, 0)] * 3


def test_sharing_a_pack_adds_the_collaborator_to_each_song(owner, collaborator):
    songs = owner.add_many(3)
    pack = owner.pack("Encore", *songs)
    owner.add("Outside")
    owner.invite(songs[0], "bob")
    assert owner.invite_to_pack(pack, "bob") == 2
    assert owner.invite_to_pack(pack, "bob") == 0
    assert (counts(owner), counts(collaborator)) == ((3, 0), (0, 3))


@pytest.mark.parametrize("name", ["alice", "nobody", ""])
def test_sharing_a_pack_with_an_unknown_user_is_rejected(owner, name):
    with pytest.raises(Invalid) as refusal:
        owner.invite_to_pack(owner.pack("Encore", owner.add()), name)
    assert list(refusal.value.errors) == ["username"]


def test_the_work_of_a_collaborator_counts_for_the_owner(owner, collaborator):
    song = owner.add("One", status="wip")
    owner.pack("Encore", song)
    owner.link(owner.album("One"))
    owner.invite(song, "bob")
    collaborator.author(song)
    collaborator.move(song, "released")
    mine = {"total_authored", "total_released", "total_finished", "completed_packs"}
    mine |= {"completed_series", "distinct_artists"}
    assert {name: owner.number(name) for name in mine} == dict.fromkeys(mine, 1)
    assert not mine & set(collaborator.numbers)
    assert "first_release" in owner.codes
    assert "first_release" not in collaborator.codes


def test_shared_songs_are_in_the_lists_of_owner_and_collaborator(
    owner, collaborator, app, alice, bob, charlie
):
    song = owner.add("One")
    owner.add("Secret")
    own = collaborator.add("Own")
    owner.invite(song, "bob")
    with app.app_context():
        listed = [
            [song.id for song in list_songs(person.id, status=None, q="", page=1).songs]
            for person in (bob, charlie)
        ]
    assert listed == [[own, song], []]


def test_deleting_an_account_ends_its_collaborations(owner, collaborator, app, bob):
    song = owner.add()
    owner.invite(song, "bob")
    with working(app):
        delete_account(bob.user)
    assert counts(owner) == (0, 0)
    owner.delete(song)


# --- at once -----------------------------------------------------------------------------------


def test_adding_a_collaborator_twice_at_once_counts_once(owner, collaborator):
    song = owner.add()

    def ask():
        try:
            owner.invite(song, "bob")
        except Invalid:
            return "already"
        return "asked"

    assert sorted(at_once([ask] * 3)) == ["already", "already", "asked"]
    assert (counts(owner), counts(collaborator)) == ((1, 0), (0, 1))


def test_deleting_a_song_while_removing_its_collaborator_does_not_deadlock(
    owner, collaborator, app
):
    for number in range(3):
        song = owner.add(f"Song {number}")
        owner.invite(song, "bob")

        def leave(song=song):
            with working(app):
                found = find_song(song, for_update=True)
                if found:
                    collaborators.remove_collaborator(found, collaborator.user, collaborator.id)

        at_once([leave, lambda song=song: owner.delete(song)])
    assert (counts(owner), counts(collaborator)) == ((0, 0), (0, 0))


def test_two_users_sharing_packs_with_each_other_do_not_deadlock(owner, collaborator):
    packs = [person.pack("Encore", *person.add_many(4)) for person in (owner, collaborator)]
    at_once(
        [
            lambda: owner.invite_to_pack(packs[0], "bob"),
            lambda: collaborator.invite_to_pack(packs[1], "alice"),
        ]
    )
    assert (counts(owner), counts(collaborator)) == ((4, 4), (4, 4))


def test_sharing_a_pack_while_releasing_it_keeps_the_counters_right(owner, collaborator):
    pack = owner.pack("Encore", *owner.add_many(8))
    at_once([lambda: owner.invite_to_pack(pack, "bob"), lambda: owner.release_pack(pack)])
    assert (counts(owner), owner.number("total_released")) == ((8, 0), 8)
