"""Start and end of the unit of work of a request; `after_action.py` commits it in between."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from trackflow_web.kernel import transactions
from trackflow_web.web.caller import is_write

# The database is locked, away or out of connections, or what this request refers to was deleted
# meanwhile (a foreign key fails, or the row is not there): the same request may succeed a moment
# later.
DATABASE_BUSY = (
    OperationalError,
    ProgrammingError,
    NoConnection,
    IntegrityError,
    ObjectDeletedError,
    StaleDataError,
)
# Additional writes of a GET give up after waiting this long for SQLite's lock; seconds.
PATIENCE_OF_A_READ = 0.25


def begin() -> None:
    """Set whether the request writes, before any query.

    The transaction that loads the signed-in user is also that of the action.
    """
    transactions.begin(writing=is_write())


def end(_error: BaseException | None = None) -> None:
    """Release the connection after the response is made; a lost one changes nothing any more."""
    transactions.end()
