"""The actions of the demo users, without a database."""

from __future__ import annotations

import pytest

from tests.support.moving_clock import MONDAY_NOON
from trackflow_web.demo import feedback, timeline, users
from trackflow_web.kernel.text import artist_key, comparison_key

YEARS_IN_SONG = range(1955, 2026)


def test_the_songs_are_all_different():
    keys = {(artist_key(song.artist), comparison_key(song.title)) for song in timeline.songs()}

    assert len(keys) == len(timeline.songs())


def test_the_songs_span_many_artists_and_decades():
    songs = timeline.songs()

    assert 400 <= len(songs) <= 600
    assert len({song.artist for song in songs}) > 300
    assert {song.year for song in songs} <= set(YEARS_IN_SONG)
    assert len({song.year // 10 for song in songs}) == 8


def test_no_title_looks_like_a_formula_to_a_spreadsheet():
    assert not [song for song in timeline.songs() if song.title[0] in "=+-@"]


@pytest.mark.parametrize("demo_user", users.DEMO_USERS, ids=lambda demo_user: demo_user.username)
def test_demo_users_act_the_same_in_every_run(demo_user):
    assert timeline.entries(demo_user, MONDAY_NOON) == timeline.entries(demo_user, MONDAY_NOON)


@pytest.mark.parametrize("demo_user", users.DEMO_USERS, ids=lambda demo_user: demo_user.username)
def test_demo_users_act_only_between_joining_and_today(demo_user):
    entries = timeline.entries(demo_user, MONDAY_NOON)

    assert entries[0].at == timeline.joined_at(demo_user, MONDAY_NOON)
    assert entries[-1].at < MONDAY_NOON


def test_the_steps_of_a_song_are_in_order():
    steps = [
        entry.step
        for entry in timeline.entries(users.DEMO, MONDAY_NOON)
        if isinstance(entry.step, timeline.Add | timeline.Move | timeline.Mark | timeline.Put)
    ]
    for song in {step.song for step in steps}:
        kinds = [type(step) for step in steps if step.song == song]

        assert kinds[0] is timeline.Add
        assert timeline.Add not in kinds[1:]
        # Songs in a pack do not change afterwards: no handler would update the pack.
        assert timeline.Put not in kinds[:-1]


@pytest.mark.parametrize("item", feedback.DEMO_FEEDBACK, ids=lambda item: item.title)
def test_voters_and_commenters_joined_earlier(item):
    joined = {each.username: timeline.joined_at(each, MONDAY_NOON) for each in users.DEMO_USERS}

    entries = [each for each in feedback.entries(MONDAY_NOON) if each.step.item is item]

    assert type(entries[0].step) is feedback.SubmitFeedback
    for entry in entries:
        assert joined[entry.username] < entry.at < MONDAY_NOON


def test_the_songs_of_an_album_are_titles_of_its_tracks():
    for album in users.DEMO.albums:
        listed = {song.title for song in timeline.songs() if song.album == album.name}
        assert listed < set(album.tracks)
        assert set(album.irrelevant) <= set(album.tracks) - listed
