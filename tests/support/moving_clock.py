"""A clock that is stopped until a test moves it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trackflow_web.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

# A Monday at noon: a few hours either way stay on the same day in most zones.
MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class MovingClock:
    """Call it for the time; aware, in UTC."""

    def __init__(self, at: datetime = MONDAY_NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **distance: float) -> datetime:
        """Move by `days=1`, `hours=-2` and the like; return the new time."""
        self.at += timedelta(**distance)
        return self.at

    def set(self, at: datetime | str) -> datetime:
        """Go to a moment; a text is ISO 8601 with its zone ("2026-03-02T23:30:00+01:00")."""
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        assert at.tzinfo, "a moment needs its zone"
        self.at = at.astimezone(UTC)
        return self.at


@contextmanager
def running_on(moving: MovingClock) -> Iterator[MovingClock]:
    """Set this clock, and restore the previous one afterwards."""
    before = clock._source
    clock.set_source(moving)
    try:
        yield moving
    finally:
        clock.set_source(before)
