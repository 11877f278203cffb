"""Restoring archives of events, and removing those of deleted accounts from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.kernel import event_archives, partitions
from trackflow_web.kernel.database import db, insert_into
from trackflow_web.kernel.event_archives import TABLE, ArchiveFailed, EventArchive
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.months import month_of
from trackflow_web.kernel.transactions import writing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

RESTORED_AT_ONCE = 500
TIMES = ("created_at", "heard_at")
# Only these two columns: this module knows no feature.
USERS = sa.table("users", sa.column("id"), sa.column("created_at", Event.created_at.type))


@dataclass(frozen=True)
class Restored:
    """How many events were restored, and how many belong to accounts that no longer exist."""

    events: int
    of_deleted: int


def restore(file: Path) -> Restored:
    """Insert the events of an archive that are not stored, except those of deleted accounts.

    Nothing is inserted unless the whole archive is sound. Raises ArchiveFailed.
    """
    event_archives.verify(file)
    written_at = event_archives.header_of(file).written_at
    restored = of_deleted = 0
    for batch in event_archives.read(file):
        _create_months(batch)
        for start in range(0, len(batch), RESTORED_AT_ONCE):
            rows = batch[start : start + RESTORED_AT_ONCE]
            with writing() as session:
                kept = _of_existing(rows, written_at, session, lock=True)
                restored += _insert(kept, session)
            of_deleted += len(rows) - len(kept)
    with writing() as session:
        session.execute(sa.delete(EventArchive).where(EventArchive.file == file.name))
    return Restored(restored, of_deleted)


def scrub(file: Path) -> int:
    """Write an archive again without events of deleted accounts; return how many those were.

    Raises ArchiveFailed, with the archive as it was.
    """
    header, before = event_archives.header_of(file), event_archives.verify(file)
    kept = sum(len(rows) for rows in _scrubbed(file, header.written_at))
    if kept == before.events:
        return 0
    try:
        after = event_archives.write_file(file, header, _scrubbed(file, header.written_at))
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror or error}."
        raise ArchiveFailed(message) from error
    with writing() as session:
        session.execute(
            sa.update(EventArchive)
            .where(EventArchive.file == file.name)
            .values(events=after.events)
        )
    return before.events - after.events


def _scrubbed(file: Path, written_at: datetime) -> Iterator[Sequence[dict[str, Any]]]:
    for rows in event_archives.read(file):
        with writing() as session:
            kept = _of_existing(rows, written_at, session)
        yield kept


def _create_months(rows: Sequence[dict[str, Any]]) -> None:
    """Create the partitions of these events; without one they go into the default partition."""
    if partitions.are_used():
        for month in sorted({month_of(datetime.fromisoformat(row["created_at"])) for row in rows}):
            partitions.create_patiently(month)


def _of_existing(
    rows: Sequence[dict[str, Any]], written_at: datetime, session: Session, *, lock: bool = False
) -> list[dict[str, Any]]:
    """Return the events of accounts that exist, without actors that do not."""
    ids = {row["user_id"] for row in rows} | {row["actor_id"] for row in rows} - {None}
    existing = _existing(ids, written_at, session, lock=lock)
    return [
        row if row["actor_id"] in existing else {**row, "actor_id": None}
        for row in rows
        if row["user_id"] in existing
    ]


def _existing(
    ids: Collection[int], written_at: datetime, session: Session, *, lock: bool
) -> set[int]:
    """Return which accounts exist; one from after the archive has the id of a deleted one."""
    found = sa.select(USERS.c.id).where(USERS.c.id.in_(ids), USERS.c.created_at <= written_at)
    return set(session.scalars(found.with_for_update(key_share=True, read=True) if lock else found))


def _insert(rows: Sequence[dict[str, Any]], session: Session) -> int:
    """Insert what is not stored; return how many."""
    if not rows:
        return 0
    values = [
        {name: datetime.fromisoformat(value) if name in TIMES and value else value
         for name, value in row.items()}
        for row in rows
    ]  # fmt: skip
    insert = insert_into(Event, db.engine.dialect.name).values(values).on_conflict_do_nothing()
    return len(session.scalars(insert.returning(TABLE.c.id)).all())
