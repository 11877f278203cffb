"""What the people of the demo community did, without a database."""

from __future__ import annotations

import pytest

from tests.support.moving_clock import MONDAY_NOON
from trackflow_web.demo import cast, diary, wishes
from trackflow_web.kernel.text import artist_key, comparison_key

YEARS_IN_SONG = range(1955, 2026)


def test_the_songs_are_all_different():
    keys = {(artist_key(song.artist), comparison_key(song.title)) for song in diary.songs()}

    assert len(keys) == len(diary.songs())


def test_the_songs_are_of_many_artists_and_decades():
    songs = diary.songs()

    assert 400 <= len(songs) <= 600
    assert len({song.artist for song in songs}) > 300
    assert {song.year for song in songs} <= set(YEARS_IN_SONG)
    assert len({song.year // 10 for song in songs}) == 8


def test_no_title_looks_like_a_formula_to_a_spreadsheet():
    assert not [song for song in diary.songs() if song.title[0] in "=+-@"]


@pytest.mark.parametrize("resident", cast.RESIDENTS, ids=lambda resident: resident.username)
def test_everybody_does_the_same_every_time(resident):
    assert diary.entries(resident, MONDAY_NOON) == diary.entries(resident, MONDAY_NOON)


@pytest.mark.parametrize("resident", cast.RESIDENTS, ids=lambda resident: resident.username)
def test_nobody_acts_before_joining_or_after_today(resident):
    entries = diary.entries(resident, MONDAY_NOON)

    assert entries[0].at == diary.joined_at(resident, MONDAY_NOON)
    assert entries[-1].at < MONDAY_NOON


def test_the_steps_of_a_song_stand_in_their_order():
    steps = [
        entry.deed
        for entry in diary.entries(cast.DEMO, MONDAY_NOON)
        if isinstance(entry.deed, diary.Add | diary.Move | diary.Mark | diary.Put)
    ]
    for song in {step.song for step in steps}:
        kinds = [type(step) for step in steps if step.song == song]

        assert kinds[0] is diary.Add
        assert diary.Add not in kinds[1:]
        # What is in a pack is worked on no more: nobody would settle the pack.
        assert diary.Put not in kinds[:-1]


@pytest.mark.parametrize("wish", wishes.WISHES, ids=lambda wish: wish.title)
def test_whoever_says_something_to_a_wish_is_here_already(wish):
    joined = {each.username: diary.joined_at(each, MONDAY_NOON) for each in cast.RESIDENTS}

    entries = [each for each in wishes.entries(MONDAY_NOON) if each.deed.wish is wish]

    assert type(entries[0].deed) is wishes.HandIn
    for entry in entries:
        assert joined[entry.username] < entry.at < MONDAY_NOON


def test_the_songs_of_an_album_are_titles_of_its_tracks():
    for album in cast.DEMO.albums:
        listed = {song.title for song in diary.songs() if song.album == album.name}
        assert listed < set(album.tracks)
        assert set(album.irrelevant) <= set(album.tracks) - listed
