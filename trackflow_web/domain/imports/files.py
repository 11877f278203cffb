"""Playlist files: CSV as Exportify, TuneMyMusic and Soundiiz write it, and a plain one of our own.

Their headers:

- Exportify: `Track URI, Track Name, Album Name, Artist Name(s), Release Date, ...`, formerly
  `Track URI, Track Name, Artist URI(s), Artist Name(s), ..., Album Release Date, ...`;
- TuneMyMusic: `Track name, Artist name, Album, Playlist name, Type, ISRC, ...`;
- Soundiiz: `title;artist;album;isrc`, with `platform`, `addedDate` and others behind;
- ours: `title,artist,album,year`.

A song here has one artist: the first of a list. How a list is written depends on the exporter.
Exportify joins by `;` now and by `,` or `, ` formerly, then often with a column that tells how many
they are; TuneMyMusic and Soundiiz join by `, `. A comma may also be part of a name: bands known for
that are listed below. In our own files an artist is taken as it stands.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trackflow_web.domain.imports.rules import MOST_ROWS, Reason, Row, year_of
from trackflow_web.domain.songs import rules as songs
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import count_of

DELIMITERS = (",", ";", "\t", "|")
# What a header is called once case, spaces and punctuation are gone.
TITLES = ("trackname", "title", "track", "tracktitle", "songname", "song")
ARTISTS = ("artistnames", "artistname", "artist", "artists")
ALBUMS = ("albumname", "album", "albumtitle")
RELEASE_DATES = ("releasedate", "albumreleasedate")
YEARS = ("year", "releaseyear")
PLAYLISTS = ("playlistname", "playlist")
ADDRESSES = ("trackuri", "spotifyuri")
ARTIST_ADDRESSES = ("artisturis", "artistids")
# More would not be read; the file has one mistake or the wrong columns.
MOST_COMPLAINTS = 10

# Longest first, for "Crosby, Stills & Nash" begins like "Crosby, Stills, Nash & Young".
NAMES_WITH_COMMAS = tuple(
    sorted(
        (
            "10,000 maniacs",
            "blood, sweat & tears",
            "crosby, stills & nash",
            "crosby, stills, nash & young",
            "dave dee, dozy, beaky, mick & tich",
            "earth, wind & fire",
            "emerson, lake & palmer",
            "peter, paul & mary",
            "peter, paul and mary",
            "tyler, the creator",
        ),
        key=len,
        reverse=True,
    )
)

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_BARE_COMMA = re.compile(r",(?=[^\s\d])")
_EXCEL_HINT = re.compile(r'^"?sep=(?P<delimiter>.)"?\r?\n', re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Exporter(StrEnum):
    """Who wrote a file."""

    EXPORTIFY = "Exportify"
    TUNEMYMUSIC = "TuneMyMusic"
    SOUNDIIZ = "Soundiiz"
    OURS = "TrackFlow"


@dataclass(frozen=True)
class PlaylistFile:
    """What a file says: its rows in order, and the playlist's name when it tells one."""

    exporter: Exporter
    name: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Columns:
    """Where in a row things stand."""

    exporter: Exporter
    count: int
    title: int
    artist: int
    album: int | None
    release_date: int | None
    year: int | None
    playlist: int | None
    address: int | None
    artist_addresses: int | None


@dataclass(frozen=True)
class Line:
    """One record of the file; `number` is what a spreadsheet shows beside it."""

    number: int
    cells: Sequence[str]

    def cell(self, position: int | None) -> str:
        """What stands in a column; empty where the row is shorter or has no such column."""
        if position is None or position >= len(self.cells):
            return ""
        return self.cells[position]


class _Complaints:
    """What is wrong with a file, row by row; the file is taken whole or not at all."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, number: int, problem: str) -> None:
        self.texts.append(f"Row {number}: {problem}")

    def finish(self) -> None:
        if not self.texts:
            return
        shown = self.texts[:MOST_COMPLAINTS]
        if more := len(self.texts) - len(shown):
            shown.append(f"And {count_of(more, 'more row')} cannot be used.")
        raise Invalid(file=" ".join(["Nothing was imported.", *shown]))


def read(content: bytes) -> PlaylistFile:
    """The playlist in a file. Raises Invalid naming `file`, with the numbers of the bad rows."""
    decoded = _decode(content)
    hint = _EXCEL_HINT.match(decoded)
    first = 1
    if hint:
        decoded, first = decoded[hint.end() :], 2
    columns, delimiter = _columns(decoded, hint["delimiter"] if hint else "")
    lines = list(_lines(decoded, delimiter, columns, first))
    return PlaylistFile(
        exporter=columns.exporter,
        name=_only_name(lines, columns),
        rows=_rows(lines, columns),
    )


# --- from bytes to lines -----------------------------------------------------------------------


def _decode(content: bytes) -> str:
    if not content.strip():
        raise Invalid(file="This file is empty.")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        decoded = content.decode(encoding)
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        message = f"Row {number} is not UTF-8 text. Save the file as “CSV UTF-8” and try again."
        raise Invalid(file=message) from None
    if "\0" in decoded:
        number = decoded.count("\n", 0, decoded.index("\0")) + 1
        raise Invalid(file=f"Row {number} has a NUL character: this is no text file.")
    return decoded


def _columns(decoded: str, hinted: str) -> tuple[Columns, str]:
    header = decoded.split("\n", 1)[0].rstrip("\r")
    for delimiter in (hinted,) if hinted in DELIMITERS else DELIMITERS:
        names = next(csv.reader([header], delimiter=delimiter), [])
        found = _find_columns([_NOT_IN_A_NAME.sub("", name.casefold()) for name in names])
        if found:
            return found, delimiter
    raise Invalid(
        file="Row 1 must name the columns, a title and an artist among them, as Exportify,"
        " TuneMyMusic and Soundiiz write them, or: title,artist,album,year."
    )


def _find_columns(names: Sequence[str]) -> Columns | None:
    def position(of: Sequence[str]) -> int | None:
        return next((names.index(name) for name in of if name in names), None)

    title, artist = position(TITLES), position(ARTISTS)
    if title is None or artist is None:
        return None
    return Columns(
        exporter=_exporter(names),
        count=len(names),
        title=title,
        artist=artist,
        album=position(ALBUMS),
        release_date=position(RELEASE_DATES),
        year=position(YEARS),
        playlist=position(PLAYLISTS),
        address=position(ADDRESSES),
        artist_addresses=position(ARTIST_ADDRESSES),
    )


def _exporter(names: Sequence[str]) -> Exporter:
    if "artistnames" in names:
        return Exporter.EXPORTIFY
    if "artistname" in names:
        return Exporter.TUNEMYMUSIC
    return Exporter.SOUNDIIZ if "isrc" in names else Exporter.OURS


def _lines(decoded: str, delimiter: str, columns: Columns, first: int) -> Iterator[Line]:
    """The records behind the header. Raises Invalid for what is no CSV, and for too many."""
    # Only line breaks end a line here: str.splitlines knows more of them, and titles have those.
    text_lines = io.StringIO(decoded, newline="")
    reader = csv.reader(text_lines, delimiter=delimiter, strict=True)
    count = 0
    number = first - 1
    try:
        for number, cells in enumerate(reader, start=first):
            if number == first or not any(map(str.strip, cells)):
                continue
            count += 1
            if count > MOST_ROWS:
                raise Invalid(
                    file=f"Row {number} is one too many: an import has {MOST_ROWS:,} rows at the"
                    " most. Split the file."
                )
            if any(map(str.strip, cells[columns.count :])):
                raise Invalid(
                    file=f"Row {number} has {len(cells)} fields where the header has"
                    f" {columns.count}. A field with a “{delimiter}” in it needs quotes."
                )
            yield Line(number, cells)
    except csv.Error as error:
        raise Invalid(file=f"Row {number + 1} is not CSV: {error}.") from None
    if not count:
        raise Invalid(file="There is no song in this file: nothing stands under its header.")


# --- from lines to rows ------------------------------------------------------------------------


def _only_name(lines: Sequence[Line], columns: Columns) -> str:
    """The playlist's name, when the file holds just one."""
    names = {line.cell(columns.playlist).strip() for line in lines} - {""}
    return names.pop() if len(names) == 1 else ""


def _rows(lines: Sequence[Line], columns: Columns) -> list[Row]:
    separator = _separator(lines, columns)
    complaints = _Complaints()
    rows = []
    for line in lines:
        try:
            rows.append(_row(line, columns, separator))
        except Invalid as refusal:
            problems = "; ".join(
                f"{field}: {message.rstrip('.')}" for field, message in refusal.errors.items()
            )
            complaints.add(line.number, f"{problems}.")
    complaints.finish()
    return rows


def _row(line: Line, columns: Columns, separator: str) -> Row:
    """Raises Invalid naming the fields of our own that will not do."""
    title = _field(line.cell(columns.title), "title")
    artist = _field(_first_artist(line, columns, separator), "artist")
    address = line.cell(columns.address).strip()
    return Row(
        title=title,
        artist=artist,
        album=_field(line.cell(columns.album), "album"),
        year=_year(line, columns),
        reason=_reason(title, artist, address),
    )


def _field(value: str, name: str) -> str:
    # Nearly every field is plain already, and ten thousand rows are to be checked at once.
    if value.isascii() and value.isprintable() and len(value) <= songs.LONGEST_NAME:
        plain = value.strip()
        if "  " not in plain:
            return plain
    return text.line(value, name, longest=songs.LONGEST_NAME, required=False)


def _year(line: Line, columns: Columns) -> int | None:
    if columns.release_date is not None:
        return year_of(line.cell(columns.release_date))
    latest = clock.now().year + 1
    return text.whole_number(
        line.cell(columns.year), "year", least=songs.EARLIEST_YEAR, most=latest
    )


def _reason(title: str, artist: str, address: str) -> Reason | None:
    if address.startswith("spotify:local:"):
        return Reason.LOCAL_FILE
    if address.startswith("spotify:episode:"):
        return Reason.EPISODE
    if not title:
        return Reason.NO_TITLE
    return None if artist else Reason.NO_ARTIST


# --- the first artist of a list ----------------------------------------------------------------


def _separator(lines: Sequence[Line], columns: Columns) -> str:
    """What stands between two artists in this file; empty when an artist is never a list."""
    if columns.exporter is Exporter.OURS:
        return ""
    if columns.exporter is not Exporter.EXPORTIFY:
        return ", "
    cells = [line.cell(columns.artist) for line in lines]
    if any(";" in cell for cell in cells):
        return ";"
    return "," if any(_BARE_COMMA.search(cell) for cell in cells) else ", "


def _first_artist(line: Line, columns: Columns, separator: str) -> str:
    cell = line.cell(columns.artist)
    if not separator or separator.strip() not in cell:
        return cell
    if separator == ";":
        return cell.split(";", 1)[0]
    for name in NAMES_WITH_COMMAS:
        if cell[: len(name)].casefold() == name and cell[len(name) : len(name) + 1] in {"", ","}:
            return cell[: len(name)]
    if separator == ",":
        return _BARE_COMMA.split(cell, maxsplit=1)[0]
    names = cell.split(", ")
    # A list with more commas than artists: the first is taken for the one whose name has them.
    spare = len(names) - _artists_told(line, columns) if columns.artist_addresses else 0
    return ", ".join(names[: max(spare, 0) + 1])


def _artists_told(line: Line, columns: Columns) -> int:
    told = line.cell(columns.artist_addresses)
    return told.count(",") + 1 if told.strip() else len(line.cell(columns.artist).split(", "))


def name_of_file(filename: str | None) -> str:
    """What a playlist is called when nobody says: its file's name without folder and ending."""
    last = re.split(r"[\\/]", filename or "")[-1]
    return last.rpartition(".")[0].replace("_", " ").strip() or last


def examples() -> Mapping[Exporter, str]:
    """The headers by exporter, for the page that asks for a file."""
    return {
        Exporter.EXPORTIFY: "Track Name, Artist Name(s), Album Name, Release Date",
        Exporter.TUNEMYMUSIC: "Track name, Artist name, Album, Playlist name",
        Exporter.SOUNDIIZ: "title; artist; album; isrc",
        Exporter.OURS: "title, artist, album, year",
    }
