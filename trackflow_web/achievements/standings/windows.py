"""Which weeks, months and years a leaderboard has: half-open, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

# Before any account; the start of the one period that never ends.
EPOCH = date(1970, 1, 1)
FOREVER = date(9999, 1, 1)
# Work that was done in time may be noticed later, when a job was delayed.
CLOSED_AFTER = timedelta(hours=48)


class Score(StrEnum):
    """What a leaderboard ranks by."""

    POINTS = "points"
    ACHIEVEMENTS = "achievements"
    RELEASES = "releases"
    PARTS = "parts"


class Span(StrEnum):
    """How long a period of a leaderboard is; a week is that of ISO 8601."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


@dataclass(frozen=True)
class Window:
    """One period: from midnight UTC of `start` to midnight UTC of `end`, which is not in it."""

    span: Span
    start: date
    end: date

    @property
    def ends_at(self) -> datetime:
        """Return the moment it is over."""
        return midnight(self.end)

    def is_final(self, now: datetime) -> bool:
        """Return whether its places no longer change."""
        return self.span is not Span.ALL and now >= self.ends_at + CLOSED_AFTER

    @property
    def previous(self) -> Window | None:
        """Return the period before; None for all time and before the first."""
        if self.span is Span.ALL or self.start <= EPOCH:
            return None
        return window_of(self.span, self.start - timedelta(days=1))

    @property
    def next(self) -> Window | None:
        """Return the period after; None for all time."""
        return None if self.span is Span.ALL else window_of(self.span, self.end)


def midnight(day: date) -> datetime:
    """Return the first moment of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def window_of(span: Span, day: date) -> Window:
    """Return the period of this length that contains a day."""
    if span is Span.WEEK:
        start = day - timedelta(days=day.weekday())
        return Window(span, start, start + timedelta(days=7))
    if span is Span.MONTH:
        start = day.replace(day=1)
        return Window(span, start, (start + timedelta(days=31)).replace(day=1))
    if span is Span.YEAR:
        return Window(span, date(day.year, 1, 1), date(day.year + 1, 1, 1))
    return Window(span, EPOCH, FOREVER)


def windows_at(moment: datetime) -> list[Window]:
    """Return the period of each length that contains a moment."""
    day = moment.astimezone(UTC).date()
    return [window_of(span, day) for span in Span]


def open_windows(now: datetime) -> list[Window]:
    """Return the periods whose scores may still change: the present ones, and late ones."""
    present = windows_at(now)
    late = [window.previous for window in present]
    return present + [window for window in late if window and not window.is_final(now)]
