"""Packs: what is in them, when one is complete, and many people's hands on one at once."""

from __future__ import annotations

import pytest

from tests.support.charter import ALL_PARTS, at_once
from tests.support.producer import Producer
from trackflow_web.kernel.errors import Duplicate, Invalid, NotFound

pytestmark = pytest.mark.both_databases

ROUNDS = 4


@pytest.fixture
def maker(app, alice):
    return Producer(app, alice)


def counts(maker):
    return maker.number("total_packs"), maker.number("completed_packs")


# --- how many packs ----------------------------------------------------------------------------


def test_a_pack_counts_while_it_is_there(maker):
    pack = maker.pack()
    assert counts(maker) == (1, 0)
    maker.delete_pack(pack)
    assert counts(maker) == (0, 0)


def test_renaming_a_pack_counts_nothing(maker):
    pack = maker.pack("Encore")
    maker.rename(pack, "Afters")
    maker.rename(pack, "AFTERS")
    assert counts(maker) == (1, 0)


@pytest.mark.parametrize("name", ["", " ", "\u200b", None, 7, "a\x00b", "x" * 201, "x" * 100_000])
def test_a_name_that_will_not_do_is_refused_by_name(maker, name):
    pack = maker.pack()
    for deed in (lambda: maker.pack(name), lambda: maker.rename(pack, name)):
        with pytest.raises(Invalid) as refusal:
            deed()
        assert list(refusal.value.errors) == ["name"]
    assert counts(maker) == (1, 0)


def test_a_second_pack_of_the_name_is_refused_and_the_first_named(maker):
    pack, other = maker.pack("The Encore"), maker.pack("Other")
    for deed in (lambda: maker.pack("the encoré"), lambda: maker.rename(other, "THE ENCORE")):
        with pytest.raises(Duplicate) as refusal:
            deed()
        assert refusal.value.existing_id == pack
    assert counts(maker) == (2, 0)


def test_two_people_may_have_a_pack_of_the_same_name(maker, app, bob):
    maker.pack("Encore")
    assert Producer(app, bob).pack("Encore")


# --- which are complete ------------------------------------------------------------------------


def test_a_pack_is_complete_when_its_last_song_is_authored(maker):
    pack = maker.pack("Encore", maker.authored("One"), last := maker.add("Two"))
    assert counts(maker) == (1, 0)
    maker.author(last)
    assert counts(maker) == (1, 1)
    maker.author(last)
    maker.delete_pack(pack)
    assert counts(maker) == (0, 0)


def test_an_empty_pack_is_not_complete(maker):
    maker.pack()
    assert counts(maker) == (1, 0)


def test_optional_songs_are_not_asked_for(maker):
    pack = maker.pack("Encore", maker.authored("One"), bonus := maker.add("Bonus"))
    maker.put(pack, bonus, optional=True)
    assert counts(maker) == (1, 1)
    maker.put(pack, bonus)
    assert counts(maker) == (1, 0)


def test_a_pack_of_optional_songs_only_is_not_complete(maker):
    pack = maker.pack("Encore", song := maker.authored("One"))
    maker.put(pack, song, optional=True)
    assert counts(maker) == (1, 0)


def test_a_song_that_is_reopened_reopens_its_pack(maker):
    maker.pack("Encore", song := maker.authored("One"))
    maker.mark(song, "todo", ["drums"])
    assert counts(maker) == (1, 0)
    maker.mark(song, "done", ["drums"])
    assert counts(maker) == (1, 1)


def test_deleting_the_song_that_was_missing_completes_the_pack(maker):
    maker.pack("Encore", maker.authored("One"), missing := maker.add("Two"))
    maker.delete(missing)
    assert counts(maker) == (1, 1)


def test_a_pack_whose_songs_are_all_deleted_is_not_complete(maker):
    maker.pack("Encore", song := maker.authored("One"))
    maker.delete(song)
    assert counts(maker) == (1, 0)


def test_taking_a_song_out_updates_completion_like_putting_it_in(maker):
    pack = maker.pack("Encore", done := maker.authored("One"), missing := maker.add("Two"))
    maker.take_out(pack, missing)
    assert counts(maker) == (1, 1)
    maker.put(pack, missing)
    assert counts(maker) == (1, 0)
    maker.take_out(pack, done)
    assert counts(maker) == (1, 0)


def test_a_song_moved_between_packs_updates_both(maker):
    first = maker.pack("First", done := maker.authored("One"), missing := maker.add("Two"))
    second = maker.pack("Second", maker.authored("Three"))
    assert counts(maker) == (2, 1)
    maker.put(second, missing)
    assert counts(maker) == (2, 1)  # the first is complete now, the second no more
    maker.put(second, done)
    assert counts(maker) == (2, 0)
    maker.put(first, done)
    maker.take_out(second, missing)
    assert counts(maker) == (2, 2)


def test_completing_again_and_again_earns_once(maker):
    pack = maker.pack("Encore", song := maker.authored("One"))
    for _ in range(3):
        maker.take_out(pack, song)
        maker.put(pack, song)
    assert counts(maker) == (1, 1)
    assert len(maker.codes) == len(set(maker.codes))


def test_a_song_taken_out_of_a_pack_affects_it_no_longer(maker):
    pack = maker.pack("Encore", song := maker.authored("One"))
    maker.take_out(pack, song)
    maker.mark(song, "todo", ["drums"])
    maker.mark(song, "done", ["drums"])
    assert counts(maker) == (1, 0)


# --- what may be in it -------------------------------------------------------------------------


def test_a_strange_song_is_refused_by_name(subtests, maker):
    pack = maker.pack()
    for song_id in ["0", "-1", "1.5", "١", "9" * 30, "\x00", True, ["1"]]:
        with subtests.test(song_id=song_id):
            with pytest.raises(Invalid) as refusal:
                maker.put(pack, song_id)
            assert list(refusal.value.errors) == ["song_id"]


def test_no_song_is_none_of_ones_songs(subtests, maker):
    for song_id in ["", None, "987654"]:
        with subtests.test(song_id=song_id), pytest.raises(Invalid):
            maker.put(maker.pack(), song_id)


def test_somebody_elses_song_is_none_of_ones_songs(maker, app, bob):
    bobs = Producer(app, bob)
    song = bobs.add("One")
    bobs.invite(song, "alice")
    with pytest.raises(Invalid):
        maker.put(maker.pack(), song)


def test_only_what_is_in_it_is_taken_out(maker):
    pack = maker.pack("Encore")
    other = maker.pack("Other", song := maker.add())
    for song_id in (song, 987_654):
        with pytest.raises(NotFound):
            maker.take_out(pack, song_id)
    maker.take_out(other, song)


def test_releasing_a_pack_releases_every_song_once(maker):
    maker.add("Outside")
    pack = maker.pack("Encore", *maker.add_many(3), maker.add("Done", status="released"))
    assert maker.release_pack(pack) == 3
    assert maker.release_pack(pack) == 0
    assert maker.number("total_released") == 4


def test_releasing_from_the_workbench_finishes(maker):
    maker.release_pack(maker.pack("Encore", *maker.add_many(2, status="wip")))
    assert maker.number("total_finished") == 2


# --- at once -----------------------------------------------------------------------------------


def test_one_authors_the_last_song_while_another_takes_it_out(maker):
    for number in range(ROUNDS):
        done, last = maker.authored(f"Done {number}"), maker.add(f"Last {number}")
        maker.author(last, parts=ALL_PARTS[:-1])
        pack = maker.pack(f"Pack {number}", done, last)
        at_once(
            [
                lambda song=last: maker.mark(song, "done", ALL_PARTS[-1:]),
                lambda pack=pack, song=last: maker.take_out(pack, song),
            ]
        )
    assert counts(maker) == (ROUNDS, ROUNDS)


def test_the_last_two_songs_are_authored_at_once(maker):
    songs = [maker.add("One"), maker.add("Two")]
    maker.pack("Encore", *songs)
    at_once([lambda song=song: maker.author(song) for song in songs])
    assert counts(maker) == (1, 1)


def test_two_songs_change_places_at_once(maker):
    for number in range(ROUNDS):
        songs = [maker.authored(f"{number} {title}") for title in ("One", "Two")]
        packs = [maker.pack(f"Pack {number} {song}", song) for song in songs]
        swapped = zip(reversed(packs), songs, strict=True)
        at_once([lambda pair=pair: maker.put(*pair) for pair in swapped])
    assert counts(maker) == (2 * ROUNDS, 2 * ROUNDS)


def test_a_pack_is_released_twice_at_once(maker):
    pack = maker.pack("Encore", *maker.add_many(6, status="wip"))
    assert sorted(at_once([lambda: maker.release_pack(pack)] * 2)) == [0, 6]
    assert (maker.number("total_released"), maker.number("total_finished")) == (6, 6)


def test_a_pack_is_deleted_once_however_often_at_once(maker):
    pack = maker.pack("Encore", maker.authored("One"))

    def delete():
        try:
            maker.delete_pack(pack)
        except (NotFound, AssertionError):
            return False
        return True

    assert sorted(at_once([delete] * 3)) == [False, False, True]
    assert counts(maker) == (0, 0)


def test_two_packs_get_one_name_at_once(maker):
    packs = [maker.pack("First"), maker.pack("Second")]

    def rename(pack):
        try:
            maker.rename(pack, "Encore")
        except Duplicate as refusal:
            return refusal.existing_id in packs
        return None

    assert set(at_once([lambda pack=pack: rename(pack) for pack in packs])) == {None, True}
