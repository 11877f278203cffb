"""How times and numbers are written for the person who reads them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask_login import current_user

if TYPE_CHECKING:
    from flask import Flask


def connect(app: Flask) -> None:
    """Give the templates the filters."""
    app.jinja_env.filters |= {
        "localdate": local_date,
        "localtime": local_time,
        "iso": iso,
        "thousands": thousands,
    }


def local_date(at: datetime) -> str:
    """The day in the reader's zone: `3 May 2026`."""
    there = at.astimezone(_zone())
    return f"{there.day} {there:%B %Y}"


def local_time(at: datetime) -> str:
    """Day and time in the reader's zone: `3 May 2026, 14:02`."""
    return f"{local_date(at)}, {at.astimezone(_zone()):%H:%M}"


def iso(at: datetime) -> str:
    """For a `datetime` attribute: UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def thousands(number: int) -> str:
    """With commas: `1,235`."""
    return f"{number:,}"


def _zone() -> tzinfo:
    return ZoneInfo(current_user.timezone) if current_user.is_authenticated else UTC
