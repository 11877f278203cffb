"""The weekly streak: weeks, freezes, breaks, time zones."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter, at_once, statements_of
from tests.support.people import working
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.people import profile
from trackflow_web.domain.streaks import actions, queries, rules
from trackflow_web.domain.streaks.models import BreakWeek
from trackflow_web.domain.streaks.rules import LatestWeek, Verdict
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid

MONDAY = date(2026, 3, 2)
PARTS = list(Part)


@pytest.fixture
def alice(app, alice):
    return Charter(app, alice)


@pytest.fixture
def bob(app, bob):
    return Charter(app, bob)


def weeks(*numbers, counts=True):
    return {MONDAY + number * rules.WEEK: counts for number in numbers}


def ledger_of(app, charter):
    with app.app_context():
        return queries.ledger_of(charter.user)


def verdicts(ledger):
    return [line.verdict.value for line in reversed(ledger.lines)]


def in_zone(app, charter, zone):
    with working(app):
        charter.user.timezone = zone


# --- the ledger ----------------------------------------------------------------------------------


def test_four_weeks_earn_a_freeze_and_at_most_two_are_kept():
    found = rules.ledger(weeks(*range(13)), (), MONDAY + 12 * rules.WEEK)
    assert (found.current, found.freezes, found.to_next_freeze) == (13, 2, None)
    assert [line.earned_freeze for line in reversed(found.lines)].count(True) == 2


def test_a_freeze_saves_a_missed_week_and_a_second_one_ends_the_streak():
    found = rules.ledger(weeks(0, 1, 2, 3, 5), (), MONDAY + 7 * rules.WEEK)
    assert verdicts(found)[4:] == ["frozen", "counted", "missed", "open"]
    assert (found.current, found.longest, found.freezes) == (0, 5, 0)


def test_a_planned_break_neither_counts_nor_ends_the_streak():
    breaks = {MONDAY + rules.WEEK, MONDAY + 2 * rules.WEEK}
    found = rules.ledger(weeks(0, 3), breaks, MONDAY + 3 * rules.WEEK)
    assert verdicts(found) == ["counted", "break", "break", "counted"]
    assert found.current == 2


def test_a_week_counts_although_a_break_was_planned():
    found = rules.ledger(weeks(0, 1), {MONDAY + rules.WEEK}, MONDAY + rules.WEEK)
    assert found.current == 2


def test_this_week_is_open_until_it_is_over():
    assert rules.ledger(weeks(0), (), MONDAY + rules.WEEK).lines[0].verdict is Verdict.OPEN
    assert rules.ledger(weeks(0), (), MONDAY + rules.WEEK).current == 1
    assert rules.ledger(weeks(0), (), MONDAY + 2 * rules.WEEK).current == 0


# --- events --------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_part_or_a_song_moved_on_counts_and_a_plan_does_not(app, clock, alice):
    song = alice.add()
    assert ledger_of(app, alice).current == 0
    alice.mark(song, "done", PARTS[:1])
    clock.move(days=7)
    alice.move(song, "wip")
    alice.mark(song, "todo", PARTS[:1])
    clock.move(days=7)
    alice.mark(song, "done", PARTS[:1])  # a part counts once
    assert verdicts(ledger_of(app, alice)) == ["counted", "counted", "open"]


def test_a_part_counts_for_whoever_did_it(app, alice, bob):
    song = alice.add()
    bob.mark(song, "done", PARTS[:1])
    assert (ledger_of(app, alice).current, ledger_of(app, bob).current) == (0, 1)


def test_a_deleted_song_takes_no_week_away(app, alice):
    song = alice.add(status="released")
    alice.delete(song)
    assert ledger_of(app, alice).current == 1


@pytest.mark.both_databases
def test_further_work_of_a_week_takes_no_statement(app, alice):
    song = alice.add(status="wip")
    with statements_of(app) as seen:
        alice.mark(song, "done", PARTS[:1])
    assert not [text for text in seen if "charting_weeks" in text]


@pytest.mark.both_databases
def test_two_first_actions_at_once_add_one_week(app, alice):
    songs = alice.add_many(8)
    at_once([lambda song=song: alice.mark(song, "done", PARTS[:1]) for song in songs])
    assert ledger_of(app, alice).current == 1


# --- time zones ----------------------------------------------------------------------------------


def at(text):
    return datetime.fromisoformat(text)


def test_a_change_of_zone_alone_earns_no_week():
    latest = LatestWeek(MONDAY, "America/Los_Angeles")
    sunday = at("2026-03-08T14:00-07:00")  # already Monday in Auckland
    assert rules.week_to_add(latest, at=sunday, zone_name="Pacific/Auckland") == (
        MONDAY + rules.WEEK,
        False,
    )
    later = at("2026-03-10T14:00+13:00")
    assert rules.week_to_add(latest, at=later, zone_name="Pacific/Auckland") == (
        MONDAY + rules.WEEK,
        True,
    )


def test_a_journey_takes_no_week_away():
    latest = LatestWeek(MONDAY - rules.WEEK, "America/Los_Angeles")
    sunday = at("2026-03-08T14:00-07:00")
    assert rules.week_to_add(latest, at=sunday, zone_name="Pacific/Auckland") == (MONDAY, True)
    west = LatestWeek(MONDAY, "Pacific/Auckland")
    assert rules.week_to_add(west, at=at("2026-03-01T23:00-08:00"), zone_name="UTC") is None


@pytest.mark.both_databases
def test_a_week_that_was_kept_counts_once_it_has_begun_in_both_zones(app, clock, alice):
    in_zone(app, alice, "America/Los_Angeles")
    song = alice.add()
    alice.mark(song, "done", PARTS[:1])
    clock.set("2026-03-08T14:00-07:00")
    in_zone(app, alice, "Pacific/Auckland")
    alice.mark(song, "done", PARTS[1:2])
    assert verdicts(ledger_of(app, alice)) == ["counted", "kept"]
    clock.set("2026-03-10T14:00+13:00")
    alice.mark(song, "done", PARTS[2:3])
    assert verdicts(ledger_of(app, alice)) == ["counted", "counted"]


@pytest.mark.parametrize(
    ("zone", "moment", "week"),
    [
        ("UTC", "2026-03-08T23:59:59.999+00:00", "2026-03-02"),
        ("UTC", "2026-03-09T00:00+00:00", "2026-03-09"),
        ("Europe/Berlin", "2026-03-29T23:59:59+02:00", "2026-03-23"),  # clocks went forward
        ("Europe/Berlin", "2026-03-30T00:00+02:00", "2026-03-30"),
        ("Europe/Berlin", "2026-10-25T23:59:59+01:00", "2026-10-19"),  # and back
        ("Europe/Berlin", "2026-10-26T00:00+01:00", "2026-10-26"),
        ("Pacific/Kiritimati", "2026-03-08T10:00+00:00", "2026-03-09"),  # +14:00
        ("UTC", "2027-01-01T00:00+00:00", "2026-12-28"),
    ],
)
def test_a_week_begins_on_monday_in_the_users_zone(zone, moment, week):
    assert rules.week_of(at(moment), zone) == date.fromisoformat(week)


# --- breaks --------------------------------------------------------------------------------------


def test_a_break_is_whole_weeks_and_four_a_year():
    friday = MONDAY + timedelta(days=4)
    options = {"today": MONDAY, "planned": ()}
    found = rules.planned_weeks(str(friday), str(friday + timedelta(days=3)), **options)
    assert found == [MONDAY, MONDAY + rules.WEEK]
    with pytest.raises(Invalid) as refusal:
        rules.planned_weeks(str(MONDAY), str(MONDAY + timedelta(days=28)), **options)
    assert [*refusal.value.errors] == ["to"]


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("", "2026-03-10", "from"),
        ("soon", "2026-03-10", "from"),
        ("2026-03-01", "2026-03-10", "from"),
        ("2026-03-10", "2026-03-09", "to"),
        ("2026-03-10", "2027-04-01", "to"),
        ("2026-03-10", "9" * 5000, "to"),
        ("2026-03-10", None, "to"),
    ],
)
def test_a_break_that_cannot_be_is_refused(first, last, field):
    with pytest.raises(Invalid) as refusal:
        rules.planned_weeks(first, last, today=MONDAY, planned=())
    assert [*refusal.value.errors] == [field]


@pytest.mark.both_databases
@pytest.mark.usefixtures("clock")
def test_two_breaks_at_once_are_four_weeks_together(app, alice):
    def plan(start):
        with working(app):
            first = date(2026, 4, 6) + start * rules.WEEK
            actions.plan_break(alice.user, first=str(first), last=str(first + timedelta(days=20)))

    with pytest.raises(Invalid):
        at_once([lambda: plan(0), lambda: plan(10)])
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(BreakWeek)) == 3


# --- pages ---------------------------------------------------------------------------------------


def test_the_page_says_why_each_week_counted(clock, alice, as_alice):
    song = alice.add("Battery")
    alice.mark(song, "done", PARTS[:1])
    clock.move(days=14)
    page = as_alice.get("/settings/streaks")
    assert "you finished a part (Battery)" in page.one('[data-week="2026-03-02"]').get_text()
    assert page.one('[data-week="2026-03-09"]')["data-verdict"] == "missed"
    assert page.one('[data-week="2026-03-16"]')["data-verdict"] == "open"


@pytest.mark.usefixtures("clock")
def test_a_break_is_planned_by_form_and_api(as_alice):
    form = {"from": "2026-04-06", "to": "2026-04-12"}
    assert as_alice.post("/settings/streaks/break", **form).status == 303
    assert "6 April 2026" in as_alice.get("/settings/streaks").text
    body = {"from": "2026-05-04", "to": "2026-05-10"}
    answer = as_alice.api("POST", "/api/settings/streaks/break", body)
    assert answer.json["weeks"]["breaks"] == ["2026-05-04", "2026-04-06"]
    assert as_alice.post("/settings/streaks/break", **{"from": "x", "to": ""}).status == 422


def test_a_break_can_be_cancelled_until_its_week_begins(clock, as_alice):
    as_alice.post("/settings/streaks/break", **{"from": "2026-04-06", "to": "2026-04-19"})
    assert len(as_alice.get("/settings/streaks").all("#breaks form")) == 2
    clock.move(days=35)
    page = as_alice.get("/settings/streaks")
    assert [each["value"] for each in page.all('#breaks [name="week"]')] == ["2026-04-13"]
    refused = as_alice.post("/settings/streaks/break/cancel", week="2026-04-06")
    assert refused.status == 422
    assert "has begun" in refused.text
    assert as_alice.post("/settings/streaks/break/cancel", week="2026-04-13").status == 303
    again = as_alice.api("POST", "/api/settings/streaks/break/cancel", {"week": "2026-04-13"})
    assert again.json["weeks"]["breaks"] == ["2026-04-06"]
    # The cancelled week can be planned again: four a year are what is planned, not what was.
    three = {"from": "2026-04-13", "to": "2026-05-03"}
    assert as_alice.post("/settings/streaks/break", **three).status == 303


@pytest.mark.usefixtures("clock")
def test_cancelling_what_is_no_date_names_the_field(as_alice):
    for week in ("", "soon", "2026-02-30", "\0", "9" * 1000):
        answer = as_alice.api("POST", "/api/settings/streaks/break/cancel", {"week": week})
        assert answer.status == 422
        assert "week" in answer.json["errors"]


def test_the_profile_shows_the_streak_only_with_the_days(app, alice, as_charlie):
    alice.add(status="wip")
    assert not as_charlie.get("/users/alice").all("[data-streak]")
    with working(app):
        profile.change_privacy(alice.user, days="1")
    assert as_charlie.get("/users/alice").one("[data-streak]")["data-streak"] == "1"
