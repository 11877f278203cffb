"""Named places at which a test can let the process die, as if somebody pulled the plug.

Where nothing is armed, a place costs one comparison. It is armed by a folder, the setting FAULTS,
which production refuses: a process that passes a place takes away the file of the place's name in
that folder and kills itself. Only who took the file dies, so that of several processes it is one,
once.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Point(StrEnum):
    """The places, in the order in which a unit of work comes to them."""

    IN_HANDLER = "in-listener"  # the listeners were told, their savepoint is open
    BEFORE_COMMIT = "before-commit"  # action, numbers and awards are written, nothing is durable
    AFTER_COMMIT = "after-commit"  # all of it is durable, nobody was told
    AFTER_CLAIM = "after-claim"  # an answer has claimed toasts and does not show them yet
    AFTER_ANSWER = "after-answer"  # its last byte was taken, its toasts are not noted as shown
    IMPORT_COMPARED = "import-compared"  # a job knows which songs are new and has made none
    IMPORT_MADE = "import-made"  # it has made them and not committed
    IN_RECHECK = "in-recheck"  # a chunk was counted, its awards are not given
    AFTER_CHUNK = "after-chunk"  # a chunk of a recheck of everyone is durable, the next not begun


_folder: Path | None = None


def arm(folder: Path | None) -> None:
    """Let this process die where a file in this folder says so; None disarms it."""
    global _folder  # noqa: PLW0603 -- the process is what dies
    _folder = folder


def point(place: Point) -> None:
    """Die here, if this place is armed."""
    if _folder is not None:
        _die_if_asked(_folder / place)


def _die_if_asked(order: Path) -> None:
    try:
        order.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
