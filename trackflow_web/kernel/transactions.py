"""One action, its numbers and its awards: committed together or not at all.

A request ends its unit of work in an after-request hook, a job or a command in `unit_of_work`; both
by `announce` and `commit`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db, set_writing
from trackflow_web.kernel.events import Event, keep, take_recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

log = structlog.get_logger()

EVENTS_PER_REDELIVERY = 500
# A bound for one sweep; the next one is a minute later.
BATCHES_PER_REDELIVERY = 200
_AFTER_COMMIT = "called after the commit"


@dataclass(frozen=True)
class Handler:
    """Something that follows from facts.

    `hear` moves what the facts move, once. `hear_again` is given facts whose first announcement
    failed or was cut off; it may be called any number of times and must end in the same state.
    """

    name: str
    handle: Callable[[Sequence[Event]], None]
    reconcile: Callable[[Sequence[Event]], None]


def dispatch(handlers: Sequence[Handler]) -> list[Event]:
    """Tell the listeners what was recorded and keep it; gives all of it, oldest first.

    What a listener records (an unlocked achievement is a fact too) is announced in the next round,
    until nothing new comes. A round that fails is undone for every listener, and its facts stay
    unheard for `sweep`.
    """
    dispatched: list[Event] = []
    while recorded := take_recorded():
        _tell(handlers, recorded)
        keep(recorded)
        dispatched.extend(recorded)
    return dispatched


def _tell(handlers: Sequence[Handler], recorded: list[Event]) -> None:
    name = ""
    try:
        # Flushed before the savepoint, so that an error of the action itself is not taken for a
        # listener's.
        db.session.flush()
        with db.session.begin_nested():
            for handler in handlers:
                name = handler.name
                handler.handle(recorded)
            failpoints.point(failpoints.Point.IN_HANDLER)
    except Exception as error:
        if not name or _lost_the_database(error):
            raise
        take_recorded()  # what the undone round recorded did not happen
        log.exception("handler_failed", handler=name, facts=[fact.fact for fact in recorded])
        return
    heard_at = clock.now()
    for event in recorded:
        event.heard_at = heard_at


def _lost_the_database(error: Exception) -> bool:
    """Whether the action is gone with its connection: there is nothing left to commit."""
    return isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated


def after_commit(call: Callable[[], None]) -> None:
    """Do something once the running unit of work is committed, and not at all when it is not.

    For what others are told of it: they look at once, and must find it.
    """
    db.session().info.setdefault(_AFTER_COMMIT, []).append(call)


def commit() -> None:
    """Make the unit of work last; raises what the database raises."""
    calls = db.session().info.pop(_AFTER_COMMIT, [])
    failpoints.point(failpoints.Point.BEFORE_COMMIT)
    db.session.commit()
    failpoints.point(failpoints.Point.AFTER_COMMIT)
    for call in calls:
        try:
            call()
        except Exception:
            # What is committed is done; a sweep finds what nobody was told of.
            log.exception("after_commit_failed")


@contextmanager
def unit_of_work(handlers: Sequence[Handler]) -> Iterator[None]:
    """The unit of work of a job or a command: rolled back when the block raises."""
    set_writing(writing=True)
    try:
        yield
        dispatch(handlers)
        commit()
    except BaseException:
        take_recorded()
        db.session().info.pop(_AFTER_COMMIT, None)
        db.session.rollback()
        raise
    finally:
        set_writing(writing=False)


def redeliver(handlers: Sequence[Handler]) -> int:
    """Announce again what was never heard; gives how many facts were. Own units of work.

    All that there is, oldest first, in pieces. Where a piece fails each user's facts are announced
    apart, so that one whose facts cannot be heard keeps nobody else waiting; what they fail with is
    raised once everything else was heard.
    """
    dispatched, last_id = 0, 0
    failures: list[Exception] = []
    for _ in range(BATCHES_PER_REDELIVERY):
        piece = _pending_after(last_id)
        if not piece:
            break
        last_id = piece[-1].id
        dispatched += _redeliver_batch(handlers, piece, failures)
    if failures:
        raise failures[0]
    return dispatched


def _pending_after(last_id: int) -> Sequence[sa.Row[int, int]]:
    """The ids of the next facts that wait, and of their users."""
    found = db.session.execute(
        sa.select(Event.id, Event.user_id)
        .where(Event.heard_at.is_(None), Event.id > last_id)
        .order_by(Event.id)
        .limit(EVENTS_PER_REDELIVERY)
    ).all()
    db.session.rollback()  # what follows writes
    return found


def _redeliver_batch(
    handlers: Sequence[Handler],
    piece: Sequence[sa.Row[int, int]],
    failures: list[Exception],
) -> int:
    """How many of these facts were heard; those of a user who fails are left, and why is noted."""
    try:
        return _redeliver_events(handlers, [row.id for row in piece])
    except (OperationalError, NoConnection):
        raise  # the database is away or busy: nobody's fact is the reason
    except Exception as failure:
        users = sorted({row.user_id for row in piece})
        if len(users) == 1:
            log.exception("facts_not_heard", user_id=users[0], facts=len(piece))
            failures.append(failure)
            return 0
    return sum(
        _redeliver_batch(handlers, [row for row in piece if row.user_id == user_id], failures)
        for user_id in users
    )


def _redeliver_events(handlers: Sequence[Handler], ids: Sequence[int]) -> int:
    with unit_of_work(handlers):
        pending = db.session.scalars(
            sa.select(Event)
            .where(Event.heard_at.is_(None), Event.id.in_(ids))
            .order_by(Event.id)
            # Two sweepers share the work instead of waiting for each other.
            .with_for_update(skip_locked=True)
        ).all()
        if pending:
            for handler in handlers:
                handler.reconcile(pending)
                # What this one recorded is counted before a later one counts everything anew.
                dispatch(handlers)
            heard_at = clock.now()
            for event in pending:
                event.heard_at = heard_at
        return len(pending)
