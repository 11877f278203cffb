"""Packs: their songs, their completion, and concurrent changes."""

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


def test_a_pack_counts_until_it_is_deleted(maker):
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
def test_an_invalid_pack_name_is_rejected_by_field(maker, name):
    pack = maker.pack()
    for deed in (lambda: maker.pack(name), lambda: maker.rename(pack, name)):
        with pytest.raises(Invalid) as refusal:
            deed()
        assert list(refusal.value.errors) == ["name"]
    assert counts(maker) == (1, 0)


def test_a_duplicate_pack_name_is_rejected_with_the_existing_pack(maker):
    pack, other = maker.pack("The Encore"), maker.pack("Other")
    for deed in (lambda: maker.pack("the encoré"), lambda: maker.rename(other, "THE ENCORE")):
        with pytest.raises(Duplicate) as refusal:
            deed()
        assert refusal.value.existing_id == pack
    assert counts(maker) == (2, 0)


def test_two_users_may_have_packs_of_the_same_name(maker, app, bob):
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


def test_optional_songs_are_not_required(maker):
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


def test_removing_a_song_updates_completion_like_adding_one(maker):
    pack = maker.pack("Encore", done := maker.authored("One"), missing := maker.add("Two"))
    maker.take_out(pack, missing)
    assert counts(maker) == (1, 1)
    maker.put(pack, missing)
    assert counts(maker) == (1, 0)
    maker.take_out(pack, done)
    assert counts(maker) == (1, 0)


def test_moving_a_song_between_packs_updates_both(maker):
    first = maker.pack("First", done := maker.authored("One"), missing := maker.add("Two"))
    second = maker.pack("Second", maker.authored("Three"))
    assert counts(maker) == (2, 1)
    maker.put(second, missing)
    assert counts(maker) == (2, 1)  # the first is complete now, the second no longer
    maker.put(second, done)
    assert counts(maker) == (2, 0)
    maker.put(first, done)
    maker.take_out(second, missing)
    assert counts(maker) == (2, 2)


def test_completing_repeatedly_earns_one_award(maker):
    pack = maker.pack("Encore", song := maker.authored("One"))
    for _ in range(3):
        maker.take_out(pack, song)
        maker.put(pack, song)
    assert counts(maker) == (1, 1)
    assert len(maker.codes) == len(set(maker.codes))


def test_a_removed_song_does_not_affect_its_former_pack(maker):
    pack = maker.pack("Encore", song := maker.authored("One"))
    maker.take_out(pack, song)
    maker.mark(song, "todo", ["drums"])
    maker.mark(song, "done", ["drums"])
    assert counts(maker) == (1, 0)


# --- what may be in it -------------------------------------------------------------------------


def test_an_unknown_song_is_rejected_by_field(subtests, maker):
    pack = maker.pack()
    for song_id in ["0", "-1", "1.5", "١", "9" * 30, "\x00", True, ["1"]]:
        with subtests.test(song_id=song_id):
            with pytest.raises(Invalid) as refusal:
                maker.put(pack, song_id)
            assert list(refusal.value.errors) == ["song_id"]


def test_a_missing_song_is_rejected(subtests, maker):
    for song_id in ["", None, "987654"]:
        with subtests.test(song_id=song_id), pytest.raises(Invalid):
            maker.put(maker.pack(), song_id)


def test_another_users_song_is_rejected(maker, app, bob):
    bobs = Producer(app, bob)
    song = bobs.add("One")
    bobs.invite(song, "alice")
    with pytest.raises(Invalid):
        maker.put(maker.pack(), song)


def test_removing_a_song_of_another_pack_is_rejected(maker):
    pack = maker.pack("Encore")
    other = maker.pack("Other", song := maker.add())
    for song_id in (song, 987_654):
        with pytest.raises(NotFound):
            maker.take_out(pack, song_id)
    maker.take_out(other, song)


def test_releasing_a_pack_releases_each_song_once(maker):
    maker.add("Outside")
    pack = maker.pack("Encore", *maker.add_many(3), maker.add("Done", status="released"))
    assert maker.release_pack(pack) == 3
    assert maker.release_pack(pack) == 0
    assert maker.number("total_released") == 4


def test_releasing_a_pack_finishes_songs_in_wip(maker):
    maker.release_pack(maker.pack("Encore", *maker.add_many(2, status="wip")))
    assert maker.number("total_finished") == 2


# --- at once -----------------------------------------------------------------------------------


def test_authoring_the_last_song_while_it_is_removed_keeps_the_counters_right(maker):
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


def test_authoring_the_last_two_songs_at_once_completes_the_pack_once(maker):
    songs = [maker.add("One"), maker.add("Two")]
    maker.pack("Encore", *songs)
    at_once([lambda song=song: maker.author(song) for song in songs])
    assert counts(maker) == (1, 1)


def test_swapping_songs_of_two_packs_at_once_does_not_deadlock(maker):
    for number in range(ROUNDS):
        songs = [maker.authored(f"{number} {title}") for title in ("One", "Two")]
        packs = [maker.pack(f"Pack {number} {song}", song) for song in songs]
        swapped = zip(reversed(packs), songs, strict=True)
        at_once([lambda pair=pair: maker.put(*pair) for pair in swapped])
    assert counts(maker) == (2 * ROUNDS, 2 * ROUNDS)


def test_releasing_a_pack_twice_at_once_releases_once(maker):
    pack = maker.pack("Encore", *maker.add_many(6, status="wip"))
    assert sorted(at_once([lambda: maker.release_pack(pack)] * 2)) == [0, 6]
    assert (maker.number("total_released"), maker.number("total_finished")) == (6, 6)


def test_deleting_a_pack_repeatedly_at_once_deletes_once(maker):
    pack = maker.pack("Encore", maker.authored("One"))

    def delete():
        try:
            maker.delete_pack(pack)
        except (NotFound, AssertionError):
            return False
        return True

    assert sorted(at_once([delete] * 3)) == [False, False, True]
    assert counts(maker) == (0, 0)


def test_naming_two_packs_alike_at_once_rejects_one(maker):
    packs = [maker.pack("First"), maker.pack("Second")]

    def rename(pack):
        try:
            maker.rename(pack, "Encore")
        except Duplicate as refusal:
            return refusal.existing_id in packs
        return None

    assert set(at_once([lambda pack=pack: rename(pack) for pack in packs])) == {None, True}
