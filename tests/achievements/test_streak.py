"""The login streak: the longest row of the user's own days with a visit."""

from __future__ import annotations

import pytest

from tests.support.charter import Charter, at_once
from tests.support.people import add_person

# Tests that depend on SQL; the rest is the same arithmetic on both databases.
both_databases = pytest.mark.both_databases


@pytest.fixture
def zoned(app, clock):
    """`zoned("Europe/Rome")`: a user with this time zone."""
    return lambda zone: Charter(app, add_person(app, "dora", timezone=zone))


def visit_at(person, clock, *moments):
    for moment in moments:
        clock.set(moment)
        person.visit()


def visit_daily(person, clock, days):
    for _ in range(days):
        person.visit()
        clock.move(days=1)


@both_databases
def test_three_consecutive_days_unlock_early_bird(clock, alice):
    visit_daily(alice, clock, 2)
    assert alice.codes == []
    visit_daily(alice, clock, 1)
    assert alice.codes == ["early_bird"]
    assert alice.number("login_streak") == 3


def test_further_streak_achievements_unlock_on_their_days(clock, alice):
    visit_daily(alice, clock, 6)
    assert alice.codes == ["early_bird"]
    visit_daily(alice, clock, 8)
    assert alice.codes == ["early_bird", "dedicated", "committed"]


def test_many_visits_a_day_count_once(clock, alice):
    for _ in range(5):
        alice.visit()
        clock.move(hours=1)
    assert alice.number("login_streak") == 1


@both_databases
def test_a_missed_day_restarts_the_streak_and_keeps_the_longest(clock, alice):
    visit_daily(alice, clock, 4)
    clock.move(days=1)
    visit_daily(alice, clock, 2)
    assert alice.number("login_streak") == 4
    assert alice.number("current_streak") == 2


def test_a_second_streak_counts_only_beyond_the_longest(clock, alice):
    visit_daily(alice, clock, 5)
    clock.move(days=3)
    visit_daily(alice, clock, 7)
    assert alice.number("login_streak") == 7
    assert alice.codes == ["early_bird", "dedicated"]


def test_two_short_streaks_are_not_a_long_one(clock, alice):
    visit_daily(alice, clock, 2)
    clock.move(days=1)
    visit_daily(alice, clock, 2)
    assert alice.number("login_streak") == 2
    assert alice.codes == []


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        ("UTC", "2026-03-02T23:59:00+00:00", "2026-03-03T00:01:00+00:00"),
        ("Europe/Rome", "2026-03-02T22:59:00+00:00", "2026-03-02T23:01:00+00:00"),
        ("Pacific/Kiritimati", "2026-03-02T09:59:00+00:00", "2026-03-02T10:01:00+00:00"),
        ("Pacific/Niue", "2026-03-02T10:59:00+00:00", "2026-03-02T11:01:00+00:00"),
        # The clocks go forward at two in the morning, at midnight, and back.
        ("Europe/Rome", "2026-03-28T00:01:00+01:00", "2026-03-29T23:59:00+02:00"),
        ("America/Sao_Paulo", "2018-11-03T12:00:00-03:00", "2018-11-04T23:59:00-02:00"),
        ("Europe/Rome", "2026-10-24T00:01:00+02:00", "2026-10-25T23:59:00+01:00"),
        # There was no 30 December 2011 there.
        ("Pacific/Apia", "2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"),
    ],
)
def test_a_day_ends_at_midnight_in_the_users_zone(clock, zoned, zone, first, second):
    dora = zoned(zone)
    visit_at(dora, clock, first, second)
    assert dora.number("login_streak") == 2


def test_one_day_in_the_users_zone_counts_once_over_two_days_of_the_server(clock, zoned):
    dora = zoned("America/New_York")
    visit_at(dora, clock, "2026-03-02T23:00:00+00:00", "2026-03-03T01:00:00+00:00")
    assert dora.number("login_streak") == 1


@both_databases
def test_a_clock_that_steps_back_neither_resets_nor_extends_a_streak(clock, alice):
    visit_daily(alice, clock, 3)
    clock.move(days=-2)
    assert alice.visit() is False
    clock.move(days=2)
    assert alice.visit() is True
    assert alice.number("login_streak") == 4


def test_a_change_of_zone_cannot_earn_a_second_day(clock, work, alice):
    visit_daily(alice, clock, 1)
    clock.move(hours=-23)
    for zone in ("Pacific/Kiritimati", "Pacific/Niue", "Pacific/Kiritimati"):
        with work():
            alice.user.timezone = zone
        alice.visit()
        clock.move(hours=1)
    assert alice.number("login_streak") == 1


@pytest.mark.fault("15")
def test_an_unearned_rung_shows_the_current_streak(clock, alice):
    visit_daily(alice, clock, 6)
    clock.move(days=1)
    alice.visit()
    [dedicated] = [tile for tile in alice.tiles() if tile.code == "dedicated"]
    assert dedicated.progress_text == "1/7 days"
    assert dedicated.missing_text == "6 days to go"
    assert dedicated.longest_text == " · longest 6 days"
    assert alice.number("login_streak") == 6


def test_a_running_streak_counts_as_the_longest(clock, alice):
    visit_daily(alice, clock, 5)
    [dedicated] = [tile for tile in alice.tiles() if tile.code == "dedicated"]
    assert (dedicated.progress_text, dedicated.longest_text) == ("5/7 days", "")


def test_a_streak_ends_without_a_visit(clock, alice):
    visit_daily(alice, clock, 5)
    clock.move(days=3)
    [dedicated] = [tile for tile in alice.tiles() if tile.code == "dedicated"]
    assert (dedicated.progress_text, dedicated.longest_text) == ("0/7 days", " · longest 5 days")


@both_databases
def test_concurrent_visits_at_midnight_count_once(clock, alice):
    alice.visit()
    clock.move(days=1)
    assert sorted(at_once([alice.visit] * 6)) == [False] * 5 + [True]
    assert alice.number("login_streak") == 2


@both_databases
def test_concurrent_visits_on_the_third_day_are_rewarded_once(clock, alice):
    visit_daily(alice, clock, 2)
    at_once([alice.visit] * 6)
    assert alice.codes == ["early_bird"]
    assert alice.number("total_points") == 10
