"""The first artist of a list. The format of a list depends on the exporter.

Exportify joins by `;`, formerly by `,` or `, `: with a backslash before commas that belong to a
name, or with a column that has the number of artists. TuneMyMusic and Soundiiz join by `, `. Other
files have one artist per cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trackflow_web.domain.imports.files.columns import Exporter
from trackflow_web.domain.imports.files.headers import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackflow_web.domain.imports.files.columns import Columns
    from trackflow_web.domain.imports.files.records import Record

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
ESCAPED = "\\,"
# Exporters that put several artists into one cell.
_LISTS = {Exporter.EXPORTIFY, Exporter.TUNEMYMUSIC, Exporter.SOUNDIIZ}
_BARE_COMMA = re.compile(r",(?=[^\s\d])")
_COMMA_BETWEEN = re.compile(r"(?<!\\),\s*")


def separator(records: Iterable[Record], columns: Columns) -> str:
    r"""Return the separator of artists in this file; empty if a cell is never a list.

    `\,` means that commas of names are escaped and every other comma separates.
    """
    if columns.exporter not in _LISTS:
        return ""
    cells = [record.cell(columns.position(Role.ARTIST)) for record in records]
    if any(ESCAPED in cell for cell in cells):
        return ESCAPED
    if columns.exporter is not Exporter.EXPORTIFY:
        return ", "
    if any(";" in cell for cell in cells):
        return ";"
    return "," if any(_BARE_COMMA.search(cell) for cell in cells) else ", "


def first(record: Record, columns: Columns, separator: str) -> str:
    """Return the first artist of a record, as the file spells it."""
    cell = record.cell(columns.position(Role.ARTIST))
    if separator == ESCAPED:
        return _COMMA_BETWEEN.split(cell, maxsplit=1)[0]
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
    # A list with more commas than artists: the first name is assumed to contain them.
    addresses = columns.position(Role.ARTIST_ADDRESSES)
    spare = 0 if addresses is None else len(names) - _told(record.cell(addresses), len(names))
    return ", ".join(names[: max(spare, 0) + 1])


def _told(addresses: str, names: int) -> int:
    return addresses.count(",") + 1 if addresses.strip() else names
