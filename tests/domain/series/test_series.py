"""Album series: their tracks, and when an album is complete."""

from __future__ import annotations

import pytest

from tests.support.charter import at_once
from tests.support.people import working
from tests.support.producer import Producer
from trackflow_web.domain.series import actions
from trackflow_web.domain.series.rules import Mismatch
from trackflow_web.kernel.errors import Duplicate, Invalid, NotFound

pytestmark = pytest.mark.both_databases


@pytest.fixture
def maker(app, alice):
    return Producer(app, alice)


def counts(maker):
    return maker.number("total_series"), maker.number("completed_series")


# --- how many ----------------------------------------------------------------------------------


def test_an_album_counts_while_it_is_there(maker):
    album = maker.album("One")
    assert counts(maker) == (1, 0)
    maker.delete_album(album)
    assert counts(maker) == (0, 0)


def test_an_album_that_is_there_is_refused_and_named(maker):
    first = maker.album("One", artist="The Beatles", album="Help!")
    with pytest.raises(Duplicate) as refusal:
        maker.album("Two", artist="beatles", album="HELP!")
    assert refusal.value.existing_id == first
    assert list(refusal.value.errors) == ["album"]
    maker.album("Two", artist="Other", album="Help!")
    assert counts(maker) == (2, 0)


def test_a_track_list_that_will_not_do_is_refused_by_name(subtests, maker, app):
    for tracks, said in [
        ("", "At least one"),
        (" \n\t\n\u200b", "At least one"),
        (None, "At least one"),
        (7, "At least one"),
        ({"One": 1}, "At least one"),
        ("\n".join(f"Track {number}" for number in range(201)), "200 tracks"),
        ("One\nT\x00wo", "Line 2"),
        ("One\n" + "x" * 201, "Line 2"),
        ("x" * 100_000, "Line 1"),
        (["One", 2], "Line 2"),
        (["One", None, ["x"]], "Line 3"),
    ]:
        with subtests.test(tracks=tracks, said=said):
            with pytest.raises(Invalid) as refusal, working(app):
                actions.create_series(maker.user, artist="A", album="B", year="", tracks=tracks)
            assert list(refusal.value.errors) == ["tracks"]
            assert said in refusal.value.errors["tracks"]
            assert counts(maker) == (0, 0)


def test_everything_wrong_is_told_at_once(subtests, maker, app):
    for year in [999, 99_999, 1991.5, 10**40, True, ["1991"]]:
        with subtests.test(year=year):
            with pytest.raises(Invalid) as refusal, working(app):
                actions.create_series(maker.user, artist="", album="\x00", year=year, tracks="")
            assert set(refusal.value.errors) == {"artist", "album", "year", "tracks"}


def test_empty_lines_are_no_tracks_and_two_may_have_one_title(maker):
    album = maker.album("Intro", "", "  ", "Intro")
    assert maker.linked(album) == [None, None]


def test_two_hundred_tracks_are_an_album(maker):
    assert len(maker.linked(maker.album(*map(str, range(200))))) == 200


# --- which are complete ------------------------------------------------------------------------


def test_an_album_is_complete_when_its_last_track_is_released(maker):
    songs = [maker.add("One", status="released"), maker.add("Two")]
    album = maker.album("One", "Two")
    assert maker.link(album) == 2
    assert counts(maker) == (1, 0)
    maker.move(songs[1], "released")
    assert counts(maker) == (1, 1)
    maker.delete_album(album)
    assert counts(maker) == (0, 0)


def test_linking_the_last_released_song_completes_it(maker):
    album = maker.album("Anything")
    maker.track(album, 1, maker.add("One", status="released"))
    assert counts(maker) == (1, 1)
    maker.track(album, 1)
    assert counts(maker) == (1, 0)


def test_irrelevant_tracks_are_not_asked_for(maker):
    maker.add("One", status="released")
    album = maker.album("One", "Interlude")
    maker.link(album)
    maker.track(album, 2, irrelevant=True)
    assert counts(maker) == (1, 1)
    maker.track(album, 2)
    assert counts(maker) == (1, 0)


def test_an_album_without_a_relevant_track_is_not_complete(maker):
    album = maker.album("One")
    maker.track(album, 1, irrelevant=True)
    assert counts(maker) == (1, 0)


def test_a_linked_track_that_becomes_irrelevant_keeps_its_song(maker):
    song = maker.add("One", status="released")
    album = maker.album("One", "Two")
    maker.track(album, 1, song, irrelevant=True)
    assert maker.linked(album) == [song, None]
    assert counts(maker) == (1, 0)


def test_a_song_completes_a_track_while_it_is_released(maker):
    song = maker.add("One", status="released")
    maker.link(maker.album("One"))
    assert counts(maker) == (1, 1)
    maker.move(song, "wip")
    assert counts(maker) == (1, 0)
    maker.move(song, "released")
    assert counts(maker) == (1, 1)


def test_one_song_completes_one_track(maker):
    song = maker.add("One", status="released")
    album = maker.album("One", "Two", "One")
    maker.track(album, 1, song)
    for position in (2, 3):
        with pytest.raises(Invalid, match="track 1 already"):
            maker.track(album, position, song)
    maker.track(album, 1, song)  # again is no other track
    maker.track(maker.album("One", album="Other"), 1, song)  # another album may have it, too
    assert counts(maker) == (2, 1)


def test_two_tracks_of_one_title_are_not_linked_to_one_song(maker):
    song = maker.add("One", status="released")
    album = maker.album("One", "One")
    assert maker.link(album) == 1
    assert maker.linked(album) == [song, None]
    assert maker.link(album) == 0
    assert counts(maker) == (1, 0)


def test_a_song_of_another_name_is_linked_only_when_its_owner_says_so(maker):
    album = maker.album("One")
    for title, artist in (("Two", "Metallica"), ("One", "Somebody")):
        other = maker.add(title, artist=artist, status="released")
        with pytest.raises(Mismatch) as refusal:
            maker.track(album, 1, other, anyway=False)
        assert refusal.value.the_song_id == other
    maker.track(album, 1, other, anyway=True)
    maker.track(album, 1, other, irrelevant=True, anyway=False)  # what was confirmed stays so
    assert maker.linked(album) == [other]


@pytest.mark.parametrize("title", ["One", "ONE", "One (Live)", "One - 2013 Remaster"])
def test_a_version_of_the_track_is_called_like_it(maker, title):
    song = maker.add(title, status="released")
    album = maker.album("One")
    maker.track(album, 1, song, anyway=False)
    assert counts(maker) == (1, 1)


def test_deleting_a_song_reopens_its_albums(maker):
    song = maker.add("One", status="released")
    albums = [maker.album("One"), maker.album("One", album="Live")]
    assert [maker.link(album) for album in albums] == [1, 1]
    assert counts(maker) == (2, 2)
    maker.delete(song)
    assert counts(maker) == (2, 0)
    assert maker.linked(albums[0]) == [None]


def test_deleting_the_song_of_an_irrelevant_track_reopens_nothing(maker):
    maker.add("One", status="released")
    album = maker.album("One", "Two")
    maker.link(album)
    maker.track(album, 2, bonus := maker.add("Two"), irrelevant=True)
    maker.delete(bonus)
    assert counts(maker) == (1, 1)


def test_completing_again_and_again_earns_once(maker):
    song, album = maker.add("One", status="released"), maker.album("One")
    for _ in range(3):
        maker.track(album, 1, song)
        maker.track(album, 1)
    assert counts(maker) == (1, 0)
    assert len(maker.codes) == len(set(maker.codes))


# --- links -------------------------------------------------------------------------------------


def test_songs_are_found_by_title_and_artist(maker):
    one = maker.add("The Unforgiven")
    maker.add("Sad But True", artist="Kid Rock")
    album = maker.album("the unforgivén", "Sad But True", "Sad But True (live)")
    assert maker.link(album) == 1
    assert maker.linked(album) == [one, None, None]
    assert maker.link(album) == 0


def test_what_was_chosen_is_not_linked_over(maker):
    maker.add("One")
    other = maker.add("Other")
    album = maker.album("One", "One")
    maker.track(album, 1, other)
    maker.track(album, 2, irrelevant=True)
    assert maker.link(album) == 0
    assert maker.linked(album) == [other, None]


def test_nobody_elses_song_is_found_or_linked(maker, app, bob):
    song = Producer(app, bob).add("One")
    album = maker.album("One")
    assert maker.link(album) == 0
    with pytest.raises(Invalid) as refusal:
        maker.track(album, 1, song)
    assert list(refusal.value.errors) == ["song_id"]


def test_a_strange_song_is_refused_by_name(subtests, maker):
    album = maker.album("One")
    for song_id in ["0", "-1", "1.5", "١", "9" * 30, "\x00", "987654", True]:
        with subtests.test(song_id=song_id):
            with pytest.raises(Invalid) as refusal:
                maker.track(album, 1, song_id)
            assert list(refusal.value.errors) == ["song_id"]


def test_there_is_no_track_behind_the_last(maker):
    album = maker.album("One")
    with pytest.raises(NotFound):
        maker.track(album, 2)


# --- at once -----------------------------------------------------------------------------------


def test_the_last_two_tracks_are_released_at_once(maker):
    songs = [maker.add("One"), maker.add("Two")]
    maker.link(maker.album("One", "Two"))
    at_once([lambda song=song: maker.move(song, "released") for song in songs])
    assert counts(maker) == (1, 1)


def test_a_song_goes_while_the_last_track_is_released(maker, app):
    for number in range(4):
        gone, last = maker.add(f"One {number}", status="released"), maker.add(f"Two {number}")
        album = maker.album(f"One {number}", f"Two {number}", album=f"Album {number}")
        assert maker.link(album) == 2
        at_once([lambda s=gone: maker.delete(s), lambda s=last: maker.move(s, "released")])
    assert counts(maker) == (4, 0)


def test_a_track_is_linked_while_its_song_is_released(maker):
    song, album = maker.add("One"), maker.album("One")
    at_once([lambda: maker.track(album, 1, song), lambda: maker.move(song, "released")])
    assert counts(maker) == (1, 1)


def test_an_album_goes_while_its_track_is_linked(maker):
    song, album = maker.add("One", status="released"), maker.album("One")

    def link():
        try:
            maker.track(album, 1, song)
        except (NotFound, AssertionError):
            return

    at_once([link, lambda: maker.delete_album(album)])
    assert counts(maker) == (0, 0)


def test_an_album_is_started_once_however_often_at_once(maker):
    def start():
        try:
            return maker.album("One")
        except Duplicate as refusal:
            return refusal.existing_id

    assert len(set(at_once([start] * 3))) == 1
    assert counts(maker) == (1, 0)
