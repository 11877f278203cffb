"""Editing an album, and adding its missing songs to Future Plans."""

from __future__ import annotations

import pytest

from tests.support.charter import at_once
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web.domain.series import editing, planning
from trackflow_web.domain.series.queries import find_series, tracks_of
from trackflow_web.domain.series.rules import TrackEdit
from trackflow_web.kernel.errors import Duplicate, Invalid, NotFound

pytestmark = pytest.mark.both_databases


@pytest.fixture
def maker(app, alice):
    return Producer(app, alice)


def edit(maker, album, *wanted):
    """Save a track list: numbers keep a track, texts add one."""
    with working(maker.app):
        titles = {track.position: track.title for track in tracks_of(album)}
        edits = [
            TrackEdit(each, titles.get(each, "?"))
            if isinstance(each, int)
            else TrackEdit(None, each)
            for each in wanted
        ]
        editing.edit_tracks(find_series(album), edits)


def plan(maker, album, **options):
    with working(maker.app):
        return planning.plan_tracks(find_series(album), maker.user, **options)


def listed(maker, album):
    with working(maker.app):
        return [(track.position, track.title) for track in tracks_of(album)]


def test_positions_have_no_gaps_after_an_edit(maker):
    album = maker.album("One", "Two", "Three")
    edit(maker, album, 3, "New", 1)
    assert listed(maker, album) == [(1, "Three"), (2, "New"), (3, "One")]
    edit(maker, album, 2)
    assert listed(maker, album) == [(1, "New")]


def test_songs_move_with_their_tracks(maker):
    one, three = maker.add("One"), maker.add("Three")
    album = maker.album("One", "Two", "Three")
    maker.link(album)
    edit(maker, album, 3, 2, "Four", 1)
    assert maker.linked(album) == [three, None, None, one]


def test_a_track_list_that_will_not_do_changes_nothing(subtests, maker):
    album = maker.album("One", "Two")
    before = listed(maker, album)
    for wanted, said in [
        ((), "at least one"),
        ((1, 1), "listed twice"),
        ((1, 3), "no track 3"),
        (("x",) * 201, "200 tracks"),
    ]:
        with subtests.test(said=said):
            with pytest.raises(Invalid, match=said):
                edit(maker, album, *wanted)
            assert listed(maker, album) == before


def test_removing_the_open_tracks_completes_an_album_and_adding_one_reopens_it(maker):
    maker.add("One", status="released")
    album = maker.album("One", "Two")
    maker.link(album)
    assert maker.number("completed_series") == 0
    edit(maker, album, 1)
    assert maker.number("completed_series") == 1
    edit(maker, album, 1, "Two")
    assert maker.number("completed_series") == 0


def test_a_renamed_album_must_not_be_another_one_of_the_user(maker):
    album, other = maker.album("One"), maker.album("One", album="Load")
    with pytest.raises(Duplicate) as refusal, working(maker.app):
        editing.edit_series(find_series(album), artist="metallica", album="LOAD", year="")
    assert refusal.value.existing_id == other
    with working(maker.app):
        editing.edit_series(
            find_series(album), artist="Metallica", album="black album", year="1991"
        )
    with working(maker.app):
        assert (find_series(album).album, find_series(album).year) == ("black album", 1991)


def test_missing_songs_are_added_and_others_linked(maker):
    two = maker.add("two")
    album = maker.album("One", "Two", "Three")
    planned = plan(maker, album)
    assert (planned.added, planned.linked) == (2, 1)
    assert maker.linked(album)[1] == two
    assert None not in maker.linked(album)
    assert maker.number("total_planned") == 3
    assert plan(maker, album) == planning.Planned()


def test_two_tracks_of_one_title_get_two_songs(maker):
    first = maker.add("Interlude")
    album = maker.album("Interlude", "Interlude", "Interlude")
    planned = plan(maker, album)
    assert (planned.added, planned.linked) == (2, 1)
    assert len(set(maker.linked(album))) == 3
    assert maker.linked(album)[0] == first


def test_only_the_wanted_track_is_planned(maker):
    album = maker.album("One", "Two")
    assert plan(maker, album, position=2).added == 1
    assert [bool(song) for song in maker.linked(album)] == [False, True]
    assert plan(maker, album, position=2) == planning.Planned()
    with pytest.raises(NotFound):
        plan(maker, album, position=3)


def test_planning_twice_at_once_adds_each_song_once(maker):
    album = maker.album(*map(str, range(8)))
    at_once([lambda: plan(maker, album)] * 2)
    assert maker.number("total_songs") == 8
    assert len(set(maker.linked(album))) == 8


def test_editing_while_planning_does_not_deadlock(maker):
    album = maker.album(*map(str, range(6)))
    plan(maker, album, position=1)
    at_once([lambda: plan(maker, album), lambda: edit(maker, album, 6, 5, 4, 3, 2, 1)])
    assert len(listed(maker, album)) == 6
