"""Transactions: the only module that begins, commits and rolls back.

An action, its counters and its awards are committed together or not at all. A request begins its
unit of work before the view and ends it in an after-request hook; a job or a command uses
`unit_of_work`. Both dispatch the recorded events and then commit.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import SECONDS_TO_WAIT_FOR_A_LOCK, db, set_writing
from trackflow_web.kernel.events import dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trackflow_web.kernel.events import Handler

log = structlog.get_logger()

_AFTER_COMMIT = "called after the commit"


# --- in parts, for requests --------------------------------------------------------------------


def begin(*, writing: bool, patience: float = SECONDS_TO_WAIT_FOR_A_LOCK) -> None:
    """Roll back what is open and set whether the following transactions of this context write.

    The next statement opens the transaction. `patience` is how many seconds SQLite's lock is
    waited for.
    """
    if db.session.registry.has():
        rollback()
    set_writing(writing=writing, patience=patience)


def commit() -> None:
    """Commit the unit of work, then call what waits for that. Raises what the database raises."""
    calls = db.session().info.pop(_AFTER_COMMIT, [])
    failpoints.point(failpoints.Point.BEFORE_COMMIT)
    db.session.commit()
    failpoints.point(failpoints.Point.AFTER_COMMIT)
    for call in calls:
        try:
            call()
        # The commit succeeded; maintenance finds work that these calls should have started.
        except Exception:
            log.exception("after_commit_failed")


def rollback() -> None:
    """Roll back the unit of work, with the events it recorded and what waits for its commit."""
    db.session.rollback()
    db.session().info.clear()


def end() -> None:
    """Roll back what is open, if anything; on a lost connection nothing is left to roll back."""
    set_writing(writing=False)
    try:
        rollback()
    except sa.exc.DBAPIError:
        db.session().invalidate()


def after_commit(call: Callable[[], None]) -> None:
    """Call this once the running unit of work is committed; never if it is rolled back.

    For notifications of other processes, which must find the committed rows.
    """
    db.session().info.setdefault(_AFTER_COMMIT, []).append(call)


# --- as blocks, for jobs, commands and transactions beside a request's action --------------------


@contextmanager
def unit_of_work(
    handlers: Sequence[Handler], *, patience: float = SECONDS_TO_WAIT_FOR_A_LOCK
) -> Iterator[None]:
    """Run the block as one unit of work; roll it back when the block raises."""
    begin(writing=True, patience=patience)
    try:
        yield
        dispatch(handlers)
        commit()
    finally:
        end()


@contextmanager
def reading() -> Iterator[None]:
    """Read in a transaction that ends with the block, so that later code may write.

    An open transaction is rolled back first: the block sees the current committed state.
    """
    with _mode(writing=False):
        rollback()
        try:
            yield
        finally:
            rollback()


@contextmanager
def writing(*, patience: float = SECONDS_TO_WAIT_FOR_A_LOCK) -> Iterator[Session]:
    """Write in a separate transaction, for what must survive an error response.

    It is committed when the block ends well. The request's own transaction is rolled back first: on
    SQLite it may hold the write lock that this one waits for. So this comes before the action.
    """
    rollback()
    with (
        _mode(writing=True, patience=patience),
        Session(db.engine, expire_on_commit=False) as session,
        session.begin(),
    ):
        yield session


@contextmanager
def _mode(*, writing: bool, patience: float = SECONDS_TO_WAIT_FOR_A_LOCK) -> Iterator[None]:
    restore = set_writing(writing=writing, patience=patience)
    try:
        yield
    finally:
        restore()
