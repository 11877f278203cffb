"""The map of decades and years."""

from __future__ import annotations

import pytest

from trackflow_web.achievements.progress import gaps
from trackflow_web.achievements.progress.gaps import Fill
from trackflow_web.domain.authoring import statistics
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.authoring.statistics import Planned, YearTally


def planned(year, title="One", songs=1):
    return Planned(1, title, "Metallica", year, 15, songs)


def decade_map(tallies=(), songs=(), this_year=2026):
    return {decade.start: decade for decade in gaps.decade_map(tallies, songs, this_year)}


def test_the_decade_map_starts_with_this_decade_and_ends_with_the_fifties():
    assert list(decade_map()) == [2020, 2010, 2000, 1990, 1980, 1970, 1960, 1950]


def test_the_decade_map_includes_earlier_decades_with_a_song():
    assert list(decade_map([YearTally(1788, 1, 0)]))[-1] == 1780


def test_a_year_is_filled_by_a_released_song_only():
    years = decade_map([YearTally(1988, 3, 2), YearTally(1989, 1, 0)])[1980].years
    assert years[8].fill is Fill.FILLED
    assert years[9].fill is Fill.EMPTY


def test_a_gap_names_the_songs_that_would_fill_it():
    decade = decade_map(songs=[planned(1991, "Losing My Religion", songs=4)])[1990]
    assert [(year.year, year.planned_songs) for year in decade.gaps] == [(1991, 4)]
    assert decade.fill is Fill.PLANNED
    assert decade.text == "4 planned songs would add it"


def test_future_years_are_not_gaps():
    assert decade_map()[2020].years[9].fill is Fill.TO_COME


@pytest.mark.both_databases
def test_planned_songs_are_found_for_open_years_only(alice, bob):
    alice.add("Out", year=1988, status="released")
    alice.add("Waiting", year=1988)
    far = alice.add("Far", year=1991)
    near = alice.add("Near", year=1991, status="wip")
    alice.mark(near, "done", list(Part)[:3])
    alice.add("Undated")
    bob.add("Bob's", year=1977)
    with alice.app.app_context():
        found = statistics.planned_for_new_years(alice.id, each=2)
    assert [(song.song_id, song.year, song.parts, song.songs) for song in found] == [
        (near, 1991, 12, 2),
        (far, 1991, 15, 2),
    ]


@pytest.mark.both_databases
def test_a_song_that_was_released_once_fills_its_year(alice):
    song = alice.add("Back", year=1988, status="released")
    alice.move(song, "wip")
    with alice.app.app_context():
        assert not statistics.planned_for_new_years(alice.id, each=3)
        assert statistics.by_year(alice.id) == [YearTally(1988, 1, 1)]


@pytest.mark.both_databases
def test_planned_songs_are_found_for_new_artists_only(alice):
    alice.add("One", "The Beatles", status="released")
    alice.add("Two", "beatles")
    muse = alice.add("Uprising", "Muse")
    alice.add("Hysteria", "muse")
    with alice.app.app_context():
        found = statistics.planned_for_new_artists(alice.id, limit=5)
    assert [(song.song_id, song.songs) for song in found] == [(muse, 2)]
