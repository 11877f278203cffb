"""A file inside a zip that is read in parts: a `.sng`, most of which is audio."""

from __future__ import annotations

import zipfile
import zlib
from typing import IO

from trackflow_web.integrations.charts.model import Unreadable, ensure

# Bytes of an upload that are unpacked only to get to what comes after them. Audio packs badly, so
# that no upload within its limit has more.
MOST_SKIPPED = 200 * 1024 * 1024
TOO_FAR = "The notes are too far behind the audio. Send this .sng by itself."
LARGEST_RATIO = 100
# Compressed less than this, a ratio says nothing.
SMALLEST_BOMB = 1024 * 1024
# LZMA would allocate as much memory as the file asks for.
COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
A_BOMB = "It's compressed too much to be read."
ENCRYPTED = "It's encrypted."
UNKNOWN_COMPRESSION = "It's compressed in a way that isn't read. Use the normal one."
DAMAGED = "It's damaged inside the zip."
# What zipfile raises for damaged, encrypted or unsupported files.
BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError),
    *(EOFError, ValueError, LookupError, UnicodeError),
)


def check(entry: zipfile.ZipInfo) -> None:
    """Check a file inside a zip before it is opened. Raises Unreadable."""
    is_bomb = entry.file_size > LARGEST_RATIO * max(entry.compress_size, 1)
    if is_bomb and entry.file_size > SMALLEST_BOMB:
        raise Unreadable(A_BOMB)
    if entry.flag_bits & 1:
        raise Unreadable(ENCRYPTED)
    if entry.compress_type not in COMPRESSIONS:
        raise Unreadable(UNKNOWN_COMPRESSION)


class SkipBudget:
    """How many bytes may still be skipped in an upload."""

    def __init__(self) -> None:
        self.left = MOST_SKIPPED

    def take(self, count: int) -> None:
        """Skip bytes. Raises Unreadable."""
        ensure(count <= self.left, TOO_FAR)
        self.left -= count


class Member:
    """A file inside a zip as a stream; every error of the zip is Unreadable."""

    def __init__(self, stream: IO[bytes], skipped: SkipBudget) -> None:
        self.stream, self.skipped = stream, skipped

    def read(self, size: int) -> bytes:
        """Read bytes."""
        try:
            return self.stream.read(size)
        except BROKEN_ZIP:
            raise Unreadable(DAMAGED) from None

    def seek(self, offset: int) -> None:
        """Go to a position; what lies before it has to be unpacked."""
        at = self.stream.tell()
        self.skipped.take(offset - at if offset >= at else offset)
        try:
            self.stream.seek(offset)
        except BROKEN_ZIP:
            raise Unreadable(DAMAGED) from None
