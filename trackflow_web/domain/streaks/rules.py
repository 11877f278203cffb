"""The rules of the weekly streak. Does not read the database.

A week counts when a user charts in it: finishes a part, or moves a song on to WIP or Released for
the first time. Four weeks that count earn a freeze; at most two are kept, and each saves one week.
A planned break neither counts nor ends a streak.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.domain.people.rules import local_day
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

WEEK = timedelta(days=7)
WEEKS_FOR_A_FREEZE = 4
MOST_FREEZES = 2
BREAK_WEEKS_A_YEAR = 4
# How far ahead a break can be planned.
LONGEST_AHEAD = timedelta(days=366)
LONGEST_DATE = 20


class Verdict(StrEnum):
    """Why a week did or did not count."""

    COUNTED = "counted"
    KEPT = "kept"
    FROZEN = "frozen"
    BREAK = "break"
    OPEN = "open"
    MISSED = "missed"


@dataclass(frozen=True)
class Line:
    """A week of the ledger: its verdict, the streak and the freezes after it."""

    week: date
    verdict: Verdict
    run: int
    freezes: int
    earned_freeze: bool = False

    @property
    def end(self) -> date:
        """Return the Sunday."""
        return self.week + timedelta(days=6)


@dataclass(frozen=True)
class Ledger:
    """The weeks of a user, the latest first, and where that leaves them."""

    lines: tuple[Line, ...] = ()
    longest: int = 0
    full_weeks: int = field(default=0)

    @property
    def current(self) -> int:
        """Return the length of the streak, in weeks that count."""
        return self.lines[0].run if self.lines else 0

    @property
    def freezes(self) -> int:
        """Return how many freezes are left."""
        return self.lines[0].freezes if self.lines else 0

    @property
    def is_safe(self) -> bool:
        """Return whether this week counts already."""
        return bool(self.lines) and self.lines[0].verdict is Verdict.COUNTED

    @property
    def to_next_freeze(self) -> int | None:
        """Return how many more weeks earn the next freeze; None with all freezes there are."""
        return None if self.freezes >= MOST_FREEZES else WEEKS_FOR_A_FREEZE - self.full_weeks


@dataclass(frozen=True)
class LatestWeek:
    """The latest week that counts, and the time zone in which it did."""

    week: date
    timezone: str


def monday_of(day: date) -> date:
    """Return the Monday of the week of a day."""
    return day - timedelta(days=day.weekday())


def week_of(at: datetime, zone_name: str) -> date:
    """Return the Monday of the week of a moment in a zone."""
    return monday_of(local_day(at, zone_name))


def week_to_add(
    latest: LatestWeek | None, *, at: datetime, zone_name: str
) -> tuple[date, bool] | None:
    """Return the week that charting at a moment adds, and whether it counts; None for none.

    After a change of the time zone the earlier of both weeks decides: so a change alone neither
    earns a week nor takes one away. A week that has begun only in the new zone keeps the streak,
    and counts once it has begun in the old one too.
    """
    week = week_of(at, zone_name)
    if latest is None:
        return week, True
    sure = min(week, week_of(at, latest.timezone))
    if sure > latest.week:
        return sure, True
    return (week, False) if week > latest.week else None


def ledger(weeks: Mapping[date, bool], breaks: Collection[date], this_week: date) -> Ledger:
    """Return the ledger of a user from their first week on.

    `weeks` has by Monday whether each week with charting counts; the streak lasts as long as no
    week is missed without a freeze or a planned break.
    """
    if not weeks:
        return Ledger()
    lines: list[Line] = []
    run = longest = freezes = full = 0
    week, last = min(weeks), max(this_week, *weeks)
    while week <= last:
        earned = False
        verdict = _verdict(week, weeks, breaks, this_week, can_freeze=bool(run and freezes))
        if verdict is Verdict.COUNTED:
            run, full = run + 1, full + 1
            if full == WEEKS_FOR_A_FREEZE:
                full, earned = 0, freezes < MOST_FREEZES
                freezes += earned
        elif verdict is Verdict.FROZEN:
            freezes -= 1
        elif verdict is Verdict.MISSED:
            run = full = 0
        longest = max(longest, run)
        lines.append(Line(week, verdict, run, freezes, earned))
        week += WEEK
    return Ledger(tuple(reversed(lines)), longest, full)


def _verdict(
    week: date,
    weeks: Mapping[date, bool],
    breaks: Collection[date],
    this_week: date,
    *,
    can_freeze: bool,
) -> Verdict:
    if week in weeks:
        return Verdict.COUNTED if weeks[week] else Verdict.KEPT
    if week in breaks:
        return Verdict.BREAK
    if week >= this_week:
        return Verdict.OPEN
    return Verdict.FROZEN if can_freeze else Verdict.MISSED


def planned_weeks(
    first: object, last: object, *, today: date, planned: Collection[date]
) -> list[date]:
    """Return the weeks that a break adds. Raises Invalid naming `from` and `to`.

    A break is whole weeks, from Monday to Sunday: those that its days are in.
    """
    check = Checks()
    begin, end = check(_date, first, "from"), check(_date, last, "to")
    check.finish()
    if begin < today:
        raise Invalid(**{"from": "A break must be planned before it begins."})
    if end < begin:
        raise Invalid(to="The last day must not be before the first.")
    if end > today + LONGEST_AHEAD:
        raise Invalid(to="A break can be planned up to a year ahead.")
    count = (monday_of(end) - monday_of(begin)) // WEEK + 1
    weeks = {monday_of(begin) + number * WEEK for number in range(count)}
    for year in {week.year for week in weeks}:
        if sum(week.year == year for week in weeks.union(planned)) > BREAK_WEEKS_A_YEAR:
            raise Invalid(
                to=f"You can plan up to {BREAK_WEEKS_A_YEAR} weeks off a year,"
                " counted from Monday to Sunday."
            )
    return sorted(weeks.difference(planned))


def week_to_cancel(week: object, *, today: date, planned: Collection[date]) -> date | None:
    """Return the week of a break to cancel; None if it is not planned.

    Once it has begun it stays: the streak may owe its life to it. Raises Invalid naming `week`.
    """
    monday = monday_of(_date(week, "week"))
    if monday not in planned:
        return None
    if monday <= today:
        raise Invalid(week="This week has begun, so its break stays.")
    return monday


def _date(value: object, field_name: str) -> date:
    typed = text.line(value, field_name, longest=LONGEST_DATE)
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Invalid(**{field_name: "Enter a date, such as 2026-07-31."}) from None
