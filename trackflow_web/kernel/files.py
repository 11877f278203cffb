"""Files that appear under their name only when they are whole and on the disk."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from trackflow_web.kernel.clock import system_time

if TYPE_CHECKING:
    from collections.abc import Iterator

UNFINISHED = ".unfinished-"
# Nothing is written for so long.
LEFT_AFTER = timedelta(days=1)


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Return a temporary path beside the file, which takes its place when the block ends well.

    It is readable by its owner only. Raises OSError.
    """
    with TemporaryDirectory(prefix=UNFINISHED, dir=file.parent) as folder:
        unfinished = Path(folder) / file.name
        yield unfinished
        unfinished.chmod(0o600)
        to_disk(unfinished)
        unfinished.rename(file)
    to_disk(file.parent)


def remove_left(folder: Path) -> None:
    """Remove what processes that were killed did not finish, a day later. Raises OSError."""
    for left in folder.glob(f"{UNFINISHED}*"):
        written = max(each.stat().st_mtime for each in (left, *left.iterdir()))
        if system_time() - datetime.fromtimestamp(written, UTC) > LEFT_AFTER:
            shutil.rmtree(left)


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
