"""Rules of songs and their statuses; without a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from trackflow_web.kernel import clock, links, text
from trackflow_web.kernel.errors import Checks, Invalid

LONGEST_NAME = 200
LONGEST_NOTES = 2000
# Characters of an address; those of videos and shared folders are about 100.
LONGEST_LINK = 500
# Charts of chant and early music exist; next year's album may be announced already.
EARLIEST_YEAR = 1000
PARTS = 15
# A year is looked for so far into a value; a date has it at its beginning or its end.
LONGEST_DATE = 100
# A browser's date field sends exactly this.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
FIRST_DUE_DAY, LAST_DUE_DAY = date(2000, 1, 1), date(2099, 12, 31)
_YEAR = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")


class Status(StrEnum):
    """The status of a song."""

    FUTURE = "future"
    WIP = "wip"
    RELEASED = "released"


@dataclass(frozen=True)
class Draft:
    """Validated fields of a song."""

    title: str
    artist: str
    album: str
    year: int | None

    @property
    def title_key(self) -> str:
        """Return the key by which titles are compared."""
        return text.comparison_key(self.title)

    @property
    def artist_key(self) -> str:
        """Return the key by which artists are compared."""
        return text.artist_key(self.artist)

    @property
    def search_key(self) -> str:
        """Return the text that searches look in."""
        return text.search_key(self.title, self.artist, self.album)

    @property
    def columns(self) -> dict[str, Any]:
        """Return the columns that are stored of it."""
        return {
            "title": self.title,
            "artist": self.artist,
            "album": self.album,
            "year": self.year,
            "title_key": self.title_key,
            "artist_key": self.artist_key,
            "search_key": self.search_key,
        }


@dataclass(frozen=True)
class Details:
    """What only those who work on a song need, checked."""

    notes: str
    due_on: date | None
    video_url: str
    download_url: str


@dataclass(frozen=True)
class Progress:
    """How many parts of a song, or of several, are done or not needed."""

    done: int
    skipped: int
    parts: int = PARTS

    @property
    def max(self) -> int:
        """How many parts are needed; at least one, for a bar needs a length."""
        return max(self.parts - self.skipped, 1)

    @property
    def value(self) -> int:
        """How many of those are done."""
        return self.done

    @property
    def percent(self) -> int:
        """Rounded down: 100 means every needed part."""
        return self.done * 100 // self.max

    @property
    def text(self) -> str:
        """The bar in words."""
        return f"{self.done:,}/{self.parts - self.skipped:,} parts"


def draft(*, title: object, artist: object, album: object, year: object) -> Draft:
    """Validate a song. Raises Invalid naming every invalid field."""
    check = Checks()
    checked = Draft(
        title=check(text.line, title, "title", longest=LONGEST_NAME),
        artist=check(text.line, artist, "artist", longest=LONGEST_NAME),
        album=check(text.line, album, "album", longest=LONGEST_NAME, required=False),
        year=check(checked_year, year),
    )
    check.finish()
    return checked


def details(*, notes: object, due_on: object, video_url: object, download_url: object) -> Details:
    """Check notes, due date and links. Raises Invalid naming every field that is refused."""
    check = Checks()
    checked = Details(
        notes=check(text.lines, notes, "notes", longest=LONGEST_NOTES, required=False),
        due_on=check(due_day, due_on),
        video_url=check(links.web_link, video_url, "video_url", longest=LONGEST_LINK),
        download_url=check(links.web_link, download_url, "download_url", longest=LONGEST_LINK),
    )
    check.finish()
    return checked


def due_day(value: object) -> date | None:
    """Return the day until which a song is to be done; None for an empty value.

    Raises Invalid naming `due_on`.
    """
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value
    refusal = Invalid(due_on="Enter a date like 2026-05-31, from 2000 to 2099.")
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise refusal
    try:
        day = date.fromisoformat(value)
    except ValueError:  # there is no 30 February
        raise refusal from None
    if not FIRST_DUE_DAY <= day <= LAST_DUE_DAY:
        raise refusal
    return day


def checked_year(value: object) -> int | None:
    """Return the year of a song; a text without one has none. Raises Invalid naming `year`.

    Users and catalogues write `1999.0`, `1999-05-03`, `TBA` or `0`: a year is optional, and an
    unreadable one does not prevent adding a song.
    """
    if isinstance(value, str):
        return year_of(value)
    return text.whole_number(value, "year", least=EARLIEST_YEAR, most=clock.now().year + 1)


def year_of(value: object) -> int | None:
    """Return the first plausible four-digit year in a text (`1999-05-03`, `, 1994`), if any."""
    if not isinstance(value, str):
        return None
    latest = clock.now().year + 1
    years = map(int, _YEAR.findall(value[:LONGEST_DATE]))
    return next((year for year in years if EARLIEST_YEAR <= year <= latest), None)


def status(value: object) -> Status:
    """Return the state with this name. Raises Invalid naming `status`."""
    return text.choice(value, "status", Status)
