"""What errors of the two databases mean, whose drivers name them differently."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import ExceptionContext
    from sqlalchemy.exc import DBAPIError, IntegrityError

# As PostgreSQL calls them.
FOREIGN_KEY_VIOLATION = "23503"
IDLE_IN_A_TRANSACTION_TOO_LONG = "25P03"
LOCK_NOT_AVAILABLE = "55P03"
UNDEFINED_COLUMN = "42703"
UNDEFINED_TABLE = "42P01"
# The messages of SQLite.
NOT_THERE = re.compile(r"^no such (table|column)|^table \w+ has no column")
READ_ONLY = "25006"  # a standby, where another machine takes over


def refers_to_what_is_gone(error: IntegrityError) -> bool:
    """Return whether a row refers to one that was deleted concurrently.

    A retry gets the specific error. On SQLite no other transaction writes meanwhile.
    """
    return getattr(error.orig, "sqlstate", None) == FOREIGN_KEY_VIOLATION


def lacks_a_table(error: DBAPIError) -> bool:
    """Return whether a table or column is not there: the database has not been migrated."""
    if getattr(error.orig, "sqlstate", None) in {UNDEFINED_TABLE, UNDEFINED_COLUMN}:
        return True
    return isinstance(error.orig, sqlite3.Error) and bool(NOT_THERE.search(str(error.orig)))


def waited_for_a_lock(error: DBAPIError) -> bool:
    """Return whether PostgreSQL gave up because others held a lock for too long."""
    return getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE


def raise_as_busy(context: ExceptionContext) -> None:
    """Raise OperationalError for a busy database, for which trying again helps.

    The driver calls these internal errors, as if the program had made them.
    """
    error = context.original_exception
    if _is_busy(error):
        context.is_disconnect = True  # the next one uses a new connection
        raise OperationalError(context.statement or "", None, error) from error


def _is_busy(error: BaseException) -> bool:
    """Return whether it is an error of the server's state, or of a connection that ended in it.

    A server that dies right after a COMMIT adds its last words to the result, which the driver
    does not expect; such an error has no code.
    """
    code = getattr(error, "sqlstate", "")
    if code is None:
        return type(error).__name__ == "InternalError"
    return code in {IDLE_IN_A_TRANSACTION_TOO_LONG, READ_ONLY}
