"""Where the unit of work of a request begins and ends; `after_action.py` commits it in between."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from trackflow_web.kernel import transactions
from trackflow_web.kernel.database import db, end_transaction, set_writing
from trackflow_web.kernel.events import take_recorded
from trackflow_web.web.caller import is_write

if TYPE_CHECKING:
    from collections.abc import Iterator

# The database is locked, away or out of connections, or what this request refers to was deleted
# meanwhile (a foreign key fails): the same request may succeed a moment later.
DATABASE_BUSY = (OperationalError, NoConnection, IntegrityError)
# What a GET writes besides gives way to whoever holds SQLite's lock; seconds.
PATIENCE_OF_A_READ = 0.25


def begin() -> None:
    """Say whether the request writes, before anything else queries the database.

    The transaction that loads the signed-in user is the one that the action changes things in.
    """
    set_writing(writing=is_write())


def begin_writing() -> None:
    """Let a request that only reads write from now on; what it has read is loaded again."""
    db.session.rollback()
    set_writing(writing=True, patience=PATIENCE_OF_A_READ)


@contextmanager
def separate_write() -> Iterator[None]:
    """Let a request that only reads write inside the block, and commit that."""
    begin_writing()
    try:
        yield
        transactions.commit()
    except BaseException:
        roll_back()
        raise


def roll_back() -> None:
    """Undo what was done since the beginning or the last commit, recorded events included."""
    take_recorded()
    db.session.rollback()


def end(_error: BaseException | None = None) -> None:
    """Release the connection after the response is made; a lost one changes nothing any more."""
    set_writing(writing=False)
    end_transaction()
