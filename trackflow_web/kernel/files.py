"""Files that appear under their name only when they are whole and on the disk."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Return a temporary path beside the file, which takes its place when the block ends well.

    It is readable by its owner only. Raises OSError.
    """
    with TemporaryDirectory(prefix=".unfinished-", dir=file.parent) as folder:
        unfinished = Path(folder) / file.name
        yield unfinished
        unfinished.chmod(0o600)
        to_disk(unfinished)
        unfinished.rename(file)
    to_disk(file.parent)


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
