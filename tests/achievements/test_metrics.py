"""The sources of each counter; undoing and repeating earn nothing more."""

from __future__ import annotations

import pytest

from tests.support.charter import ALL_PARTS
from tests.support.people import working
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Duplicate

# Tests that depend on SQL; the rest is the same arithmetic on both databases.
both_databases = pytest.mark.both_databases

STATES = ["future", "wip", "released"]


# --- what counts ---------------------------------------------------------------------------------


def test_a_new_user_has_no_counters_and_no_achievements(alice):
    assert alice.numbers == {}
    assert alice.codes == []


@both_databases
def test_a_planned_song_counts_as_planned(alice):
    alice.add()
    assert alice.codes == ["dreamer"]
    assert alice.numbers == {
        "total_songs": 1,
        "total_planned": 1,
        "total_achievements": 1,
        "total_points": 10,
    }


def test_a_song_created_as_wip_counts_as_started_and_not_as_planned(alice):
    alice.add(status="wip")
    assert alice.codes == ["getting_started"]
    assert alice.number("total_started") == 1
    assert alice.number("total_planned") == 0


def test_a_song_created_as_released_counts_as_released_and_not_as_finished(alice):
    alice.add(status="released")
    assert alice.codes == ["first_release"]
    assert alice.number("total_released") == 1
    assert alice.number("total_finished") == 0


def test_going_from_future_plans_to_released_finishes_nothing(alice):
    alice.move(alice.add(), "released")
    assert alice.codes == ["dreamer", "first_release"]


def test_going_from_wip_to_released_finishes_a_song(alice):
    alice.move(alice.add(status="wip"), "released")
    assert set(alice.codes) == {"getting_started", "first_release", "first_finish"}
    assert alice.number("total_finished") == 1


def test_a_song_that_was_released_before_is_finished_when_it_comes_from_wip(alice):
    alice.move(alice.add(status="released"), "wip", "released")
    assert alice.number("total_finished") == 1
    assert alice.number("total_released") == 1


@both_databases
def test_moving_a_song_through_all_states_earns_one_achievement_each(alice):
    song = alice.add()
    assert alice.codes == ["dreamer"]
    alice.move(song, "wip")
    assert alice.codes == ["dreamer", "getting_started"]
    alice.move(song, "released")
    assert sorted(alice.codes[2:]) == ["first_finish", "first_release"]


def test_a_song_moved_to_the_state_it_has_counts_nothing(alice):
    song = alice.add()
    before = alice.numbers
    alice.move(song, "future")
    assert alice.numbers == before


def test_counters_belong_to_one_user_only(alice, bob):
    alice.add_many(4)
    bob.add()
    assert alice.number("total_songs") == 4
    assert bob.number("total_songs") == 1


@pytest.mark.parametrize(
    ("status", "ladder"),
    [
        ("future", ["dreamer", "visionary", "long_term_planner"]),
        ("wip", ["getting_started", "hard_worker", "dedicated_creator"]),
        ("released", ["first_release", "rising_star", "published_artist"]),
    ],
)
def test_each_achievement_unlocks_at_its_threshold_and_not_before(alice, status, ladder):
    alice.add_many(4, status=status)
    assert alice.codes == ladder[:1]
    alice.add_many(1, start=5, status=status)
    assert alice.codes == ladder[:2]
    alice.add_many(5, start=6, status=status)
    assert alice.codes == ladder


@both_databases
def test_one_unit_of_work_that_reaches_several_thresholds_grants_each(alice):
    alice.add_many(25)
    assert alice.codes == ["dreamer", "visionary", "long_term_planner", "strategic_thinker"]
    assert alice.number("total_points") == 10 + 10 + 25 + 25


def test_five_hundred_songs_unlock_library_of_legend(alice):
    alice.find_many(499)
    assert "library_of_legend" not in alice.codes
    alice.add()
    assert "library_of_legend" in alice.codes


# --- authoring -----------------------------------------------------------------------------------


@both_databases
def test_a_song_whose_every_part_is_done_is_authored(alice):
    song = alice.add()
    alice.mark(song, "done", ALL_PARTS[:14])
    assert alice.number("total_authored") == 0
    alice.mark(song, "done", ALL_PARTS[14:])
    assert alice.number("total_authored") == 1
    assert "perfectionist" in alice.codes


@pytest.mark.parametrize(("done", "authored"), [(5, 1), (4, 0), (0, 0)])
def test_parts_that_are_not_needed_count_when_five_are_done(alice, done, authored):
    song = alice.add()
    alice.mark(song, "done", ALL_PARTS[:done])
    alice.mark(song, "skip", ALL_PARTS[done:])
    assert alice.number("total_authored") == authored


@both_databases
def test_ticking_and_unticking_a_part_authors_a_song_once(alice):
    song = alice.add()
    alice.mark(song, "done")
    earned, points = alice.codes, alice.number("total_points")
    for _ in range(10):
        alice.mark(song, "todo", ALL_PARTS[:1])
        assert alice.number("total_authored") == 0
        alice.mark(song, "done", ALL_PARTS[:1])
    assert alice.number("total_authored") == 1
    assert (alice.codes, alice.number("total_points")) == (earned, points)


def test_a_part_that_becomes_not_needed_leaves_the_song_authored(alice):
    song = alice.add()
    alice.mark(song, "done")
    alice.mark(song, "skip", ALL_PARTS[:10])
    assert alice.number("total_authored") == 1
    alice.mark(song, "skip", ALL_PARTS[10:11])
    assert alice.number("total_authored") == 0


def test_deleting_an_authored_song_lowers_the_counter_and_keeps_the_award(alice):
    song = alice.add()
    alice.mark(song, "done")
    alice.delete(song)
    assert alice.number("total_authored") == 0
    assert "perfectionist" in alice.codes


# --- undoing and repeating -----------------------------------------------------------------------


@both_databases
def test_toggling_a_song_a_hundred_times_earns_nothing_more(alice):
    song = alice.add()
    alice.move(song, "wip", "released", "future")
    before, earned = alice.numbers, alice.codes
    alice.move(song, *(["wip", "released", "future"] * 33))
    assert alice.numbers == before
    assert alice.codes == earned


@both_databases
def test_deleting_and_recreating_a_song_earns_nothing_more(alice):
    for _ in range(12):
        song = alice.add(status="wip", year=1988)
        alice.move(song, "released")
        alice.delete(song)
    assert sorted(alice.codes) == ["first_finish", "first_release", "getting_started"]
    assert alice.numbers == {"total_achievements": 3, "total_points": 30}
    assert alice.values("artist") == alice.values("year") == alice.values("decade") == {}


@both_databases
def test_250_songs_added_and_deleted_earn_one_achievement_only(app, alice):
    for first in range(0, 250, 4):
        made = alice.add_many(4, start=first)
        with working(app):
            for song_id in made:
                actions.delete_song(db.session.get_one(Song, song_id), alice.user)
    assert alice.codes == ["dreamer"]
    assert alice.numbers == {"total_achievements": 1, "total_points": 10}


@both_databases
def test_adding_a_song_twice_earns_nothing_more(alice):
    alice.add("One", "The Beatles")
    for title, artist in (("One", "The Beatles"), ("ÓNE", "beatles"), (" one ", "THE  BEATLES")):
        with pytest.raises(Duplicate):
            alice.add(title, artist)
    assert alice.number("total_songs") == 1
    assert alice.codes == ["dreamer"]


@pytest.mark.parametrize("state", STATES)
def test_awards_remain_when_every_song_is_deleted(alice, state):
    songs = alice.add_many(5, status=state)
    earned, points = alice.codes, alice.number("total_points")
    for song in songs:
        alice.delete(song)
    assert alice.number("total_songs") == 0
    assert alice.codes == earned
    assert alice.number("total_points") == points


@both_databases
def test_deleting_a_song_lowers_only_the_counters_that_included_it(alice):
    gone = alice.add("One", status="wip")
    alice.add("Two")
    alice.delete(gone)
    assert alice.number("total_started") == 0
    assert alice.number("total_planned") == alice.number("total_songs") == 1


@both_databases
def test_a_failing_action_changes_no_counter(app, alice):
    with pytest.raises(ZeroDivisionError), working(app):
        actions.add_song(alice.user, title="One", artist="Metallica")
        1 / 0  # noqa: B018
    assert alice.numbers == {}
    alice.add("Two")
    assert alice.number("total_songs") == 1
