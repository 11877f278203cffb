"""Rules of albums; without a database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.domain.songs.rules import LONGEST_NAME, checked_year
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trackflow_web.domain.series.models import Track

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
    tracks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrackEdit:
    """One track of a list that is edited: its present position (None: a new track), its title."""

    position: int | None
    title: str


def about_album(*, artist: object, album: object, year: object) -> Draft:
    """Check artist, album and year. Raises Invalid naming every field that will not do."""
    check = Checks()
    checked = Draft(
        artist=check(text.line, artist, "artist", longest=LONGEST_NAME),
        album=check(text.line, album, "album", longest=LONGEST_NAME),
        year=check(checked_year, year),
    )
    check.finish()
    return checked


def track_edits(value: object) -> list[TrackEdit]:
    """Return the track list of an API request: titles, or objects with `title` and `id`.

    `id` is the present position of a track that stays. Raises Invalid naming `tracks`.
    """
    if not isinstance(value, list) or len(value) > MOST_TRACKS:
        raise Invalid(tracks=TOO_MANY if isinstance(value, list) else NO_TITLES)
    return [_track_edit(number, item) for number, item in enumerate(value, start=1)]


def _track_edit(number: int, item: object) -> TrackEdit:
    fields = item if isinstance(item, dict) else {"title": item}
    try:
        title = text.line(fields.get("title"), "title", longest=LONGEST_NAME)
        position = text.whole_number(fields.get("id"), "id", least=1, most=MOST_TRACKS)
    except Invalid as refusal:
        message = next(iter(refusal.errors.values()))
        raise Invalid(tracks=f"Track {number}: {message}") from None
    return TrackEdit(position, title)


def require_track_list(edits: Collection[TrackEdit]) -> None:
    """Raise Invalid naming `tracks` for none, too many, or a track that is listed twice."""
    if not edits:
        raise Invalid(tracks="Keep at least one track.")
    if len(edits) > MOST_TRACKS:
        raise Invalid(tracks=TOO_MANY)
    kept = [edit.position for edit in edits if edit.position is not None]
    if len(set(kept)) < len(kept):
        raise Invalid(tracks="A track is listed twice.")


def track_list_version(tracks: Iterable[Track]) -> str:
    """Return a short digest of a track list: another one for every other list of titles."""
    titles = "\n".join(track.title for track in tracks)
    return hashlib.sha256(titles.encode()).hexdigest()[:16]


def draft(*, artist: object, album: object, year: object, tracks: object) -> Draft:
    """Validate an album. Raises Invalid naming every invalid field."""
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
