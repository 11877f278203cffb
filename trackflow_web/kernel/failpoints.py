"""Named places at which a test can kill the process or raise an error.

An unarmed failpoint costs two comparisons. Killing is armed by a folder, the setting FAULTS, which
production rejects: a process that passes a failpoint removes the file of its name in that folder
and kills itself. Of several processes only the one that removed the file is killed, once.
Errors are armed by `failing`, in the process of the test itself.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Point(StrEnum):
    """The places, in the order in which a unit of work comes to them."""

    COUNTERS_UPDATED = "counters-updated"  # what they reach is not granted
    NOTIFIED = "notified"  # notifications are written, their users' versions are not
    IN_HANDLER = "in-handler"  # the handlers have run, their savepoint is open
    BEFORE_COMMIT = "before-commit"  # action, counters and awards are written, nothing is durable
    AFTER_COMMIT = "after-commit"  # all of it is durable, nothing was enqueued
    AFTER_CLAIM = "after-claim"  # a response has reserved toasts and does not show them yet
    AFTER_ANSWER = "after-answer"  # its last byte was sent, its toasts are not confirmed
    IMPORT_COMPARED = "import-compared"  # a job knows which songs are new and has made none
    IMPORT_MADE = "import-made"  # it has made them and not committed
    UNDO_CHUNK = "undo-chunk"  # some songs of an undone import are deleted, others are not
    IN_RECHECK = "in-recheck"  # a chunk was counted, its awards are not granted
    AFTER_CHUNK = (
        "after-chunk"  # a chunk of a recheck of everyone is committed, the next not started
    )
    IN_FAN_OUT = "in-fan-out"  # a slice of recipients is written and not committed
    AFTER_SLICE = "after-slice"  # a slice is committed, the next not started
    WEBHOOK_SENT = "webhook-sent"  # receivers have the messages, the deliveries have not ended


_folder: Path | None = None
_errors: dict[Point, Exception] = {}


def arm(folder: Path | None) -> None:
    """Arm the failpoints that have a file in this folder; None disarms them."""
    global _folder  # noqa: PLW0603 -- the process is what dies
    _folder = folder


@contextmanager
def failing(place: Point, error: Exception) -> Iterator[None]:
    """Raise this error wherever this process passes the place while the block runs."""
    _errors[place] = error
    try:
        yield
    finally:
        del _errors[place]


def point(place: Point) -> None:
    """Die or raise here, if this place is armed."""
    if _errors and place in _errors:
        raise _errors[place]
    if _folder is not None:
        _die_if_asked(_folder / place)


def _die_if_asked(order: Path) -> None:
    try:
        order.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
