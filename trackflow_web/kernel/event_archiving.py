"""Archiving: which months of events are old enough, and how they leave the database."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from trackflow_web.kernel import clock, event_archives, files, partitions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.database_errors import waited_for_a_lock
from trackflow_web.kernel.event_archives import ArchiveFailed, Contents, EventArchive, within
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.months import month_of, months_after
from trackflow_web.kernel.partitions import Partition
from trackflow_web.kernel.transactions import reading, writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

log = structlog.get_logger()

DELETED_AT_ONCE = 1_000


class HasPending(ArchiveFailed):
    """The month has events whose handlers have not run."""


class Gone(ArchiveFailed):
    """Another worker has archived the month meanwhile."""


def due(now: datetime, kept_months: int) -> list[Partition]:
    """Return the months that are older than those to keep, oldest first; none for 0.

    On PostgreSQL the clock of its server must agree, so that one wrong clock archives nothing.
    """
    if not kept_months:
        return []
    if partitions.are_used():
        database_now: datetime = db.session.scalars(sa.select(sa.func.now())).one()
        before = kept_from(min(now, database_now), kept_months)
        return [months for months in partitions.found() if months.ends_at <= before]
    return _months_of_one_table(kept_from(now, kept_months))


def kept_from(now: datetime, kept_months: int) -> datetime:
    """Return the first month to keep: so many whole ones, and the current one."""
    try:
        return months_after(month_of(now), -kept_months)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _months_of_one_table(before: datetime) -> list[Partition]:
    """Return the months with events. That of the newest stays, because SQLite uses ids again."""
    newest = db.session.scalar(sa.select(Event.created_at).order_by(Event.id.desc()).limit(1))
    if newest is None:
        return []
    month = sa.func.strftime("%Y-%m", Event.created_at)
    found = sa.select(month).where(Event.created_at < min(before, month_of(newest))).distinct()
    starts = (datetime.fromisoformat(f"{at}-01T00:00:00+00:00") for at in db.session.scalars(found))
    return [Partition("", at, months_after(at, 1)) for at in sorted(starts)]


def has_pending(months: Partition) -> bool:
    """Return whether events of these months are pending."""
    pending = sa.select(Event.id).where(Event.delivered_at.is_(None), *within(months))
    return db.session.scalar(pending.limit(1)) is not None


def count(months: Partition, session: Session | None = None) -> Contents:
    """Return how many events of these months are stored."""
    return _count(within(months), session or db.session())


def _count(conditions: Sequence[sa.ColumnElement[bool]], session: Session) -> Contents:
    ids = sa.func.coalesce(sa.func.sum(Event.id), 0), sa.func.coalesce(sa.func.max(Event.id), 0)
    found = sa.select(sa.func.count(), *ids).where(*conditions)
    events, sum_of_ids, last_id = session.execute(found).one()
    return Contents(events, int(sum_of_ids), last_id)


def archive(months: Partition, folder: Path) -> tuple[Path, int]:
    """Write months to a file, then remove them; return the file and the number of events.

    What fails leaves all events in the database and no file, unless it is unknown whether they are
    still there. Raises HasPending, Gone and ArchiveFailed.
    """
    with reading():
        if has_pending(months):
            raise HasPending(_pending_message(months))
        newest = db.session.scalar(sa.select(sa.func.max(Event.id))) or 0
    file, contents = event_archives.write(months, folder)
    try:
        _remove(months, file, contents, newest)
    except ArchiveFailed:
        file.unlink(missing_ok=True)
        raise
    except sa.exc.DBAPIError as error:
        # While it was committed, or afterwards: these events may be nowhere else.
        reason = f"{file} was kept, because the database failed: {_name_of(error)}."
        raise ArchiveFailed(reason) from error
    log.info("events_archived", file=file.name, events=contents.events)
    return file, contents.events


def _name_of(error: sa.exc.DBAPIError) -> str:
    return type(error.orig).__name__


def _pending_message(months: Partition) -> str:
    return f"Events before {months.ends_at:%Y-%m} are pending."


@contextmanager
def _before_the_commit(months: Partition) -> Iterator[None]:
    """Raise ArchiveFailed for an error of the database: nothing can be committed any more."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if waited_for_a_lock(error):
            raise
        message = f"Events before {months.ends_at:%Y-%m} stay, because of {_name_of(error)}."
        raise ArchiveFailed(message) from error


def _remove(months: Partition, file: Path, contents: Contents, newest: int) -> None:
    if not partitions.are_used():
        _delete(months, file, contents, newest)
        return None
    for _ in range(partitions.ATTEMPTS):
        try:
            return _drop(months, file, contents)
        except sa.exc.OperationalError as error:
            if not waited_for_a_lock(error):
                raise
    message = f"{months.name} is in use all the time."
    raise ArchiveFailed(message)


def _drop(months: Partition, file: Path, contents: Contents) -> None:
    """Drop a partition that still contains what was written."""
    with partitions.changing() as session, _before_the_commit(months):
        if session is None or months not in partitions.found(session):
            message = f"{months.name} was changed by another worker."
            raise Gone(message)
        # Until the commit nothing can change in it; others may read.
        session.execute(sa.text(f"LOCK TABLE {months.name} IN SHARE MODE"))
        _check_not_pending(months, session)
        if count(months, session) != contents:
            raise _changed(months)
        # In the order of actions, which read their user first. DETACH ... CONCURRENTLY would lock
        # less, but is not allowed beside a default partition.
        session.execute(sa.text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        session.execute(sa.text("LOCK TABLE ONLY activities IN ACCESS EXCLUSIVE MODE"))
        session.execute(sa.text(f"ALTER TABLE activities DETACH PARTITION {months.name}"))
        session.execute(sa.text(f"DROP TABLE {months.name}"))
        _list(months, file, contents, session)


def _delete(months: Partition, file: Path, contents: Contents, newest: int) -> None:
    """Delete what was written in chunks, between which others may write.

    All of it is looked for by ids: a search by time reads the whole table, while writers wait.
    """
    written = [Event.id <= contents.last_id, *within(months)]
    ids = sa.select(Event.id).where(*written).order_by(Event.id).limit(DELETED_AT_ONCE)
    with writing() as session, _before_the_commit(months):
        if not contents.events:
            message = f"Events before {months.ends_at:%Y-%m} were archived by another worker."
            raise Gone(message)
        _check_not_pending(months, session)
        added = sa.select(Event.id).where(Event.id > newest, *within(months)).limit(1)
        if _count(written, session) != contents or session.scalar(added) is not None:
            raise _changed(months)
        _list(months, file, contents, session)
    for _ in range(0, contents.events, DELETED_AT_ONCE):
        with writing() as session:
            session.execute(
                sa.delete(Event).where(Event.id.in_(ids)),
                execution_options={"synchronize_session": False},
            )


def _check_not_pending(months: Partition, session: Session) -> None:
    pending = sa.select(Event.id).where(Event.delivered_at.is_(None), *within(months)).limit(1)
    if session.scalar(pending) is not None:
        raise HasPending(_pending_message(months))


def _changed(months: Partition) -> ArchiveFailed:
    return ArchiveFailed(f"Events before {months.ends_at:%Y-%m} changed while they were archived.")


def _list(months: Partition, file: Path, contents: Contents, session: Session) -> None:
    """Add the archive to the list. It is the last statement before the commit."""
    session.add(
        EventArchive(
            file=file.name,
            ends_at=months.ends_at,
            events=contents.events,
            archived_at=clock.now(),
        )
    )
    session.flush()


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Return whether this process is the only one that archives into the folder.

    Raises ArchiveFailed if the folder cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # A file, because network file systems lock only what is open for writing.
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        is_alone = _locked(folder, descriptor)
        if is_alone:
            _remove_left(folder)
        yield is_alone
    finally:
        os.close(descriptor)


def _remove_left(folder: Path) -> None:
    try:
        files.remove_left(folder)
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> ArchiveFailed:
    return ArchiveFailed(f"{folder} cannot be used: {error.strerror}.")


def _locked(folder: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        message = f"{folder} has no locks: {error.strerror}."
        raise ArchiveFailed(message) from error
    return True
