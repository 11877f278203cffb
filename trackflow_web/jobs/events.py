"""The jobs of stored events: partitions by month, and archives of old ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from trackflow_web.kernel import clock, partitions
from trackflow_web.kernel.event_archives import ArchiveFailed
from trackflow_web.kernel.event_archiving import Gone, HasPending, alone, archive, due
from trackflow_web.kernel.months import month_of
from trackflow_web.kernel.transactions import reading

if TYPE_CHECKING:
    from trackflow_web.kernel.partitions import Partition

log = structlog.get_logger()

# After a failure, which may have filled the disk.
PAUSE = timedelta(hours=1)


@dataclass
class Archiving:
    """The settings, and what this process remembers."""

    kept_months: int
    folder: Path
    # The reason of a failure is logged once, until it is another.
    told: str = ""
    paused_until: datetime | None = None
    # Months are looked for once in a month: in one table each search reads all of it.
    looked_in: datetime | None = None
    found: list[Partition] = field(default_factory=list)


def create_partitions() -> None:
    """Create the partitions of the coming months."""
    try:
        partitions.create_missing(clock.now())
    except partitions.TooManyRows as error:
        log.warning("events_not_moved", reason=f"{error} Run `flask events partitions`.")


def is_due(archiving: Archiving) -> bool:
    """Return whether months are to be archived; looks at the database when a month begins."""
    now = clock.now()
    if not archiving.kept_months:
        return False
    if archiving.paused_until is not None and now < archiving.paused_until:
        return False
    if archiving.looked_in != month_of(now) or partitions.are_used():
        with reading():
            archiving.found = due(now, archiving.kept_months)
        archiving.looked_in = month_of(now)
    return bool(archiving.found)


def run(archiving: Archiving) -> None:
    """Archive the months that are old enough, one after the other.

    A failure is logged and ends the run; the next one comes an hour later.
    """
    if not is_due(archiving):
        return
    archiving.looked_in = None  # what this leaves is looked for again
    try:
        with alone(archiving.folder) as is_alone:
            pending = _archive(archiving) if is_alone else None
    except Gone:
        return  # another worker is at it
    except ArchiveFailed as error:
        _pause(archiving, error)
        return
    if pending is not None:
        _pause(archiving, pending)
        return
    archiving.told, archiving.paused_until = "", None


def _archive(archiving: Archiving) -> HasPending | None:
    """Archive all months but those with pending events; return the error of one of these."""
    pending = None
    for months in archiving.found:
        try:
            archive(months, archiving.folder)
        except HasPending as error:
            pending = error
    return pending


def _pause(archiving: Archiving, error: ArchiveFailed) -> None:
    archiving.paused_until = clock.now() + PAUSE
    if archiving.told != str(error):
        log.error("events_not_archived", reason=str(error))
    archiving.told = str(error)
