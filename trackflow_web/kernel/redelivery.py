"""Redelivery: events whose handlers failed or did not run are dispatched again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event, dispatch, mark_delivered
from trackflow_web.kernel.transactions import reading, unit_of_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.kernel.events import Handler

log = structlog.get_logger()

EVENTS_A_BATCH = 500
# A bound for one call; the job calls again a minute later.
MOST_BATCHES = 200


def redeliver(handlers: Sequence[Handler]) -> int:
    """Dispatch pending events again; return how many were delivered. Uses its own units of work.

    All pending events, oldest first, in batches. If a batch fails, each user's events are
    dispatched separately, so that one user's failing events do not delay others. The first failure
    is raised after everything else was delivered.
    """
    delivered, last_id = 0, 0
    failures: list[Exception] = []
    for _ in range(MOST_BATCHES):
        batch = _pending_after(last_id)
        if not batch:
            break
        last_id = batch[-1].id
        delivered += _deliver_batch(handlers, batch, failures)
    if failures:
        raise failures[0]
    return delivered


def _pending_after(last_id: int) -> Sequence[sa.Row[int, int]]:
    """Return the ids of the next pending events and of their users."""
    with reading():
        return db.session.execute(
            sa.select(Event.id, Event.user_id)
            .where(Event.delivered_at.is_(None), Event.id > last_id)
            .order_by(Event.id)
            .limit(EVENTS_A_BATCH)
        ).all()


def _deliver_batch(
    handlers: Sequence[Handler], batch: Sequence[sa.Row[int, int]], failures: list[Exception]
) -> int:
    """Return how many events were delivered; events of a user that fail stay pending."""
    try:
        return _deliver(handlers, [row.id for row in batch])
    except (OperationalError, NoConnection):
        raise  # the database is away or busy: no event is the reason
    # Whatever a handler fails with is logged and raised at the end of the redelivery.
    except Exception as failure:
        users = sorted({row.user_id for row in batch})
        if len(users) == 1:
            log.exception("events_not_delivered", user_id=users[0], events=len(batch))
            failures.append(failure)
            return 0
    return sum(
        _deliver_batch(handlers, [row for row in batch if row.user_id == user_id], failures)
        for user_id in users
    )


def _deliver(handlers: Sequence[Handler], ids: Sequence[int]) -> int:
    with unit_of_work(handlers):
        pending = db.session.scalars(
            sa.select(Event)
            .where(Event.delivered_at.is_(None), Event.id.in_(ids))
            .order_by(Event.id)
            # Two redeliveries share the work instead of waiting for each other.
            .with_for_update(skip_locked=True)
        ).all()
        if pending:
            for handler in handlers:
                handler.reconcile(pending)
                # Events of this handler are dispatched before a later one recounts everything.
                dispatch(handlers)
            mark_delivered(pending)
        return len(pending)
