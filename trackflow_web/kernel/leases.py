"""Leases: one worker at a time works on a row, and a worker that died is replaced.

A worker acquires a row under its own name and for a limited time, renews the lease with every step,
and releases it at the end. A step renews first, in its own transaction, so that a worker that lost
its lease changes nothing. After the time is over, any worker may acquire the row.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import Base, BigId, db, get_for_update

if TYPE_CHECKING:
    from datetime import timedelta


class Leased(Base):
    """A table whose rows are leased: `worker` has the row until `held_until`, or it is free."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    worker: Mapped[str] = mapped_column(sa.String(32), default="")
    held_until: Mapped[datetime | None]


Row = TypeVar("Row", bound=Leased)


class LeaseLost(Exception):
    """The row was taken over, ended or deleted: the worker that notices stops."""


def acquire(
    table: type[Leased],
    row_id: int,
    worker: str,
    *conditions: sa.ColumnElement[bool],
    lasts: timedelta,
    take_over: bool = False,
    **values: object,
) -> bool:
    """Acquire a free row that meets the conditions; return whether the worker has it now.

    With `take_over` a row that another worker holds is acquired as well: for a start at which no
    other can be alive. `values` are written to the row with the lease.
    """
    now = clock.now()
    free = () if take_over else (is_free(table),)
    acquired = db.session.scalar(
        sa.update(table)
        .where(table.id == row_id, *conditions, *free)
        .values(worker=worker, held_until=now + lasts, **values)
        .returning(table.id)
    )
    return acquired is not None


def renew(table: type[Row], row_id: int, worker: str, *, lasts: timedelta) -> Row:
    """Extend the lease; return the row, locked until the commit. Raises LeaseLost."""
    row = get_for_update(table, row_id)
    if row is None or not worker or row.worker != worker:
        raise LeaseLost
    row.held_until = clock.now() + lasts
    return row


def release(row: Leased) -> None:
    """End the lease of a locked row, which its worker loses: any worker may acquire it."""
    row.worker, row.held_until = "", None


def is_free(table: type[Leased]) -> sa.ColumnElement[bool]:
    """Return the condition for rows that no living worker has."""
    return sa.or_(table.held_until.is_(None), has_expired(table))


def has_expired(table: type[Leased]) -> sa.ColumnElement[bool]:
    """Return the condition for rows whose worker did not renew its lease in time."""
    return table.held_until <= clock.now()
