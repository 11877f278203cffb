"""Events: what happened, one row each. The table is both outbox and audit trail.

A domain action records an event in its own unit of work. The end of that unit of work dispatches
what was recorded to the handlers and writes it. This module knows no feature: see
`kernel.event_types` for how features declare their events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import Base, BigId, db
from trackflow_web.kernel.event_types import (
    LONGEST_NAME,
    LONGEST_SUBJECT_TYPE,
    Payload,
    decode,
    encode,
)

log = structlog.get_logger()

_RECORDED = "recorded events"


class Event(Base):
    """One event in one user's work.

    `user_id` is the user whose metrics it changes, `actor_id` the acting user. `delivered_at` is
    empty while the event is pending: its handlers have not run, or one of them failed.

    On PostgreSQL the table has a partition per month (`kernel.partitions`), so its primary key is
    (id, created_at); `id` comes from one sequence and is unique all the same.
    """

    __tablename__ = "activities"
    __table_args__ = (
        sa.Index("ix_activities_user_id_id", "user_id", "id"),
        sa.Index(
            "ix_activities_unheard",
            "id",
            sqlite_where=sa.text("heard_at IS NULL"),
            postgresql_where=sa.text("heard_at IS NULL"),
        ),
    )
    # With the time, an update of one event looks into one month.
    __mapper_args__ = {"primary_key": ["id", "created_at"]}  # noqa: RUF012 -- SQLAlchemy reads it

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    actor_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column("fact", sa.String(LONGEST_NAME))
    subject_type: Mapped[str] = mapped_column(sa.String(LONGEST_SUBJECT_TYPE))
    subject_id: Mapped[int] = mapped_column(BigId)
    n: Mapped[int]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None] = mapped_column("heard_at")

    @cached_property
    def payload(self) -> Payload:
        """Return the payload, as an object of its event type."""
        return decode(self.name, self.data)


@dataclass(frozen=True)
class Handler:
    """Something that follows from events.

    `handle` applies events exactly once. `reconcile` receives events whose first dispatch failed or
    was cut off; it may run any number of times and must end in the same state.
    """

    name: str
    handle: Callable[[Sequence[Event]], None]
    reconcile: Callable[[Sequence[Event]], None]


# --- recording ---------------------------------------------------------------------------------


def record(
    payload: Payload,
    *,
    user_id: int,
    subject_id: int,
    subject_type: str = "",
    actor_id: int | None = None,
    n: int = 1,
) -> None:
    """Record an event; the end of the unit of work dispatches and writes it.

    `subject_type` may be left out where the event type has only one. `n` is how often it happened
    at once: an import of 500 songs is one event.
    """
    subject_type = subject_type or payload.subject_types[0]
    if subject_type not in payload.subject_types:
        message = f"{payload.event_name} is about {payload.subject_types}, not {subject_type!r}"
        raise ValueError(message)
    event = Event(
        user_id=user_id,
        actor_id=actor_id or user_id,
        name=payload.event_name,
        subject_type=subject_type,
        subject_id=subject_id,
        n=n,
        data=encode(payload),
        created_at=clock.now(),
    )
    event.payload = payload
    db.session().info.setdefault(_RECORDED, []).append(event)


def take_recorded() -> list[Event]:
    """Return what was recorded in this unit of work since the last call, oldest first."""
    taken: list[Event] = db.session().info.pop(_RECORDED, [])
    return taken


def discard_recorded_of(user_id: int) -> None:
    """Discard recorded events about a user who is being deleted."""
    recorded: list[Event] = db.session().info.get(_RECORDED, [])
    recorded[:] = [event for event in recorded if event.user_id != user_id]


def has_recorded() -> bool:
    """Return whether this unit of work has events that are not dispatched yet."""
    return bool(db.session().info.get(_RECORDED))


def pending() -> tuple[int, datetime | None]:
    """Return the number of pending events and when the oldest of them was recorded."""
    found = sa.select(sa.func.count(), sa.func.min(Event.created_at)).where(
        Event.delivered_at.is_(None)
    )
    count, oldest = db.session.execute(found).one()
    return count, oldest


# --- dispatching -------------------------------------------------------------------------------


def dispatch(handlers: Sequence[Handler]) -> list[Event]:
    """Pass recorded events to the handlers and write them; return all of them, oldest first.

    Events that a handler records (an unlocked achievement is an event too) are dispatched in a
    further round, until there are no new ones. A round that fails is rolled back for every
    handler, and its events stay pending.
    """
    dispatched: list[Event] = []
    while recorded := take_recorded():
        _handle(handlers, recorded)
        _write(recorded)
        dispatched.extend(recorded)
    return dispatched


def _handle(handlers: Sequence[Handler], recorded: list[Event]) -> None:
    name = ""
    try:
        # Flushed before the savepoint, so that an error of the action itself is not taken for a
        # handler's.
        db.session.flush()
        with db.session.begin_nested():
            for handler in handlers:
                name = handler.name
                handler.handle(recorded)
            failpoints.point(failpoints.Point.IN_HANDLER)
    # Whatever a handler fails with, the action is committed and its events stay pending.
    except Exception as error:
        if not name or _lost_the_database(error):
            raise
        take_recorded()  # what the rolled back round recorded did not happen
        log.exception("handler_failed", handler=name, events=[event.name for event in recorded])
        return
    mark_delivered(recorded)


def mark_delivered(events: Sequence[Event]) -> None:
    """Mark these events as delivered."""
    now = clock.now()
    for event in events:
        event.delivered_at = now


def _write(events: Sequence[Event]) -> None:
    """Insert events in their order, in one statement; they are not used as objects afterwards."""
    db.session.execute(
        _INSERT,
        [
            {column: getattr(event, attribute) for column, attribute in _COLUMNS.items()}
            for event in events
        ],
    )


_TABLE = cast("sa.Table", Event.__table__)
_INSERT = sa.insert(_TABLE)
# Attributes by their columns.
_COLUMNS = {
    attribute.columns[0].name: attribute.key
    for attribute in sa.inspect(Event).column_attrs
    if attribute.key != "id"
}


def _lost_the_database(error: Exception) -> bool:
    """Return whether the connection is lost, and with it the action: there is nothing to commit."""
    return isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
