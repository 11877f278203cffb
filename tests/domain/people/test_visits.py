"""The visits of a streak: local calendar days of the user, never hours."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from trackflow_web.domain.people import rules
from trackflow_web.domain.people.rules import CountedDay

ROOT = Path(__file__).parents[3]
# Half hours, quarter hours, both ends of the day, zones that skipped days, changed sides of the
# date line or have no midnight on some days.
ZONES = """
    UTC Africa/Cairo Africa/Casablanca Africa/Johannesburg America/Adak America/Anchorage
    America/Argentina/Ushuaia America/Asuncion America/Caracas America/Chicago America/Denver
    America/Havana America/Los_Angeles America/Nuuk America/New_York America/Sao_Paulo
    America/St_Johns America/Santiago Antarctica/Troll Asia/Amman Asia/Beirut Asia/Gaza
    Asia/Kabul Asia/Kathmandu Asia/Kolkata Asia/Pyongyang Asia/Tehran Asia/Tokyo Asia/Yangon
    Atlantic/Azores Australia/Adelaide Australia/Eucla Australia/Lord_Howe Europe/Berlin
    Europe/Dublin Europe/Istanbul Europe/London Europe/Moscow Pacific/Apia Pacific/Auckland
    Pacific/Chatham Pacific/Fakaofo Pacific/Honolulu Pacific/Kiritimati Pacific/Marquesas
    Pacific/Niue Pacific/Norfolk Pacific/Pago_Pago Pacific/Tongatapu
""".split()  # noqa: SIM905 -- a list of so many would be as long as this file
# Samoa had no 30 December in it, and many a zone changed its rules.
THE_YEAR = 2011


class Visitor:
    """A visitor; `runs` is the day of the streak of each counted visit."""

    def __init__(self, zone="UTC"):
        self.zone = zone
        self.last = self.seen = None
        self.runs = []

    def comes(self, at, zone=None):
        """Visit at a time (ISO 8601, or a datetime); return the day of the streak or None."""
        self.zone = zone or self.zone
        now = datetime.fromisoformat(at) if isinstance(at, str) else at
        now = now.astimezone(UTC)
        run = rules.run_after(self.last, seen_at=self.seen, now=now, zone_name=self.zone)
        if run is not None or rules.is_new_since(self.seen, now=now):
            self.seen = now
        if run is not None:
            self.last = CountedDay(rules.local_day(now, self.zone), now, self.zone, run)
            self.runs.append(run)
        return run

    def was_away_for_long(self, at):
        return self.seen is None or at - self.seen > rules.LONGEST_AWAY


def days_of(zone):
    """The calendar of a zone over a year: what its clocks showed, found by asking every hour."""
    here, days = ZoneInfo(zone), []
    at = datetime(THE_YEAR, 1, 1, tzinfo=UTC)
    while at.year == THE_YEAR:
        day = at.astimezone(here).date()
        if not days or days[-1] != day:
            days.append(day)
        at += timedelta(hours=1)
    return days


def test_the_first_visit_is_day_one():
    assert Visitor().comes("2026-03-02T12:00+00:00") == 1


def test_a_second_visit_on_the_same_day_does_not_count():
    alice = Visitor()
    alice.comes("2026-03-02T00:01+00:00")
    assert alice.comes("2026-03-02T23:59+00:00") is None


def test_visits_around_local_midnight_count_as_two_days():
    alice = Visitor("Asia/Kathmandu")
    alice.comes("2026-03-02T23:59+05:45")
    assert alice.comes("2026-03-03T00:01+05:45") == 2


def test_midnight_in_another_zone_does_not_count():
    alice = Visitor("America/New_York")
    alice.comes("2026-03-02T23:59+00:00")
    assert alice.comes("2026-03-03T00:01+00:00") is None


def test_visits_nearly_two_days_apart_are_consecutive():
    alice = Visitor()
    alice.comes("2026-03-02T00:01+00:00")
    assert alice.comes("2026-03-03T23:59+00:00") == 2


def test_a_missed_day_restarts_the_streak():
    alice = Visitor()
    for day in (1, 2, 3, 5):
        alice.comes(f"2026-03-0{day}T12:00+00:00")
    assert alice.runs == [1, 2, 3, 1]


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Europe/Berlin", ["2026-03-28", "2026-03-29", "2026-03-30"]),  # 23 hours
        ("Europe/Berlin", ["2026-10-24", "2026-10-25", "2026-10-26"]),  # 25 hours
        ("Australia/Lord_Howe", ["2026-04-04", "2026-04-05", "2026-04-06"]),  # half an hour
        ("America/Sao_Paulo", ["2018-11-03", "2018-11-04", "2018-11-05"]),  # no midnight
        ("Africa/Cairo", ["2024-04-25", "2024-04-26", "2024-04-27"]),  # no midnight
        ("Pacific/Apia", ["2011-12-28", "2011-12-29", "2011-12-31"]),  # no 30 December
        ("Pacific/Kwajalein", ["1993-08-19", "1993-08-20", "1993-08-22"]),  # no 21 August
    ],
)
def test_every_calendar_day_counts_regardless_of_its_length(zone, days):
    alice = Visitor(zone)
    for day in days:
        alice.comes(datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo(zone)))
        alice.comes(datetime.fromisoformat(f"{day}T23:00").replace(tzinfo=ZoneInfo(zone)))
    assert alice.runs == [1, 2, 3]


def test_a_day_that_samoa_skipped_counts_in_other_zones():
    bob = Visitor("Pacific/Auckland")
    bob.comes("2011-12-29T12:00+13:00")
    assert bob.comes("2011-12-31T12:00+13:00") == 1


def test_a_change_of_zone_earns_no_day_within_twenty_hours():
    farmer = Visitor("Pacific/Niue")
    farmer.comes("2026-03-02T12:00+00:00")
    assert farmer.comes("2026-03-02T12:01+00:00", zone="Pacific/Kiritimati") is None
    assert farmer.comes("2026-03-03T07:59+00:00") is None
    assert farmer.comes("2026-03-03T08:00+00:00") == 2


def test_a_traveller_earns_a_day_after_twenty_hours():
    traveller = Visitor("Europe/London")
    traveller.comes("2026-03-02T20:00+00:00")
    assert traveller.comes("2026-03-03T23:59+09:00", zone="Asia/Tokyo") is None  # after 19 hours
    traveller.comes("2026-03-04T08:00+09:00")
    assert traveller.comes("2026-03-05T08:00+09:00") == traveller.runs[1] + 1


@pytest.mark.fault("14")
def test_a_corrected_zone_keeps_the_streak():
    # In Tokyo every morning at eight, with an account that thinks it is in UTC.
    tokyo = Visitor("UTC")
    for day in range(1, 6):
        assert tokyo.comes(f"2026-03-0{day}T23:00+00:00") == day
    tokyo.comes("2026-03-05T23:05+00:00", zone="Asia/Tokyo")
    assert [tokyo.comes(f"2026-03-0{day}T23:00+00:00") for day in (6, 7)] == [6, 7]


def test_a_corrected_zone_keeps_the_streak_to_the_end_of_the_day():
    tokyo = Visitor("UTC")
    for day in range(1, 6):
        tokyo.comes(f"2026-03-0{day}T23:00+00:00")
    assert tokyo.comes("2026-03-07T23:30+09:00", zone="Asia/Tokyo") == 6


@pytest.mark.fault("14")
def test_a_flight_over_the_date_line_keeps_the_streak():
    traveller = Visitor("America/Los_Angeles")
    for day in range(1, 5):
        traveller.comes(f"2026-03-0{day}T20:00-08:00")
    at = datetime.fromisoformat("2026-03-04T20:00-08:00")
    for _ in range(4):
        at += timedelta(hours=13)
        traveller.comes(at, zone="Pacific/Auckland")
    assert traveller.runs[:4] == [1, 2, 3, 4]
    assert traveller.runs[4:] == list(range(5, 5 + len(traveller.runs[4:])))
    assert len(traveller.runs) > 4


def test_a_journey_with_visits_fifteen_hours_apart_keeps_the_streak():
    for hour in range(24):
        traveller, at = Visitor("Europe/London"), datetime(2026, 3, 2, hour, tzinfo=UTC)
        for number in range(12):
            traveller.comes(at, zone="Europe/London" if number < 5 else "Asia/Tokyo")
            at += timedelta(hours=15)
        assert traveller.runs == list(range(1, len(traveller.runs) + 1)), hour


def test_a_day_missed_after_a_short_absence_is_no_gap():
    late = Visitor()
    late.comes("2026-03-02T23:50+00:00")
    assert late.comes("2026-03-04T00:10+00:00") == 2


def test_a_day_missed_after_a_long_absence_is_a_gap():
    away = Visitor()
    away.comes("2026-03-02T10:00+00:00")
    assert away.comes("2026-03-04T00:10+00:00") == 1


def test_crossing_the_date_line_repeatedly_earns_one_day_per_day():
    farmer, at = Visitor("Pacific/Kiritimati"), datetime(2026, 3, 2, 11, tzinfo=UTC)
    for hour in range(24 * 7):
        zone = "Pacific/Niue" if hour % 2 else "Pacific/Kiritimati"
        farmer.comes(at + timedelta(hours=hour), zone=zone)
    assert len(farmer.runs) <= 8


def test_a_clock_that_steps_back_neither_earns_nor_resets():
    alice = Visitor()
    alice.comes("2026-03-02T12:00+00:00")
    alice.comes("2026-03-03T00:00:30+00:00")
    assert alice.comes("2026-03-02T23:59:30+00:00") is None
    assert alice.comes("2026-03-03T00:01+00:00") is None
    assert alice.comes("2026-03-04T09:00+00:00") == 3


@pytest.mark.parametrize("zone", ZONES)
def test_streaks_match_the_local_calendar(zone):
    # A user visits on some of the days of their zone, at any hour; the calendar says
    # which of these days follow each other.
    dice = random.Random(zone)
    calendar, here, alice = days_of(zone), ZoneInfo(zone), Visitor(zone)
    expected, before = [], None
    for number, day in enumerate(calendar):
        moments = [
            datetime(day.year, day.month, day.day, dice.randrange(24), dice.randrange(60),
                     tzinfo=here, fold=dice.randrange(2)).astimezone(UTC)
            for _ in range(dice.choice([0, 1, 1, 1, 3]))
        ]  # fmt: skip
        # An hour that the zone skipped may belong to another day.
        moments = sorted(at for at in moments if at.astimezone(here).date() == day)
        if moments:
            is_lost = before != number - 1 and alice.was_away_for_long(moments[0])
            expected.append(1 if is_lost else expected[-1] + 1)
            before = number
        for at in moments:
            alice.comes(at)
    assert alice.runs == expected


TWO_YEARS = (datetime(2010, 1, 1, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))


def days_with_moments(here):
    """The days that a zone's clocks showed in two years, each with moments of it in UTC."""
    days, (at, end) = {}, TWO_YEARS
    while at < end:  # no day is shorter than six hours
        days.setdefault(at.astimezone(here).date(), []).append(at)
        at += timedelta(hours=6)
    return list(days.values())


def test_streaks_match_the_local_calendar_in_every_time_zone(sized):
    zones, visits = sorted(rules.zone_names())[:: sized(8, stress=1)], 0
    for zone in zones:
        dice, alice, expected, before = random.Random(zone), Visitor(zone), [], None
        for number, moments in enumerate(days_with_moments(ZoneInfo(zone))):
            if dice.random() < 0.1:
                continue
            at = dice.choice(moments)
            is_lost = before != number - 1 and alice.was_away_for_long(at)
            expected.append(1 if is_lost else expected[-1] + 1)
            before = number
            alice.comes(at)
        assert alice.runs == expected, zone
        visits += len(expected)
    assert len(zones) > 50
    assert visits > len(zones) * 600


def test_time_zones_are_available_without_the_operating_system():
    ask = "from trackflow_web.domain.people.rules import time_zone as z; print(z('Pacific/Apia'))"
    command = [sys.executable, "-c", ask]
    environment = {**os.environ, "PYTHONTZPATH": ""}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "Pacific/Apia", done.stderr
