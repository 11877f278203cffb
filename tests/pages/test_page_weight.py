"""The size of pages in bytes of HTML."""

from __future__ import annotations

import zlib

import pytest

from tests.support.people import working
from trackflow_web.domain.songs import actions as songs

KILOBYTE = 1000
# Songs with a title, an artist and a year of their own, half of them Released.
SONGS = 50


@pytest.fixture
def as_alice(app, alice, as_alice):
    """Alice with a full page of songs and what they earn; she has seen the toasts."""
    with working(app):
        for number in range(SONGS):
            song = songs.add_song(
                alice.user, title=f"Song {number}", artist=f"Artist {number}", year=1960 + number
            )
            if number % 2:
                songs.move_song(song, alice.user, status="wip")
                songs.move_song(song, alice.user, status="released")
    as_alice.get("/stats")
    return as_alice


def weight(browser, path, **options):
    page = browser.get(path, **options)
    return page, len(page.html.encode())


def compressed(browser, path):
    return len(zlib.compress(browser.get(path).html.encode()))


def test_fifty_songs_weigh_at_most_115_kilobytes(as_alice):
    page, size = weight(as_alice, "/songs/")
    assert len(page.all("#song-rows > li")) == SONGS
    assert size <= 115 * KILOBYTE


def test_fifty_songs_weigh_at_most_12_kilobytes_compressed_and_4_small_pages(as_alice):
    size = compressed(as_alice, "/songs/")
    assert size <= 12 * KILOBYTE
    assert size <= 4 * compressed(as_alice, "/confirm")


def test_a_row_of_a_song_weighs_at_most_1950_bytes(as_alice):
    size = weight(as_alice, "/songs/")[1]
    empty = weight(as_alice, "/songs/", q="nothing of that name")[1]
    assert (size - empty) / SONGS <= 1950


def test_the_settings_of_achievements_weigh_at_most_120_kilobytes(as_alice):
    page, size = weight(as_alice, "/settings/achievements")
    assert len(page.all("#achievement-grid [data-badge]")) == 82
    assert size <= 120 * KILOBYTE


def test_all_achievements_weigh_at_most_115_kilobytes(as_alice):
    assert weight(as_alice, "/achievements/")[1] <= 115 * KILOBYTE


def test_the_frame_of_a_page_weighs_at_most_10_kilobytes(as_alice):
    assert weight(as_alice, "/confirm")[1] <= 10 * KILOBYTE


def test_no_page_is_sent_with_its_templates_indentation(as_alice):
    for path in ("/songs/", "/achievements/", "/stats", "/settings/profile"):
        assert "\n " not in as_alice.get(path).html, path
