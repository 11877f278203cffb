"""Formats of dates, times and numbers in pages, in the time zone of the signed-in user."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask_login import current_user
from markupsafe import Markup

from trackflow_web.domain.feedback.rules import Status
from trackflow_web.kernel import markup, text

if TYPE_CHECKING:
    from flask import Flask


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

STATUS_LABELS = {status: status.value.capitalize() for status in Status}


def init_app(app: Flask) -> None:
    """Add filters for dates, times, numbers and their nouns to templates, and names of statuses."""
    app.jinja_env.globals["feedback_labels"] = STATUS_LABELS
    app.jinja_env.filters |= {
        "localdate": local_date,
        "localtime": local_time,
        "utctime": utc_time,
        "iso": iso,
        "day": day,
        "thousands": thousands,
        "ordinal": ordinal,
        "count_of": text.count_of,
        "noun_of": text.noun_of,
        "isolate": text.isolate,
        "markdown": markdown,
    }


def local_date(at: datetime) -> str:
    """Return the date in the reader's time zone: `3 May 2026`."""
    return date_in(reader_zone(), at)


def date_in(zone: tzinfo, at: datetime) -> str:
    """Return the date in a time zone: `3 May 2026`."""
    there = at.astimezone(zone)
    return f"{there.day} {MONTHS[there.month - 1]} {there.year}"


def day(value: date) -> str:
    """Return a calendar day: `3 May 2026`."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def local_time(at: datetime) -> str:
    """Return date and time in the reader's time zone: `3 May 2026, 14:02`."""
    there = at.astimezone(reader_zone())
    return f"{there.day} {MONTHS[there.month - 1]} {there.year}, {there.hour:02}:{there.minute:02}"


def utc_time(at: datetime) -> str:
    """Return date and time in UTC: `3 May 2026, 12:02`."""
    return f"{date_in(UTC, at)}, {at.astimezone(UTC):%H:%M}"


def iso(at: datetime) -> str:
    """Return a `datetime` attribute: UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def thousands(number: int) -> str:
    """Return a number with commas: `1,235`."""
    return f"{number:,}"


def markdown(source: str) -> Markup:
    """Return the HTML of Markdown written by a user."""
    return Markup(markup.to_html(source))  # noqa: S704 -- it has passed an allow-list


def ordinal(number: int) -> str:
    """Return a number as a place: `1st`, `2nd`, `11th`."""
    teens = 10 < number % 100 < 14  # noqa: PLR2004 -- eleventh to thirteenth
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def reader_zone() -> tzinfo:
    """Return the time zone of the signed-in user; UTC without one."""
    user = current_user._get_current_object()  # noqa: SLF001 -- one look-up instead of two
    return ZoneInfo(user.timezone) if user.is_authenticated else UTC
