"""The one clock: every time in the program comes from here, so that a test can move it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def system_time() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


_source: Callable[[], datetime] = system_time


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _source()


def set_source(source: Callable[[], datetime]) -> None:
    """Let `now` return the time of `source`; `set_source(system_time)` restores it."""
    global _source  # noqa: PLW0603 -- one clock for the process is the point
    _source = source
