"""A standby of PostgreSQL, for reads that may lag (ADR 55).

`reading` sends the SELECTs of the running request to it. Whether it may be read is asked before
each request: not if it lacks the last change of somebody who looks, or something that was hidden.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from flask_sqlalchemy.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

log = structlog.get_logger()

# Seconds. One that lags more is not read; one that failed is left alone.
MOST_LAG = 10.0
AFTER_A_FAILURE = 10.0
FAILURES = (sa.exc.DBAPIError, sa.exc.TimeoutError)

_engine: ContextVar[Engine | None] = ContextVar("engine of a replica", default=None)

_VERSIONS = "(SELECT string_agg(name || n, ',' ORDER BY name) FROM versions)"
_NOW = sa.text("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
_PRIMARY = sa.text(f"SELECT (pg_current_wal_lsn() - '0/0')::bigint, {_VERSIONS}")
_REPLICA = sa.text(
    "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"  # noqa: S608
    f" ELSE pg_current_wal_lsn() END - '0/0')::bigint, {_VERSIONS},"
    " extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float"
)


class RoutedSession(Session):
    """The session of requests, which reads from a replica inside of `reading`."""

    def get_bind(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 -- as SQLAlchemy has it
        """Return the engine of the replica, or the usual one."""
        return _engine.get() or super().get_bind(*arguments, **options)


class Replica:
    """A replica, and since when it is not asked."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._left_alone_until = 0.0

    def may_be_read(self, session: Any, position: int) -> bool:  # noqa: ANN401 -- a scoped session
        """Return whether it has everything up to this position of the log, and all that was hidden.

        One statement on each side, which raises one of FAILURES where there is no answer.
        """
        if time.monotonic() < self._left_alone_until:
            return False
        written, versions = session.execute(_PRIMARY).one()
        with self.reading():
            replayed, known, lag = session.execute(_REPLICA).one()
        # Without new transactions the last one only grows older: that is no lag.
        is_late = replayed < written and (lag is None or lag > MOST_LAG)
        return bool(versions == known and replayed >= position and not is_late)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read from it until the block ends."""
        token = _engine.set(self.engine)
        try:
            yield
        finally:
            _engine.reset(token)

    def leave_alone(self) -> None:
        """Read from the primary for a while, because this one failed."""
        log.warning("replica_failed")
        self._left_alone_until = time.monotonic() + AFTER_A_FAILURE


@contextmanager
def from_primary() -> Iterator[None]:
    """Read from the primary inside of `reading`, for what is compared with what came from there."""
    token = _engine.set(None)
    try:
        yield
    finally:
        _engine.reset(token)


def position(session: Any) -> int:  # noqa: ANN401 -- a scoped session
    """Return the position of the primary's log, behind everything committed until now."""
    found: int = session.execute(_NOW).scalar_one()
    return found
