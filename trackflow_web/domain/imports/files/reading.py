"""A playlist file as a whole: where its header is, what its columns are, which rows it has."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackflow_web.domain.imports.files import (
    artists,
    cells,
    columns,
    decoding,
    headers,
    records,
)
from trackflow_web.domain.imports.files.columns import CHOSEN, Columns, Exporter
from trackflow_web.domain.imports.files.headers import Role
from trackflow_web.domain.imports.rules import MOST_ROWS, Row
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackflow_web.domain.imports.files.records import Record

# Titles, dates and empty lines may precede the header of a sheet.
LINES_ABOVE = 25
SAMPLES = 3
LONGEST_SAMPLE = 80
# Cells of one record; csv.reader would create millions for a line of commas.
MOST_CELLS = 1_000


@dataclass(frozen=True)
class Choice:
    """The choices of a user for a file; empty ones keep the detected values.

    `roles` are positions of columns from 0. `first_is_song`: there is no header.
    """

    roles: Mapping[Role, int] = field(default_factory=dict)
    encoding: str = ""
    first_is_song: bool = False


@dataclass(frozen=True)
class PlaylistFile:
    """The content of a file: its rows in order, and the name of the playlist, if any.

    Without clear columns there are no rows: `samples` are the first records then, for the user to
    choose by.
    """

    columns: Columns
    name: str
    rows: Sequence[Row]
    samples: Sequence[Sequence[str]]
    encoding: str
    is_guess: bool
    header_line: int
    identifies_spotify_tracks: bool

    @property
    def exporter(self) -> Exporter:
        """Return the exporter of the file."""
        return self.columns.exporter


_SPOTIFY_TRACK = re.compile(
    r"spotify:track:[0-9A-Za-z]|open\.spotify\.com/(?:intl-[a-z-]{2,10}/)?track/[0-9A-Za-z]"
)
# A column of ids alone (TuneMyMusic: `Spotify - id`), as `headers.plain` has its name.
SPOTIFY_ID = "spotifyid"
_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
# Two of them end a line that Windows wrote; a list of the most rows may have as many empty lines.
MOST_LINE_ENDS = 10 * MOST_ROWS
TOO_MANY_LINES = f"This file has too many lines. The limit is {MOST_ROWS:,} rows."


@dataclass(frozen=True)
class _Header:
    """The header: its line (from 0), the number of its lines, its columns and its delimiter."""

    line: int
    height: int
    columns: Columns
    delimiter: str


def read(
    content: bytes,
    choice: Choice | None = None,
    remembered: Callable[[Columns], Mapping[Role, int]] | None = None,
) -> PlaylistFile:
    """Return the playlist in a file.

    `remembered` has the user's earlier choice for these columns. Raises Invalid naming `file`, with
    the number of the invalid row.
    """
    choice = choice or Choice()
    decoded = decoding.decode(content, choice.encoding)
    if decoded.text.count("\n") + decoded.text.count("\r") > MOST_LINE_ENDS:
        raise Invalid(file=TOO_MANY_LINES)
    lines = records.unwrapped(records.split_lines(decoded.text), looked_at=LINES_ABOVE)
    header = _header(lines)
    found = header.columns
    start = header.line if choice.first_is_song else header.line + header.height
    if choice.first_is_song:
        found = Columns([f"Column {at}" for at in range(1, len(found.names) + 1)], {})
    roles = choice.roles or (remembered(found) if remembered else {})
    if roles:
        found = found.chosen({role: at for role, at in roles.items() if at < len(found.names)})
    body = _body(lines, header, start)
    return PlaylistFile(
        columns=found,
        name=_only_name(body, found),
        rows=_rows(body, found) if found.are_clear else [],
        samples=[_sample(record, found) for record in body[:SAMPLES]],
        encoding=decoded.encoding,
        is_guess=decoded.is_guess,
        header_line=header.line + 1,
        identifies_spotify_tracks=_identifies_spotify_tracks(decoded.text, body, found),
    )


def _identifies_spotify_tracks(text: str, body: Sequence[Record], found: Columns) -> bool:
    """Return whether a file names tracks by their address on Spotify, or by their id there."""
    if _SPOTIFY_TRACK.search(text):
        return True
    plain = [headers.plain(name) for name in found.names]
    if SPOTIFY_ID not in plain:
        return False
    at = plain.index(SPOTIFY_ID)
    return any(_SPOTIFY_ID.fullmatch(record.cell(at).strip()) for record in body)


# --- the header --------------------------------------------------------------------------------


def _header(lines: Sequence[str]) -> _Header:
    """Find the line that names the columns: the one with most known names, else the widest."""
    hinted = records.hinted_delimiter(lines[0])
    start = 1 if hinted else 0
    delimiters = (hinted,) if hinted in records.DELIMITERS else records.DELIMITERS
    best: tuple[tuple[bool, bool, int, int], _Header] | None = None
    for at in range(start, min(start + LINES_ABOVE, len(lines))):
        for delimiter in delimiters:
            names, height = _names(lines, at, delimiter)
            found = columns.find(names)
            filled = sum(1 for name in names if name)
            roles = len(found.roles) if found.are_clear else 0
            fit = (found.are_clear, found.are_known, roles, filled)
            if filled and (best is None or fit > best[0]):
                best = fit, _Header(at, height, found, delimiter)
        if best is not None and best[1].columns.are_known:
            break
    if best is None:
        raise Invalid(file="There are no songs in this file.")
    return best[1]


def _names(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str], int]:
    """Return the cells of a line that may be a header, and the number of its lines.

    Raises Invalid naming the row.
    """
    try:
        found, height = records.header_cells(lines, at, delimiter)
    except csv.Error as error:
        raise Invalid(file=f"Row {at + 1} is not CSV: {error}.") from None
    return [" ".join(name.split())[:LONGEST_SAMPLE] for name in found[:MOST_CELLS]], height


# --- the rows ----------------------------------------------------------------------------------


def _body(lines: Sequence[str], header: _Header, start: int) -> list[Record]:
    """Return the records behind the header. Raises Invalid for too many, and for none."""
    found: list[Record] = []
    width = len(header.columns.names)
    for record in records.records(lines, header.delimiter, start=start, width=width):
        if record.is_empty:
            continue
        if len(found) == MOST_ROWS:
            raise Invalid(
                file=f"Row {record.number} is one too many: an import has {MOST_ROWS:,} rows at the"
                " most. Split the file."
            )
        found.append(record)
    if not found:
        raise Invalid(file="There are no songs in this file, only a header.")
    return found


def _rows(body: Sequence[Record], found: Columns) -> list[Row]:
    separator = artists.separator(body, found)
    # Where most rows are longer than the header, it leaves out names; a few are mistakes.
    longer = sum(1 for record in body if any(map(str.strip, record.cells[len(found.names) :])))
    allow_extra = len(body) > 1 and longer * 2 > len(body)
    return [cells.row_of(record, found, separator, allow_extra=allow_extra) for record in body]


def _only_name(body: Sequence[Record], found: Columns) -> str:
    """Return the playlist's name, when the file holds just one."""
    position = found.position(Role.PLAYLIST)
    if position is None:
        return ""
    names = {record.cell(position).strip() for record in body} - {""}
    return names.pop() if len(names) == 1 else ""


def _sample(record: Record, found: Columns) -> list[str]:
    return [
        " ".join(record.cell(at)[: LONGEST_SAMPLE * 2].split())[:LONGEST_SAMPLE]
        for at in range(len(found.names))
    ]


# --- for pages and API -------------------------------------------------------------------------


def columns_by_name(found: Columns, wanted: Mapping[Role, str]) -> dict[Role, int]:
    """Return the positions of columns that are chosen by name. Raises Invalid naming `columns`."""
    positions = {}
    for role, name in wanted.items():
        if name not in found.names:
            raise Invalid(columns=f"There is no column with this name for the {role}.")
        positions[role] = list(found.names).index(name)
    return positions


def require_clear(file: PlaylistFile) -> None:
    """Raise Invalid naming `file` if the columns of title and artist are unclear."""
    if file.columns.are_clear:
        return
    missing = " and ".join(role for role in CHOSEN[:2] if role not in file.columns.roles)
    names = ", ".join(f"“{name}”" for name in file.columns.names[:20] if name)
    raise Invalid(
        file=f"Row {file.header_line} must name the columns: it's not clear which one is the"
        f" {missing}. Found: {names}."
    )


def name_of_file(filename: str | None) -> str:
    """Return the default name of a playlist: the name of its file without the extension."""
    last = re.split(r"[\\/]", filename or "")[-1]
    return last.rpartition(".")[0].replace("_", " ").strip() or last


def examples() -> Mapping[str, str]:
    """Return headers by exporter, for the upload page."""
    return {
        "Exportify, in any language": "Track Name, Artist Name(s), Album Name, Release Date",
        "TuneMyMusic": "Track name, Artist name, Album, Playlist name",
        "Soundiiz": "title; artist; album; isrc",
        "Shazam": "Index, TagTime, Title, Artist, URL, TrackKey",
        "YouTube Music": "Video ID, Song Title, Album Title, Artist Name 1",
        "Apple Music": "Name, Artist, Composer, Album, Year",
        "Your own": "title, artist, album, year",
    }
