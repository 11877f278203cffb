"""A web process is killed at a named place: what was durable is rewarded once and shown once."""

from __future__ import annotations

import pytest

from trackflow_web.kernel.failpoints import Point

pytestmark = pytest.mark.both_databases

BEFORE = [Point.IN_HANDLER, Point.BEFORE_COMMIT]


@pytest.mark.parametrize("place", BEFORE)
@pytest.mark.parametrize("htmx", [False, True])
def test_a_kill_before_the_commit_stores_nothing_and_a_retry_works(alice, place, htmx):
    alice.dies(place, lambda: alice.adds(htmx=htmx))
    assert (alice.codes, alice.number("total_songs")) == ([], 0)
    alice.adds()
    assert alice.codes == ["dreamer"]
    assert [alice.sees(), alice.sees()] == [["dreamer"], []]


def test_a_kill_after_the_commit_shows_the_toast_on_the_next_page(alice):
    alice.dies(Point.AFTER_COMMIT, alice.adds)
    assert (alice.codes, alice.number("total_points")) == (["dreamer"], 10)
    assert [alice.sees(), alice.sees()] == [["dreamer"], []]


@pytest.mark.parametrize("place", [Point.AFTER_COMMIT, Point.AFTER_CLAIM])
def test_a_reserved_toast_is_shown_once_the_reservation_has_expired(alice, place):
    alice.dies(place, lambda: alice.adds(htmx=True))
    assert (alice.codes, alice.number("total_points")) == (["dreamer"], 10)
    assert [alice.sees_in_the_end(), alice.sees()] == [["dreamer"], []]


def test_a_lost_response_with_reserved_toasts_loses_none(alice):
    alice.adds()
    alice.dies(Point.AFTER_CLAIM, alice.sees)
    assert [alice.sees_in_the_end(), alice.sees()] == [["dreamer"], []]


def test_a_kill_after_the_last_byte_sends_the_toast_again_under_the_same_id(alice):
    (alice.site.faults / Point.AFTER_ANSWER).touch()
    first = alice.adds(htmx=True).toasts()
    alice.site.wait()
    assert [code for _, code in first] == ["dreamer"]
    again = []
    while not again:
        again = alice.browser.get("/songs/").toasts()
    assert again == first
    assert alice.sees() == []


def test_a_retry_after_a_kill_creates_no_second_song(alice):
    alice.dies(Point.AFTER_COMMIT, alice.adds)
    assert alice.adds().status == 422
    assert (alice.codes, alice.number("total_songs")) == (["dreamer"], 1)


def test_other_processes_continue_after_a_kill(alice):
    for number in range(5):
        alice.dies(Point.BEFORE_COMMIT, lambda title=f"Song {number}": alice.adds(title))
        assert alice.adds(f"Song {number}").status == 303
    assert alice.codes == ["dreamer", "visionary"]


def test_all_processes_killed_at_once_lose_nothing(alice):
    answers = [alice.adds(f"Song {number}").status for number in range(3)]
    alice.site.kill()
    alice.site.start()
    assert answers == [303] * 3
    assert alice.number("total_songs") == 3
    assert [alice.sees(), alice.sees()] == [["dreamer"], []]
