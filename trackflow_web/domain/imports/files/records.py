"""From text to records: lines, delimiters, quotes. No csv.Error leaves this module.

An invalid record is returned with its problem and reading continues with the next line, so that one
bad row never affects the others.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

DELIMITERS = (",", ";", "\t", "|")
# A field with line breaks has a few. More lines than these are a quote that was never closed.
LONGEST_RECORD = 10
# A row has a few cells more than the header at most, and a name a few delimiters: splitting a line
# with millions takes seconds.
MOST_EXTRA_DELIMITERS = 1_000
TOO_MANY_CELLS = "too many fields"
_EXCEL_HINT = re.compile(r'"?sep=(?P<delimiter>.)"?$', re.IGNORECASE)
_LINE_ENDS = re.compile(r"\r\n?")
# Lines of a header whose names have line breaks.
TALLEST_HEADER = 5
_WHOLLY_QUOTED = re.compile(r'\s*"(?P<inside>.*)"\s*', re.DOTALL)


@dataclass(frozen=True)
class Record:
    """One record; `number` is the line that a spreadsheet shows beside it, from 1.

    `problem` is the reason why its cells cannot be separated; it has no cells then.
    """

    number: int
    cells: Sequence[str]
    problem: str = ""

    def cell(self, position: int | None) -> str:
        """Return the cell of a column; empty if the record is shorter."""
        if position is None or position >= len(self.cells):
            return ""
        return self.cells[position]

    @property
    def is_empty(self) -> bool:
        """Return whether all cells are empty."""
        return not self.problem and not any(map(str.strip, self.cells))


def split_lines(text: str) -> list[str]:
    """Return the lines with a line feed each; LF, CRLF and CR end one.

    str.splitlines knows more line breaks: titles have those.
    """
    lines = _LINE_ENDS.sub("\n", text).split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [f"{line}\n" for line in lines]


def hinted_delimiter(line: str) -> str:
    """Return the delimiter of Excel's first line `sep=;`, if any."""
    hint = _EXCEL_HINT.match(line.strip("\ufeff\n "))
    return hint["delimiter"] if hint else ""


def unwrapped(lines: Sequence[str], *, looked_at: int) -> Sequence[str]:
    """Return the lines without the quotes that a spreadsheet put around each one as a whole.

    It does if it took lines for single cells: `"title,artist"`. `looked_at` lines decide.
    """
    first = [line for line in lines[:looked_at] if line.strip()]
    if not first or not all(map(_is_wrapped, first)):
        return lines
    return [f"{_unquoted(line)}\n" if _is_wrapped(line) else line for line in lines]


def _is_wrapped(line: str) -> bool:
    inside = _unquoted(line)
    return inside is not line and any(delimiter in inside for delimiter in DELIMITERS)


def header_cells(lines: Sequence[str], at: int, delimiter: str) -> tuple[Sequence[str], int]:
    """Return the cells of a line that may be a header, and the number of its lines.

    A name in quotes may have line breaks. Raises csv.Error.
    """
    if lines[at].count('"') % 2:
        several = _reader(lines[at : at + TALLEST_HEADER], delimiter)
        with contextlib.suppress(csv.Error, StopIteration):
            return next(several), several.line_num
    one = csv.reader([lines[at]], delimiter=delimiter, skipinitialspace=True)
    return next(one, []), 1


class _Lines:
    """Yield the lines from `at` up to `stop` (exclusive), for csv.reader."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.at = self.stop = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= min(self.stop, len(self.lines)):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def records(lines: Sequence[str], delimiter: str, *, start: int, width: int) -> Iterator[Record]:
    """Yield the records from line `start` (from 0) on; `width` is the usual number of cells.

    After an invalid record the next line starts another one.
    """
    source = _Lines(lines)
    source.at = start
    reader = _reader(source, delimiter)
    while source.at < len(lines):
        first = source.at
        if lines[first].count(delimiter) > width + MOST_EXTRA_DELIMITERS:
            source.at = first + 1
            yield Record(first + 1, (), TOO_MANY_CELLS)
            continue
        source.stop = first + LONGEST_RECORD
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            source.at = first + 1
            reader = _reader(source, delimiter)
            yield _repaired(lines[first], delimiter, width, first + 1, str(error))
            continue
        taken = lines[first : source.at]
        if len(taken) > 1 and _is_several(taken, delimiter, width):
            source.at = first + 1
            reader = _reader(source, delimiter)
            cells = _literal(taken[0], delimiter)
        yield Record(first + 1, cells)


def _reader(lines: Iterable[str], delimiter: str) -> CsvReader:
    # Those who write CSV themselves put a space behind the delimiter: `"Title", "Artist"`.
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)


def _is_several(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether quotes that belong to names joined what are whole records, line by line."""
    return width > 1 and all(len(_literal(line, delimiter)) == width for line in lines)


def _repaired(line: str, delimiter: str, width: int, number: int, problem: str) -> Record:
    """Return the record with literal quotes, if that yields the usual width."""
    cells = _literal(line, delimiter)
    if len(cells) == width:
        return Record(number, cells)
    return Record(number, (), problem)


def _literal(line: str, delimiter: str) -> list[str]:
    cells = line.rstrip("\n").split(delimiter)
    return [_unquoted(cell) for cell in cells]


def _unquoted(cell: str) -> str:
    quoted = _WHOLLY_QUOTED.fullmatch(cell)
    if quoted is None or '"' in quoted["inside"].replace('""', ""):
        return cell
    return quoted["inside"].replace('""', '"')
