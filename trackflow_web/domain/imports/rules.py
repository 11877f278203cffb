"""Rules of imports: states, limits and the keys of playlists; without a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from trackflow_web.domain.songs.rules import LONGEST_NAME
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid

# The limit of one import: the library of a lifetime, and still a few seconds of work.
MOST_ROWS = 10_000
# Bytes of a file: ten thousand rows of Exportify with every column are seven million.
MOST_BYTES = 16 * 1024 * 1024
TOO_LARGE = (
    f"This file is too large. The limits are {MOST_BYTES // 1024 // 1024} MB and {MOST_ROWS:,}"
    " rows. Split the file or remove columns."
)
# Imports of one user that are not finished; more would only wait for each other.
MOST_UNFINISHED = 3

# How a user reads files with one header: as many of these are remembered.
MOST_CHOICES = 100

# Spotify's ids are 22 digits of base 62; its links carry a language and a tracking code.
_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}", re.ASCII)
_SPOTIFY_ADDRESS = re.compile(
    r"(?:https?://)?open\.spotify\.com/(?:intl-[a-z]{2}(?:-[a-z]{2})?/|embed/)?"
    r"(?:user/[^/?#\s]+/)?playlist/(?P<id>[0-9A-Za-z]{22})/?(?:[?#]\S*)?",
    re.ASCII | re.IGNORECASE,
)
_SPOTIFY_URI = re.compile(
    r"spotify:(?:user:[^:\s]+:)?playlist:(?P<id>[0-9A-Za-z]{22})", re.ASCII | re.IGNORECASE
)


class Source(StrEnum):
    """Where a playlist comes from."""

    FILE = "file"
    SPOTIFY = "spotify"
    CHARTS = "charts"


class State(StrEnum):
    """How far an import is: in `preview` it waits for its user."""

    PREVIEW = "preview"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDONE = "undone"


UNFINISHED = (State.QUEUED, State.RUNNING)
ENDED = (State.DONE, State.CANCELLED, State.FAILED, State.UNDONE)


class Outcome(StrEnum):
    """The outcome of a row: `waiting` is not compared yet, `new` will become a song."""

    WAITING = "waiting"
    NEW = "new"
    IMPORTED = "imported"
    SKIPPED = "skipped"
    REMOVED = "removed"


class Reason(StrEnum):
    """Why a row did not become a song."""

    HAVE_IT = "have_it"
    TWICE = "twice"
    NO_TITLE = "no_title"
    NO_ARTIST = "no_artist"
    LOCAL_FILE = "local_file"
    EPISODE = "episode"
    UNAVAILABLE = "unavailable"
    UNUSABLE = "unusable"
    EXTRA_CELLS = "extra_cells"
    SIMILAR = "similar"
    OTHER_ALBUM = "other_album"
    NOT_CSV = "not_csv"
    NO_ROOM = "no_room"
    PARTS_ADDED = "parts_added"

    @property
    def text(self) -> str:
        """The reason as text."""
        return REASONS[self]


REASONS = {
    Reason.HAVE_IT: "already in your list",
    Reason.TWICE: "listed twice",
    Reason.NO_TITLE: "no title",
    Reason.NO_ARTIST: "no artist",
    Reason.LOCAL_FILE: "a local file",
    Reason.EPISODE: "a podcast episode",
    Reason.UNAVAILABLE: "no longer on Spotify",
    Reason.UNUSABLE: "title or artist too long, or contains characters that can't be stored",
    Reason.EXTRA_CELLS: "more fields than columns (quote fields that contain the separator)",
    Reason.OTHER_ALBUM: "already in your list from another album",
    Reason.SIMILAR: "likely duplicate, left out",
    Reason.PARTS_ADDED: "already in your list; its parts were updated",
    Reason.NO_ROOM: "your account has as many songs as it can have",
    Reason.NOT_CSV: "unmatched quotes or a field that's too long",
}


@dataclass(frozen=True)
class Row:
    """One entry of a playlist; `reason` is why it cannot become a song, if so."""

    title: str = ""
    artist: str = ""
    album: str = ""
    year: int | None = None
    reason: Reason | None = None


def spotify_id(address: object) -> str:
    """Return the id of the playlist with this URL, URI or id. Raises Invalid naming `playlist`."""
    typed = text.line(address, "playlist", longest=500)
    if _SPOTIFY_ID.fullmatch(typed):
        return typed
    found = _SPOTIFY_ADDRESS.fullmatch(typed) or _SPOTIFY_URI.fullmatch(typed)
    if found is None:
        raise Invalid(
            playlist="Enter a Spotify playlist link, such as"
            " https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M."
        )
    return found["id"]


def playlist_name(typed: object, *found: str) -> str:
    """Return the typed name of a playlist, else the first of those found that is one.

    What is found is shortened and cleaned: only what was typed can be corrected. Raises Invalid
    naming `name`.
    """
    usable = (each for name in found if (each := _usable(name)))
    return text.line(typed or next(usable, ""), "name", longest=LONGEST_NAME)


def _usable(name: str) -> str:
    cut = " ".join(name[: LONGEST_NAME * 2].split())[:LONGEST_NAME]
    return text.line(text.storable(cut), "name", longest=LONGEST_NAME, required=False)


def key_of_file(name: str) -> str:
    """Return the key of a playlist from a file: its normalised name."""
    return f"file:{text.comparison_key(name)}"


def key_of_spotify(playlist_id: str) -> str:
    """Return the key of a playlist on Spotify."""
    return f"spotify:{playlist_id}"
