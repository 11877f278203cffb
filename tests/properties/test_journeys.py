"""On any journey, regular visits keep the streak, and travelling earns no extra day."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.charter import Charter
from tests.support.invariants import assert_nothing_forgotten
from tests.support.moving_clock import MovingClock, running_on
from tests.support.people import add_person, working
from trackflow_web.domain.people import rules
from trackflow_web.domain.people.rules import CountedDay

ZONES = sorted(rules.zone_names())
# Where a date is skipped or comes twice, and zones with the earliest and the latest clocks.
FAR_APART = [
    "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Niue", "Pacific/Auckland", "Asia/Tokyo",
    "America/Los_Angeles", "Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC",
]  # fmt: skip
# Samoa skipped 30 December 2011; clocks go forward and back; an ordinary week.
BEGINNINGS = [
    datetime(2011, 12, 26, tzinfo=UTC),
    datetime(2026, 3, 26, tzinfo=UTC),
    datetime(2026, 10, 23, tzinfo=UTC),
    datetime(2018, 11, 1, tzinfo=UTC),
    datetime(2026, 6, 1, tzinfo=UTC),
]
NEVER_AWAY = timedelta(hours=36)
LEAST_BETWEEN_DAYS = timedelta(hours=20)

zones = st.one_of(st.sampled_from(FAR_APART), st.sampled_from(ZONES))
# Minutes until the next visit, and the user's time zone then.
visits = st.tuples(st.integers(1, int(NEVER_AWAY / timedelta(minutes=1))), zones)
beginnings = st.tuples(
    st.sampled_from(BEGINNINGS), st.integers(0, 24 * 60 - 1).map(lambda n: timedelta(minutes=n))
).map(lambda both: both[0] + both[1])


def moments(beginning, journey):
    """When each visit is, and in which zone."""
    at = beginning
    for minutes, zone in journey:
        at += timedelta(minutes=minutes)
        yield at, zone


def gained_too_early(gains):
    """The days gained within twenty hours by a change of zone: (before, after)."""
    return [
        (one, two)
        for one, two in itertools.pairwise(gains)
        if two[0] - one[0] < LEAST_BETWEEN_DAYS and one[1] != two[1]
    ]


@settings(max_examples=2_000)
@given(beginnings, st.lists(visits, min_size=2, max_size=40))
@pytest.mark.fault("14")
def test_a_user_never_away_for_36_hours_keeps_the_streak(beginning, journey):
    last, seen, runs, gains = None, None, [], []
    for at, zone in moments(beginning, journey):
        run = rules.run_after(last, seen_at=seen, now=at, zone_name=zone)
        if run is not None or rules.is_new_since(seen, now=at):
            seen = at
        if run is not None:
            last = CountedDay(rules.local_day(at, zone), at, zone, run)
            runs.append(run)
            gains.append((at, zone))
    assert runs == list(range(1, len(runs) + 1))
    assert gained_too_early(gains) == []
    # No journey is longer than the calendar, with a day more on the other side of the date line.
    assert len(runs) <= (gains[-1][0] - gains[0][0]) / timedelta(days=1) + 3


@settings(max_examples=300)
@given(beginnings, zones, st.lists(st.integers(1, 60 * 30), min_size=2, max_size=60))
def test_every_calendar_day_counts_in_a_constant_zone(beginning, zone, minutes):
    last, seen, days = None, None, []
    for at, _ in moments(beginning, [(each, zone) for each in minutes]):
        run = rules.run_after(last, seen_at=seen, now=at, zone_name=zone)
        seen = at
        days.append(rules.local_day(at, zone))
        if run is not None:
            last = CountedDay(days[-1], at, zone, run)
    assert last.run == len(set(days))


# Examples of each; PostgreSQL takes longer for a visit.
HOW_MANY = {"sqlite": 25, "postgresql": 8}
names = itertools.count(1)


@pytest.mark.both_databases
def test_the_stored_streak_matches_the_visits(app, database_kind):
    @settings(
        max_examples=HOW_MANY[database_kind],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(beginnings, st.lists(visits, min_size=2, max_size=25))
    def travel(beginning, journey):
        with running_on(MovingClock()) as clock:
            clock.set(beginning.isoformat())
            traveller = Charter(app, add_person(app, f"traveller-{next(names)}"))
            gained = 0
            for at, zone in moments(beginning, journey):
                clock.set(at.isoformat())
                with working(app):
                    traveller.user.timezone = zone
                gained += traveller.visit_if_due()
            # Nothing was lost on the way, and the recount finds what was counted.
            assert traveller.number("login_streak") == gained
            assert traveller.number("current_streak") == gained
        assert_nothing_forgotten(app)

    travel()
