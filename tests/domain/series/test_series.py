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


def test_an_album_counts_until_it_is_deleted(maker):
    album = maker.album("One")
    assert counts(maker) == (1, 0)
    maker.delete_album(album)
    assert counts(maker) == (0, 0)


def test_a_duplicate_album_is_rejected_with_the_existing_album(maker):
    first = maker.album("One", artist="The Beatles", album="Help!")
    with pytest.raises(Duplicate) as refusal:
        maker.album("Two", artist="beatles", album="HELP!")
    assert refusal.value.existing_id == first
    assert list(refusal.value.errors) == ["album"]
    maker.album("Two", artist="Other", album="Help!")
    assert counts(maker) == (2, 0)


def test_an_invalid_track_list_is_rejected_by_field(subtests, maker, app):
    for tracks, said in [
        ("", "at least one"),
        (" \n\t\n\u200b", "at least one"),
        (None, "at least one"),
        (7, "at least one"),
        ({"One": 1}, "at least one"),
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


def test_all_invalid_fields_are_reported_at_once(subtests, maker, app):
    for year in [999, 99_999, 1991.5, 10**40, True, ["1991"]]:
        with subtests.test(year=year):
            with pytest.raises(Invalid) as refusal, working(app):
                actions.create_series(maker.user, artist="", album="\x00", year=year, tracks="")
            assert set(refusal.value.errors) == {"artist", "album", "year", "tracks"}


def test_empty_lines_are_ignored_and_duplicate_titles_allowed(maker):
    album = maker.album("Intro", "", "  ", "Intro")
    assert maker.linked(album) == [None, None]


def test_an_album_may_have_two_hundred_tracks(maker):
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


def test_irrelevant_tracks_are_not_required(maker):
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


@pytest.mark.fault("D2")
def test_a_track_is_complete_while_its_song_is_released(maker):
    song = maker.add("One", status="released")
    maker.link(maker.album("One"))
    assert counts(maker) == (1, 1)
    maker.move(song, "wip")
    assert counts(maker) == (1, 0)
    maker.move(song, "released")
    assert counts(maker) == (1, 1)


@pytest.mark.fault("D2", "16")
def test_one_song_completes_one_track(maker):
    song = maker.add("One", status="released")
    album = maker.album("One", "Two", "One")
    maker.track(album, 1, song)
    for position in (2, 3):
        with pytest.raises(Invalid, match="already linked to track 1"):
            maker.track(album, position, song)
    maker.track(album, 1, song)  # again is no other track
    maker.track(maker.album("One", album="Other"), 1, song)  # another album may have it, too
    assert counts(maker) == (2, 1)


def test_two_tracks_of_one_title_are_not_linked_to_the_same_song(maker):
    song = maker.add("One", status="released")
    album = maker.album("One", "One")
    assert maker.link(album) == 1
    assert maker.linked(album) == [song, None]
    assert maker.link(album) == 0
    assert counts(maker) == (1, 0)


@pytest.mark.fault("D2")
def test_a_song_of_another_title_is_linked_only_on_request(maker):
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
def test_a_version_of_a_track_matches_its_title(maker, title):
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


def test_completing_repeatedly_earns_one_award(maker):
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


def test_an_existing_link_is_not_replaced(maker):
    maker.add("One")
    other = maker.add("Other")
    album = maker.album("One", "One")
    maker.track(album, 1, other)
    maker.track(album, 2, irrelevant=True)
    assert maker.link(album) == 0
    assert maker.linked(album) == [other, None]


def test_another_users_song_is_neither_found_nor_linked(maker, app, bob):
    song = Producer(app, bob).add("One")
    album = maker.album("One")
    assert maker.link(album) == 0
    with pytest.raises(Invalid) as refusal:
        maker.track(album, 1, song)
    assert list(refusal.value.errors) == ["song_id"]


def test_an_unknown_song_is_rejected_by_field(subtests, maker):
    album = maker.album("One")
    for song_id in ["0", "-1", "1.5", "١", "9" * 30, "\x00", "987654", True]:
        with subtests.test(song_id=song_id):
            with pytest.raises(Invalid) as refusal:
                maker.track(album, 1, song_id)
            assert list(refusal.value.errors) == ["song_id"]


def test_an_unknown_track_is_rejected(maker):
    album = maker.album("One")
    with pytest.raises(NotFound):
        maker.track(album, 2)


# --- at once -----------------------------------------------------------------------------------


def test_releasing_the_last_two_tracks_at_once_completes_the_album_once(maker):
    songs = [maker.add("One"), maker.add("Two")]
    maker.link(maker.album("One", "Two"))
    at_once([lambda song=song: maker.move(song, "released") for song in songs])
    assert counts(maker) == (1, 1)


def test_deleting_a_song_while_releasing_the_last_track_does_not_deadlock(maker, app):
    for number in range(4):
        gone, last = maker.add(f"One {number}", status="released"), maker.add(f"Two {number}")
        album = maker.album(f"One {number}", f"Two {number}", album=f"Album {number}")
        assert maker.link(album) == 2
        at_once([lambda s=gone: maker.delete(s), lambda s=last: maker.move(s, "released")])
    assert counts(maker) == (4, 0)


def test_linking_a_track_while_releasing_its_song_keeps_the_counters_right(maker):
    song, album = maker.add("One"), maker.album("One")
    at_once([lambda: maker.track(album, 1, song), lambda: maker.move(song, "released")])
    assert counts(maker) == (1, 1)


def test_deleting_an_album_while_linking_its_track_does_not_deadlock(maker):
    song, album = maker.add("One", status="released"), maker.album("One")

    def link():
        try:
            maker.track(album, 1, song)
        except (NotFound, AssertionError):
            return

    at_once([link, lambda: maker.delete_album(album)])
    assert counts(maker) == (0, 0)


def test_creating_an_album_repeatedly_at_once_creates_one(maker):
    def start():
        try:
            return maker.album("One")
        except Duplicate as refusal:
            return refusal.existing_id

    assert len(set(at_once([start] * 3))) == 1
    assert counts(maker) == (1, 0)
