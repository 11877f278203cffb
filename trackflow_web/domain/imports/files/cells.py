"""From a record to a row: one song, or the reason why it is none.

Title and artist decide; an album or a year that will not do is left out.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from trackflow_web.domain.imports.files import artists
from trackflow_web.domain.imports.files.headers import Role
from trackflow_web.domain.imports.rules import Reason, Row
from trackflow_web.domain.songs import rules as songs
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from trackflow_web.domain.imports.files.columns import Columns
    from trackflow_web.domain.imports.files.records import Record

# A cell is looked at so far: longer ones are no names, and cleaning costs time.
LONGEST_CELL = 2_000
# The character with which exporters escape separators.
_ESCAPED = re.compile(r'\\([,;|"])')
_ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|nbsp|#0?39|#x27);")
# Spreadsheets write ="0815" for text that looks like a number.
_AS_TEXT = re.compile(r'="(?P<inside>[^"]*)"')
# Protection against formulas puts an apostrophe before these.
_GUARDED = re.compile(r"'(?=[=+@-])")
_NOT_STORED = frozenset({"Cc", "Cs", "Cn", "Co"})


def row_of(record: Record, columns: Columns, separator: str, *, allow_extra: bool) -> Row:
    """Return the row of a record; its `reason` is why it cannot be a song.

    `allow_extra` allows cells after the last named column.
    """
    if record.problem:
        return Row(reason=Reason.NOT_CSV)
    title = _plain(record.cell(columns.position(Role.TITLE)))
    artist = _plain(artists.first(record, columns, separator))
    extra = record.cells[len(columns.names) :]
    if any(map(str.strip, extra)) and not allow_extra:
        return Row(_shown(title), _shown(artist), reason=Reason.EXTRA_CELLS)
    try:
        title, artist = _required(title, "title"), _required(artist, "artist")
    except Invalid:
        return Row(_shown(title), _shown(artist), reason=Reason.UNUSABLE)
    return Row(
        title=title,
        artist=artist,
        album=_optional(_plain(record.cell(columns.position(Role.ALBUM)))),
        year=songs.year_of(record.cell(columns.position(Role.YEAR))),
        reason=_reason(title, artist, record.cell(columns.position(Role.ADDRESS)).strip()),
    )


def _plain(cell: str) -> str:
    """Return the text of a cell, without wrapping of exporters and spreadsheets."""
    if len(cell) > LONGEST_CELL:
        return cell[: LONGEST_CELL + 1]
    if "\\" in cell:
        cell = _ESCAPED.sub(r"\1", cell)
    if "&" in cell and _ENTITY.search(cell):
        cell = html.unescape(cell)
    if wrapped := _AS_TEXT.fullmatch(cell.strip()):
        cell = wrapped["inside"]
    return _GUARDED.sub("", cell, count=1) if cell.startswith("'") else cell


def _required(value: str, name: str) -> str:
    """Return a field as songs have it. Raises Invalid."""
    # Nearly every field is plain already, and ten thousand rows are to be checked at once.
    if value.isascii() and value.isprintable() and len(value) <= songs.LONGEST_NAME:
        plain = value.strip()
        if "  " not in plain:
            return plain
    return text.line(value, name, longest=songs.LONGEST_NAME, required=False)


def _optional(value: str) -> str:
    try:
        return _required(value, "album")
    except Invalid:
        return ""


def _shown(value: str) -> str:
    """Return as much of a text as the page can show beside the reason."""
    kept = value[: songs.LONGEST_NAME]
    return "".join(
        char if unicodedata.category(char) not in _NOT_STORED else "\N{REPLACEMENT CHARACTER}"
        for char in " ".join(kept.split())
    )


def _reason(title: str, artist: str, address: str) -> Reason | None:
    if address.startswith("spotify:local:"):
        return Reason.LOCAL_FILE
    if address.startswith("spotify:episode:"):
        return Reason.EPISODE
    if not title:
        return Reason.NO_TITLE
    return None if artist else Reason.NO_ARTIST
