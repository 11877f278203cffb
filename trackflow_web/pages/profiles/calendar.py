"""The calendar of a user's days: a square a day, darker the more parts were done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from trackflow_web.domain.authoring import queries as authoring
from trackflow_web.domain.people import queries as people
from trackflow_web.kernel import clock
from trackflow_web.web.formats import MONTHS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.domain.people.models import User

WEEKS = 53
DAYS = 7
# Units of the drawing.
STEP, SIDE = 12, 10
TOP = 14
# More parts than this are not read; the year has fewer even of the busiest.
MOST_PARTS = 20_000
# The numbers of parts from which a day is one shade darker; the first shade is a visit.
SHADES = (1, 4, 10)


@dataclass(frozen=True)
class Calendar:
    """A drawing: the squares of each shade as one path, and the names of months."""

    shades: tuple[str, ...]
    months: tuple[tuple[int, str], ...]
    active: int
    parts: int
    width: int = WEEKS * STEP
    height: int = TOP + DAYS * STEP


def calendar_of(person: User) -> Calendar:
    """Return the last year of a user, in weeks from Monday, in the user's time zone."""
    zone = ZoneInfo(person.timezone)
    today = clock.now().astimezone(zone).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    done = Counter(
        at.astimezone(zone).date()
        for at in authoring.done_since(person.id, since, limit=MOST_PARTS)
    )
    days = {day: done[day] for day in {*people.days_of(person.id, first), *done} if day <= today}
    return drawn(first, today, days)


def drawn(first: date, today: date, days: Mapping[date, int]) -> Calendar:
    """Return the drawing of the days from a Monday on; `days` has the parts of active ones."""
    paths = ["" for _ in range(len(SHADES) + 2)]
    months = []
    for number in range((today - first).days + 1):
        day = first + timedelta(days=number)
        week = number // DAYS
        x, y = week * STEP, TOP + number % DAYS * STEP
        paths[_shade(days.get(day))] += f"M{x} {y}h{SIDE}v{SIDE}h-{SIDE}z"
        if day.day == 1 and week < WEEKS - 2:
            months.append((x, MONTHS[day.month - 1][:3]))
    return Calendar(
        shades=tuple(paths), months=tuple(months), active=len(days), parts=sum(days.values())
    )


def _shade(parts: int | None) -> int:
    """Return 0 for a day without a visit, 1 for a visit, more for parts."""
    return 0 if parts is None else 1 + sum(parts >= least for least in SHADES)
