"""Archives: months of events that are in a file and no longer in the database.

An archive is a compressed file of lines of JSON: what it is, an object per event, and how many
there are. It is written and read again before its rows are deleted.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel import clock, files
from trackflow_web.kernel.database import Base, BigId, db
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.transactions import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from trackflow_web.kernel.partitions import Partition

FORMAT, VERSION = "trackflow-events", 1
LONGEST_FILE_NAME = 100
ROWS_AT_ONCE = 5_000
# Names of one month: it may be archived, restored and archived again.
MOST_FILES = 1_000

TABLE = cast("sa.Table", Event.__table__)


class EventArchive(Base):
    """One archive whose events are not in the database."""

    __tablename__ = "event_archives"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Without its folder.
    file: Mapped[str] = mapped_column(sa.String(LONGEST_FILE_NAME))
    ends_at: Mapped[datetime]
    events: Mapped[int] = mapped_column(sa.BigInteger)
    archived_at: Mapped[datetime]


class ArchiveFailed(Exception):
    """Nothing was archived or restored; the message has the reason."""


@dataclass(frozen=True)
class Contents:
    """What an archive contains: the number of events, the sum of their ids, and the last of them.

    They are in the order of their ids.
    """

    events: int = 0
    sum_of_ids: int = 0
    last_id: int = 0

    def plus(self, rows: Sequence[dict[str, Any]]) -> Contents:
        """Return the contents with these rows."""
        ids = [row["id"] for row in rows]
        return Contents(
            self.events + len(ids), self.sum_of_ids + sum(ids), max([self.last_id, *ids])
        )


@dataclass(frozen=True)
class Header:
    """The first line: when its months end, and when it was written."""

    ends_at: datetime
    written_at: datetime


def within(months: Partition) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for events of these months."""
    begun = [] if months.starts_at is None else [Event.created_at >= months.starts_at]
    return [*begun, Event.created_at < months.ends_at]


# --- writing -----------------------------------------------------------------------------------


def write(months: Partition, folder: Path) -> tuple[Path, Contents]:
    """Write the events of these months to a new file, and read it again. Raises ArchiveFailed."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        file = _free_name(folder, months)
        return file, write_file(file, Header(months.ends_at, clock.now()), _stored(months))
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror or error}."
        raise ArchiveFailed(message) from error


def _free_name(folder: Path, months: Partition) -> Path:
    name = (
        f"until-{months.ends_at:%Y-%m}" if months.starts_at is None else f"{months.starts_at:%Y-%m}"
    )
    for number in range(1, MOST_FILES):
        file = folder / f"events-{name}{f'-{number}' if number > 1 else ''}.jsonl.gz"
        if not file.exists():
            return file
    message = f"{folder} has too many archives of {name}."
    raise ArchiveFailed(message)


def write_file(file: Path, header: Header, batches: Iterable[Sequence[dict[str, Any]]]) -> Contents:
    """Write these events to a file and read it again. Raises ArchiveFailed and OSError."""
    contents = Contents()
    with files.whole(file) as unfinished:
        with gzip.open(unfinished, "wt", encoding="utf-8", compresslevel=6) as stream:
            stream.write(_line(_first_line(header)))
            for rows in batches:
                stream.writelines(_line(row) for row in rows)
                contents = contents.plus(rows)
            stream.write(_line({"events": contents.events, "sum_of_ids": contents.sum_of_ids}))
        if verify(unfinished) != contents:
            message = f"{file} does not contain what was written."
            raise ArchiveFailed(message)
    return contents


def _first_line(header: Header) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "ends_at": header.ends_at.isoformat(),
        "written_at": header.written_at.isoformat(),
    }


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _stored(months: Partition) -> Iterator[Sequence[dict[str, Any]]]:
    """Return the stored events in batches, each read in its own transaction."""
    after = 0
    while True:
        with reading():
            found = db.session.execute(
                sa.select(TABLE)
                .where(*within(months), Event.id > after)
                .order_by(Event.id)
                .limit(ROWS_AT_ONCE)
            ).mappings()
            rows: list[dict[str, Any]] = [
                {name: _plain(value) for name, value in row.items()} for row in found
            ]
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


# --- reading -----------------------------------------------------------------------------------


def verify(file: Path) -> Contents:
    """Read a whole archive; return what it contains. Raises ArchiveFailed if it is damaged."""
    contents = Contents()
    for rows in read(file):
        contents = contents.plus(rows)
    return contents


def header_of(file: Path) -> Header:
    """Return what an archive says about itself. Raises ArchiveFailed."""
    for values in _lines(file):
        return _header(file, values)
    raise _damaged(file)


def read(file: Path) -> Iterator[list[dict[str, Any]]]:
    """Return the events of an archive in batches. Raises ArchiveFailed, also at its end."""
    lines = _lines(file)
    _header(file, next(lines, {}))
    batch: list[dict[str, Any]] = []
    contents, last = Contents(), {}
    for last in lines:
        if "id" not in last:
            break
        batch.append(last)
        if len(batch) == ROWS_AT_ONCE:
            contents = contents.plus(batch)
            yield batch
            batch = []
    contents = contents.plus(batch)
    end = {"events": contents.events, "sum_of_ids": contents.sum_of_ids}
    if last != end or next(lines, None) is not None:
        raise _damaged(file)
    if batch:
        yield batch


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            for line in stream:
                values = json.loads(line)
                if not isinstance(values, dict):
                    raise _damaged(file)
                yield values
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise _damaged(file) from error


def _header(file: Path, values: dict[str, Any]) -> Header:
    if (values.get("format"), values.get("version")) != (FORMAT, VERSION):
        raise _damaged(file)
    times = (datetime.fromisoformat(values[name]) for name in ("ends_at", "written_at"))
    return Header(*(at.astimezone(UTC) for at in times))


def _damaged(file: Path) -> ArchiveFailed:
    return ArchiveFailed(f"{file} is not a complete archive of events.")
