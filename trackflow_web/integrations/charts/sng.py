"""`.sng`: a song folder in one file, with masked contents (mdsitton/SngFileFormat)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.integrations.charts.model import ensure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

MAGIC = b"SNGPKG"
VERSION = 1
MASK = 16
MOST_ENTRIES = 10_000
LONGEST_KEY, LONGEST_VALUE = 1_000, 100_000
LARGEST_TABLE = 4 * 1024 * 1024
DAMAGED = "This .sng file is damaged."


@dataclass(frozen=True)
class Entry:
    """A file inside: its name, size and absolute position."""

    name: str
    size: int
    offset: int


@dataclass(frozen=True)
class Sng:
    """The metadata, and the files, of which contents are read one by one."""

    metadata: Mapping[str, str]
    entries: tuple[Entry, ...]
    mask: bytes
    stream: BinaryIO

    def read(self, entry: Entry, *, most: int) -> bytes:
        """Return the content of a file of at most that many bytes. Raises Unreadable."""
        ensure(entry.size <= most, f"{entry.name} is too large.")
        self.stream.seek(entry.offset)
        masked = self.stream.read(entry.size)
        ensure(len(masked) == entry.size, DAMAGED)
        # The key repeats after 256 bytes: 16 of the mask, 256 of the position.
        key = bytes(self.mask[at % MASK] ^ at for at in range(256))
        repeated = key * (len(masked) // 256 + 1)
        unmasked = int.from_bytes(masked) ^ int.from_bytes(repeated[: len(masked)])
        return unmasked.to_bytes(len(masked))


def open_sng(stream: BinaryIO, size: int) -> Sng:
    """Read the head of a file of that many bytes. Raises Unreadable."""
    head = stream.read(len(MAGIC) + 4 + MASK)
    ensure(
        head[: len(MAGIC)] == MAGIC and len(head) == len(MAGIC) + 4 + MASK,
        "This isn't a .sng file.",
    )
    version = int.from_bytes(head[6:10], "little")
    ensure(version == VERSION, "This .sng file is of an unknown version.")
    metadata = dict(_pairs(_table(stream, size)))
    entries = tuple(_entries(_table(stream, size), size))
    return Sng(metadata, entries, head[10:26], stream)


class _Table:
    """A part of the head, read with checked lengths."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def take(self, length: int) -> bytes:
        ensure(0 <= length <= len(self.content) - self.at, DAMAGED)
        self.at += length
        return self.content[self.at - length : self.at]


def _table(stream: BinaryIO, size: int) -> _Table:
    length = int.from_bytes(stream.read(8), "little")
    ensure(length <= min(size, LARGEST_TABLE), DAMAGED)
    content = stream.read(length)
    ensure(len(content) == length, DAMAGED)
    return _Table(content)


def _pairs(table: _Table) -> Iterator[tuple[str, str]]:
    count = table.number(8)
    ensure(count <= MOST_ENTRIES, DAMAGED)
    for _ in range(count):
        key = table.take(_bounded(table.number(4), LONGEST_KEY))
        value = table.take(_bounded(table.number(4), LONGEST_VALUE))
        yield key.decode("utf-8", "replace").strip().lower(), value.decode("utf-8", "replace")


def _entries(table: _Table, size: int) -> Iterator[Entry]:
    count = table.number(8)
    ensure(count <= MOST_ENTRIES, DAMAGED)
    for _ in range(count):
        name = table.take(table.number(1)).decode("utf-8", "replace")
        length, offset = table.number(8), table.number(8)
        ensure(offset <= size and length <= size - offset, DAMAGED)
        yield Entry(name, length, offset)


def _bounded(length: int, most: int) -> int:
    ensure(length <= most, DAMAGED)
    return length
