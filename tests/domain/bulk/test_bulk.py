"""Actions on several songs at once: what they change, what they skip."""

from __future__ import annotations

import pytest

from tests.support.charter import statements_of
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk.selection import MOST_SONGS
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.errors import Invalid


@pytest.fixture
def maker(app, alice):
    return Producer(app, alice)


@pytest.fixture
def performed(app, alice):
    """`performed(ids, action=..., ...)` as Alice."""

    def perform(song_ids, **fields):
        with working(app):
            return bulk.perform(alice.user, song_ids, fields)

    return perform


def test_songs_are_moved_and_the_rest_is_skipped_with_its_reason(performed, maker):
    songs = maker.add_many(3)
    maker.move(songs[0], "wip")
    outcome = performed([*songs, 987654], action="move", status="wip")
    assert (outcome.changed, outcome.unchanged, outcome.missing) == (2, 1, 1)
    assert maker.number("total_started") == 3


@pytest.mark.both_databases
def test_a_collaborator_moves_and_marks_but_neither_deletes_nor_packs(app, bob, maker):
    song = maker.add()
    maker.invite(song, "bob")
    pack = Producer(app, bob).pack("Own")
    for fields, done in (
        ({"action": "move", "status": "wip"}, 1),
        ({"action": "part", "part": "drums", "state": "done"}, 1),
        ({"action": "pack", "pack_id": pack}, 0),
        ({"action": "delete"}, 0),
    ):
        with working(app):
            outcome = bulk.perform(bob.user, [song], fields)
        assert (outcome.changed, outcome.not_own) == (done, 1 - done), fields
    with app.app_context():
        assert (find_song(song).status, find_song(song).pack_id) == ("wip", None)


def test_songs_of_strangers_are_as_if_they_were_not_there(app, charlie, maker, performed):
    theirs = Producer(app, charlie).add("Secret")
    outcome = performed([theirs], action="delete")
    assert (outcome.changed, outcome.missing, outcome.token) == (0, 1, None)


def test_a_part_is_set_on_every_song(app, performed, maker):
    songs = maker.add_many(3)
    maker.mark(songs[0], "done", [Part.KEYS])
    outcome = performed(songs, action="part", part="keys", state="skip")
    assert outcome.changed == 3
    with app.app_context():
        assert [find_song(song).parts_skipped for song in songs] == [1, 1, 1]


@pytest.mark.both_databases
def test_songs_are_put_into_a_pack_and_out_of_it(app, performed, maker):
    songs = maker.add_many(2)
    pack = maker.pack("Encore", songs[0])
    assert performed(songs, action="pack", pack_id=str(pack)).changed == 1
    with app.app_context():
        assert [find_song(song).pack_id for song in songs] == [pack, pack]
    assert performed(songs, action="pack", pack_id="").changed == 2
    with app.app_context():
        assert [find_song(song).pack_id for song in songs] == [None, None]


@pytest.mark.parametrize(
    ("songs", "fields", "field"),
    [
        ([], {"action": "delete"}, "songs"),
        (["x"], {"action": "delete"}, "songs"),
        ([1] * (MOST_SONGS + 1), {"action": "delete"}, "songs"),
        ([1], {"action": "burn"}, "action"),
        ([1], {"action": "move", "status": "gone"}, "status"),
        ([1], {"action": "part", "part": "kazoo", "state": "done"}, "part"),
        ([1], {"action": "part", "part": "keys", "state": "gone"}, "state"),
        ([1], {"action": "pack", "pack_id": "987654"}, "pack_id"),
    ],
)
def test_invalid_fields_are_named_and_nothing_happens(performed, maker, songs, fields, field):
    maker.add()
    with pytest.raises(Invalid) as refusal:
        performed(songs, **fields)
    assert list(refusal.value.errors) == [field]
    assert maker.number("total_songs") == 1


def test_selecting_costs_the_same_for_one_song_and_for_many(app, alice, maker):
    songs = maker.add_many(20)
    costs = []
    for chosen in (songs[:1], songs):
        with statements_of(app) as seen, working(app):
            bulk.select(alice.user, chosen)
        costs.append(len(seen))
    assert costs[0] == costs[1]
