"""Rules of albums; without a database."""

from __future__ import annotations

from dataclasses import dataclass

from trackflow_web.domain.songs.rules import LONGEST_NAME, checked_year
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid

MOST_TRACKS = 200
# Characters: every title with room for white space, and as many empty lines.
LONGEST_TRACK_LIST = MOST_TRACKS * (LONGEST_NAME + 300)
NO_TITLES = "Enter at least one title, one per line."
TOO_MANY = f"An album can have at most {MOST_TRACKS} tracks."


class Mismatch(Invalid):
    """A song that is not called like the track; `the_song_id` may be linked anyway."""

    def __init__(self, the_song_id: int, **errors: str) -> None:
        super().__init__(**errors)
        self.the_song_id = the_song_id


@dataclass(frozen=True)
class Draft:
    """Validated fields of an album."""

    artist: str
    album: str
    year: int | None
    tracks: tuple[str, ...]


def draft(*, artist: object, album: object, year: object, tracks: object) -> Draft:
    """Check what a person says of an album. Raises Invalid naming every field that will not do."""
    check = Checks()
    checked = Draft(
        artist=check(text.line, artist, "artist", longest=LONGEST_NAME),
        album=check(text.line, album, "album", longest=LONGEST_NAME),
        year=check(checked_year, year),
        tracks=check(track_titles, tracks),
    )
    check.finish()
    return checked


def track_titles(value: object) -> tuple[str, ...]:
    """Return the titles of a track list: lines of a text, or a list; empty ones are passed over.

    Raises Invalid naming `tracks`, and the line when one will not do.
    """
    if isinstance(value, str) and len(value) > LONGEST_TRACK_LIST:
        raise Invalid(tracks=TOO_MANY)
    lines = value.splitlines() if isinstance(value, str) else value or []
    if not isinstance(lines, list):
        raise Invalid(tracks=NO_TITLES)
    titles: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            title = text.line(line, "tracks", longest=LONGEST_NAME, required=False)
        except Invalid as refusal:
            raise Invalid(tracks=f"Line {number}: {refusal.errors['tracks']}") from None
        if title:
            titles.append(title)
        if len(titles) > MOST_TRACKS:
            raise Invalid(tracks=TOO_MANY)
    if not titles:
        raise Invalid(tracks=NO_TITLES)
    return tuple(titles)
