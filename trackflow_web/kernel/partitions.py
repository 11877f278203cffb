"""Monthly partitions of events on PostgreSQL; SQLite has one table, and nothing to do here.

Months are created ahead. An event outside of all of them is stored in the default partition, from
which it is moved once its month exists. Each change is a short transaction. It waits for a lock
shorter than PostgreSQL waits before it looks for a deadlock, so that a change gives up, never a
user's action.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
import structlog

from trackflow_web.kernel.database import db
from trackflow_web.kernel.database_errors import waited_for_a_lock
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.months import MONTHS_OF_A_YEAR, month_of, months_after
from trackflow_web.kernel.transactions import reading, writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

log = structlog.get_logger()

DEFAULT = "activities_default"
# Months to create; as soon as one of the first half is missing.
AHEAD, LEAST_AHEAD = 12, 6
# Months of the default partition that one call moves, and rows of each: actions that write to that
# month wait meanwhile.
MONTHS_AT_ONCE, MOST_MOVED = 24, 20_000
# Three locks one after the other take less than the second of `deadlock_timeout`.
PATIENCE = "250ms"
ATTEMPTS = 5
ADVISORY_LOCK = 7_242_043

_COLUMNS = ", ".join(column.name for column in cast("sa.Table", Event.__table__).columns)
_BOUND = (
    r"(regexp_match(pg_get_expr(c.relpartbound, c.oid), '{} \(''([^'']+)''\)'))[1]::timestamptz"
)
_FOUND = sa.text(
    f"SELECT c.relname, {_BOUND.format('FROM')}, {_BOUND.format('TO')}"  # noqa: S608 -- constants
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'activities'::regclass ORDER BY 3"
)
_MONTHS_IN_DEFAULT = sa.text(
    "SELECT DISTINCT date_trunc('month', created_at AT TIME ZONE 'UTC')"  # noqa: S608 -- constants
    f" FROM {DEFAULT} ORDER BY 1"
)


@dataclass(frozen=True)
class Partition:
    """The events from one moment until before another; the first one may have no beginning."""

    name: str
    starts_at: datetime | None
    ends_at: datetime

    def __contains__(self, at: datetime) -> bool:
        """Return whether an event of that time is stored here."""
        return (self.starts_at is None or self.starts_at <= at) and at < self.ends_at


class TooManyRows(Exception):
    """The default partition has too many rows of a month to move while users work."""


def are_used() -> bool:
    """Return whether events are stored in partitions."""
    return db.engine.dialect.name == "postgresql"


def found(session: Session | None = None) -> list[Partition]:
    """Return the partitions beside the default one, oldest first."""
    rows = (session or db.session).execute(_FOUND)
    return [
        Partition(name, starts_at and starts_at.astimezone(UTC), ends_at.astimezone(UTC))
        for name, starts_at, ends_at in rows
        if ends_at is not None
    ]


def name_of(month: datetime) -> str:
    """Return the name of a month's partition."""
    return f"activities_{month:%Y_%m}"


def create_missing(now: datetime, *, most_moved: int | None = MOST_MOVED) -> list[str]:
    """Create the months of the coming year and those of rows in the default partition.

    Returns the names of new partitions. A month that cannot be created now, because users work, is
    left for the next call. Raises TooManyRows when everything else is done; None moves any number.
    """
    if not are_used():
        return []
    created, too_many = [], None
    for month in _missing(now):
        try:
            created += [name_of(month)] if create_patiently(month, most_moved) else []
        except TooManyRows as error:
            too_many = error
    if too_many is not None:
        raise too_many
    return created


def _missing(now: datetime) -> list[datetime]:
    with reading():
        have = found()
        stray = [month.replace(tzinfo=UTC) for month in db.session.scalars(_MONTHS_IN_DEFAULT)]
    ahead = [month_of(now)]
    while len(ahead) <= AHEAD and _has_an_end(ahead[-1]):
        ahead.append(months_after(ahead[-1], 1))
    lacking = [month for month in ahead if _has_an_end(month) and not _is_covered(month, have)]
    if not any(month in lacking for month in ahead[: LEAST_AHEAD + 1]):
        lacking = []
    others = [month for month in stray if month not in lacking and _has_an_end(month)]
    return [*lacking, *others[:MONTHS_AT_ONCE]]


def _is_covered(month: datetime, have: Sequence[Partition]) -> bool:
    return any(month in partition for partition in have)


def _has_an_end(month: datetime) -> bool:
    """Return whether Python has a time for the end of this month; the very last has none."""
    return month.year < MAXYEAR or month.month < MONTHS_OF_A_YEAR


def create_patiently(month: datetime, most_moved: int | None = None) -> bool:
    """Create a month; return whether this did it, not another worker or nobody."""
    for _ in range(ATTEMPTS):
        try:
            return create(month, most_moved=most_moved)
        except sa.exc.OperationalError as error:
            if not waited_for_a_lock(error):
                raise
    log.info("events_partition_postponed", month=f"{month:%Y-%m}")
    return False


def create(month: datetime, *, most_moved: int | None = None) -> bool:
    """Create a month's partition with its rows of the default one; False if it is there already.

    Raises TooManyRows, and OperationalError if a lock was not free in time.
    """
    name, end = name_of(month), months_after(month, 1)
    with changing() as session:
        if session is None or _is_covered(month, found(session)):
            return False
        session.execute(sa.text(f"CREATE TABLE {name} (LIKE activities INCLUDING ALL)"))
        # In the order of actions, which read their user first.
        session.execute(sa.text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
        session.execute(sa.text(f"LOCK TABLE {DEFAULT} IN ACCESS EXCLUSIVE MODE"))
        _move(session, name, month, end, most_moved)
        session.execute(
            sa.text(
                f"ALTER TABLE activities ATTACH PARTITION {name}"
                f" FOR VALUES FROM ('{_literal(month)}') TO ('{_literal(end)}')"
            )
        )
    log.info("events_partition_created", partition=name)
    return True


def _move(
    session: Session, name: str, month: datetime, end: datetime, most_moved: int | None
) -> None:
    """Move rows of the default partition into the new table."""
    inside = f"created_at >= '{_literal(month)}' AND created_at < '{_literal(end)}'"
    if most_moved is not None:
        rows = f"SELECT count(*) FROM (SELECT 1 FROM {DEFAULT} WHERE {inside} LIMIT {most_moved + 1}) r"  # noqa: S608, E501 -- constants and times
        if session.scalar(sa.text(rows)) > most_moved:
            message = f"{DEFAULT} has more than {most_moved:,} events of {month:%Y-%m}."
            raise TooManyRows(message)
    session.execute(
        sa.text(
            f"WITH moved AS (DELETE FROM {DEFAULT} WHERE {inside} RETURNING {_COLUMNS})"  # noqa: S608 -- constants and times
            f" INSERT INTO {name} ({_COLUMNS}) SELECT {_COLUMNS} FROM moved"
        )
    )


@contextmanager
def changing() -> Iterator[Session | None]:
    """Change partitions in a transaction of its own; None while another worker does."""
    with writing() as session:
        session.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        mine = session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(ADVISORY_LOCK)))
        yield session if mine else None


def _literal(month: datetime) -> str:
    """Return a month as a literal of SQL, with its zone: that of the server may be any."""
    return month.isoformat(sep=" ")
