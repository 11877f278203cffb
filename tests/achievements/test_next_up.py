"""*Next up*, measured in parts."""

from __future__ import annotations

import pytest

from tests.support.catalogues import ENTRIES
from tests.support.people import working
from trackflow_web.achievements import progress
from trackflow_web.achievements.awards.holder_counts import Holders
from trackflow_web.achievements.progress import listing, next_up, queries
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.songs.rules import PARTS

PERFECT = ("total_authored", "perfectionist")


def steps(person):
    with person.app.app_context():
        tiles = progress.of_user(person.id, with_holders=False).tiles
        openings = queries.openings(person.id, next_up.needed(tiles))
        return next_up.next_up(tiles, openings)


def step(person, code):
    return next(step for step in steps(person) if step.tile.code == code)


def tiles_of(earned=(), **numbers):
    return listing.tiles(numbers, dict.fromkeys(earned, 1), Holders.unknown(), ENTRIES)


@pytest.mark.both_databases
def test_a_song_two_parts_short_comes_first(alice):
    alice.add("One")
    everlong = alice.add("Everlong", "Foo Fighters")
    alice.mark(everlong, "done", list(Part)[:13])
    first = steps(alice)[0]
    assert first.tile.code == "perfectionist"
    assert [(song.label, song.parts, song.subject_id) for song in first.named] == [
        ("Everlong", 2, everlong)
    ]
    assert not first.others_text


@pytest.mark.both_databases
def test_the_pack_with_the_fewest_open_parts_is_named(alice):
    for name, done in (("Summer", 3), ("Winter", 12)):
        with working(alice.app):
            pack = packs.create_pack(alice.user, name=name)
        song = alice.add(f"Song of {name}")
        optional = alice.add(f"Encore of {name}")
        with working(alice.app):
            packs.put_song(pack, song_id=song, optional=False)
            packs.put_song(pack, song_id=optional, optional=True)
        alice.mark(song, "done", list(Part)[:done])
    opening = step(alice, "pack_perfectionist").openings[0]
    assert (opening.label, opening.parts, opening.subject_type) == ("Winter", 3, "pack")


def test_a_song_with_too_many_parts_not_needed_has_open_parts(alice):
    song = alice.add()
    alice.mark(song, "done", list(Part)[:2])
    alice.mark(song, "skip", list(Part)[2:])
    assert step(alice, "perfectionist").parts == 3


def test_next_up_names_no_songs_of_others(alice, bob):
    alice.mark(alice.add(), "done", list(Part)[:13])
    bob.add()
    assert step(alice, "perfectionist").parts == 2
    assert all(step.parts in {None, PARTS} for step in steps(bob))


def test_a_song_one_part_short_ranks_before_five_missing_songs():
    tiles = tiles_of(["first_release"], total_released=45, total_authored=0)
    opening = next_up.Opening(next_up.SONGS, 1, "Everlong", 1)
    assert next_up.next_up(tiles, [opening])[0].tile.code == "perfectionist"


def test_achievements_a_whole_song_away_are_ranked_by_missing_share():
    tiles = tiles_of(total_planned=9, total_songs=499)
    opening = next_up.Opening(next_up.SONGS, 1, "Everlong", PARTS)
    assert next_up.next_up(tiles, [opening])[0].tile.metric != "total_authored"


def test_missing_songs_count_with_all_their_parts():
    tiles = tiles_of(["perfectionist"], total_authored=2)
    openings = [next_up.Opening(next_up.SONGS, 1, "Everlong", 1)]
    tile = next(tile for tile in tiles if tile.code == "multi_talented")
    found = next_up._step(tile, {next_up.SONGS: openings})
    assert found.parts == 1 + 2 * PARTS
    assert found.others_text == "30 parts on 2 more songs"


def test_only_as_many_songs_count_as_are_missing():
    tiles = tiles_of(total_authored=0)
    openings = [next_up.Opening(next_up.SONGS, n, f"Song {n}", n) for n in (4, 2, 3)]
    first = next_up.next_up(tiles, openings)[0]
    assert [opening.parts for opening in first.openings] == [2]


def test_next_up_shows_three_from_different_ladders():
    found = next_up.next_up(tiles_of(total_released=9, total_planned=9), [])
    metrics = [step.tile.metric for step in found]
    assert len(metrics) == len(set(metrics)) == next_up.SHOWN


def test_next_up_is_empty_with_every_achievement():
    everything = [tile.code for tile in tiles_of()]
    assert next_up.next_up(tiles_of(everything), []) == []
    assert next_up.needed(tiles_of(everything)) == {}
