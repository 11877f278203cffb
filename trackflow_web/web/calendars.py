"""Calendars as RFC 5545 has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MEDIA_TYPE = "text/calendar"
# Octets, without the line end.
LONGEST_LINE = 75


@dataclass(frozen=True)
class CalendarEvent:
    """An event of a calendar; `sequence` rises with every change, `changed_at` is the last one."""

    uid: str
    name: str
    text: str
    url: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    changed_at: datetime


def calendar(name: str, events: Iterable[CalendarEvent]) -> bytes:
    """Return a calendar; the same events are the same bytes, whenever it is asked for."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//TrackFlow//Seasons//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(name)}",
        *(line for event in events for line in _lines(event)),
        "END:VCALENDAR",
    ]
    return b"".join(piece + b"\r\n" for line in lines for piece in _folded(line))


def _lines(event: CalendarEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_utc(event.changed_at)}"
    yield f"LAST-MODIFIED:{_utc(event.changed_at)}"
    yield f"DTSTART:{_utc(event.starts_at)}"
    yield f"DTEND:{_utc(event.ends_at)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"SUMMARY:{_escaped(event.name)}"
    yield f"DESCRIPTION:{_escaped(event.text)}"
    yield f"URL:{event.url}"
    yield "STATUS:CONFIRMED"
    # A season keeps nobody from other appointments.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for char in ("\\", ";", ","):
        text = text.replace(char, f"\\{char}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[bytes]:
    """Return a line in pieces of at most 75 octets; none ends within a character."""
    piece = b""
    for char in line:
        octets = char.encode()
        if len(piece) + len(octets) > LONGEST_LINE:
            yield piece
            piece = b" "
        piece += octets
    yield piece
