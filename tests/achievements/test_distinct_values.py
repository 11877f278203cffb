"""Distinct artists, years and decades of released songs, and the rows that count them."""

from __future__ import annotations

import pytest

from tests.support.charter import at_once
from trackflow_web.domain.songs import actions

# Tests that depend on SQL; the rest is the same arithmetic on both databases.
both_databases = pytest.mark.both_databases


def test_a_song_that_is_not_released_adds_nothing(alice):
    song = alice.add(year=1988)
    alice.move(song, "wip")
    assert alice.values("artist") == alice.values("year") == {}
    assert alice.number("distinct_artists") == 0


@both_databases
def test_a_released_song_adds_its_artist_year_and_decade(alice):
    alice.add(artist="The Beatles", year=1969, status="released")
    assert alice.values("artist") == {"beatles": 1}
    assert alice.values("year") == {"1969": 1}
    assert alice.values("decade") == {"1960": 1}


def test_a_song_without_a_year_adds_only_its_artist(alice):
    alice.add(status="released")
    assert alice.values("artist") == {"metallica": 1}
    assert alice.values("year") == alice.values("decade") == {}
    assert alice.number("distinct_years") == 0


@both_databases
@pytest.mark.parametrize(
    "spelling", ["beatles", "THE BEATLES", "the  beatles ", "Bëatles", "The Beat les"]
)
def test_two_spellings_of_an_artist_are_one_distinct_value(alice, spelling):
    alice.add("One", "The Beatles", status="released")
    alice.add("Two", spelling, status="released")
    assert alice.values("artist") == {"beatles": 2}
    assert alice.number("distinct_artists") == 1


def test_a_song_counts_once_however_often_it_is_released(alice):
    song = alice.add(year=1988, status="released")
    alice.move(song, "wip", "released", "future", "released")
    assert alice.values("year") == {"1988": 1}


@both_databases
def test_deleting_the_last_song_of_an_artist_removes_the_artist(alice):
    one = alice.add("One", status="released")
    two = alice.add("Two", status="released")
    alice.delete(one)
    assert alice.number("distinct_artists") == 1
    alice.delete(two)
    assert alice.number("distinct_artists") == 0


def test_deleting_and_recreating_adds_the_value_again_and_no_award(alice):
    songs = [alice.add(artist=f"Artist {n}", status="released") for n in range(5)]
    earned = alice.codes
    assert "variety_seeker" in earned
    alice.delete(songs[0])
    assert alice.number("distinct_artists") == 4
    alice.add(artist="artist 0", status="released")
    assert alice.number("distinct_artists") == 5
    assert alice.codes == earned


def test_editing_the_artist_of_a_released_song_changes_the_distinct_values(alice):
    song = alice.add(artist="Metalica", status="released")
    alice.edit(song, artist="Metallica")
    assert alice.values("artist") == {"metallica": 1}
    assert alice.number("distinct_artists") == 1


@both_databases
def test_editing_the_artist_of_one_of_two_songs_makes_two_distinct_artists(alice):
    song = alice.add("One", "Metallica", status="released")
    alice.add("Two", "Metallica", status="released")
    alice.edit(song, artist="Nirvana")
    assert alice.values("artist") == {"metallica": 1, "nirvana": 1}
    assert alice.number("distinct_artists") == 2


def test_editing_a_song_to_another_spelling_changes_nothing(alice):
    song = alice.add(artist="The Beatles", status="released")
    before = alice.numbers
    alice.edit(song, artist="BEATLES")
    assert alice.numbers == before


def test_editing_an_unreleased_song_changes_no_distinct_value(alice):
    song = alice.add(year=1988)
    alice.edit(song, artist="Nirvana", year=1991)
    assert alice.values("artist") == alice.values("year") == {}
    alice.move(song, "released")
    assert alice.values("artist") == {"nirvana": 1}


@pytest.mark.parametrize(
    ("was", "becomes", "years", "decades"),
    [
        (1988, 1989, {"1989": 1}, {"1980": 1}),
        (1988, 1991, {"1991": 1}, {"1990": 1}),
        (1988, None, {}, {}),
        (None, 1988, {"1988": 1}, {"1980": 1}),
    ],
)
def test_editing_the_year_of_a_released_song_changes_the_distinct_years(
    alice, was, becomes, years, decades
):
    song = alice.add(year=was, status="released")
    alice.edit(song, year=becomes)
    assert alice.values("year") == years
    assert alice.values("decade") == decades
    assert alice.number("distinct_years") == len(years)


def test_an_edit_can_reach_a_threshold(alice):
    alice.add("One", year=1988, status="released")
    song = alice.add("Two", status="released")
    assert "decade_dabbler" not in alice.codes
    alice.edit(song, year=1991)
    assert "decade_dabbler" in alice.codes
    alice.edit(song, year=None)
    assert "decade_dabbler" in alice.codes


def test_a_song_moved_back_to_future_plans_still_counts_as_it_was_released(alice):
    song = alice.add(artist="Metallica", status="released")
    alice.move(song, "future")
    alice.edit(song, artist="Nirvana")
    assert alice.values("artist") == {"nirvana": 1}


@both_databases
def test_five_decades_from_five_songs_in_one_unit_of_work(work, alice):
    with work():
        for year in (1965, 1975, 1985, 1995, 2005):
            actions.add_song(
                alice.user, title=str(year), artist="Metallica", year=year, status="released"
            )
    decades = {"decade_dabbler", "multi_decade", "decade_master", "timeline_legend"}
    assert decades | {"time_traveler", "rising_star"} <= set(alice.codes)


@both_databases
def test_a_release_and_its_edit_in_one_unit_of_work_count_the_final_values(work, alice):
    with work():
        song = actions.add_song(alice.user, title="One", artist="Metalica", status="released")
        actions.edit_song(song, alice.user, title="One", artist="Metallica", album="", year=1988)
    assert alice.values("artist") == {"metallica": 1}
    assert alice.values("year") == {"1988": 1}


def test_distinct_values_are_separate_for_each_user(alice, bob):
    alice.add(artist="Metallica", status="released")
    bob.add(artist="Metallica", status="released")
    assert alice.values("artist") == bob.values("artist") == {"metallica": 1}


@both_databases
def test_concurrent_releases_of_one_artist_count_the_artist_once(alice):
    at_once([lambda n=n: alice.add(f"Song {n}", status="released") for n in range(6)])
    assert alice.values("artist") == {"metallica": 6}
    assert alice.number("distinct_artists") == 1
