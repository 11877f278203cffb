"""A standby of PostgreSQL, for reads that may lag (ADR 55).

`reading` sends the SELECTs of the running request to it. Both sides are asked before each request
whether it may be read: not if it lacks the last change of whoever looks, or something that was
hidden. One that is not fit is left alone for a while, and then probed beside the requests.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from flask_sqlalchemy.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Engine

    Execute = Callable[..., Any]

log = structlog.get_logger()

# Seconds. One that lags more is not read; one that is not fit is left alone.
MOST_LAG = 10.0
AFTER_A_FAILURE = 10.0
FAILURES = (sa.exc.DBAPIError, sa.exc.TimeoutError)
# A standby that has to remove rows cancels the statement that still needs them: this is no failure.
CANCELLED_FOR_REPLAY = "40001"
# Instead of the usual ones: a page must not wait for it as long as for the primary. Seconds; the
# driver waits for a connection for two at least.
CONNECT_ARGUMENTS: dict[str, Any] = {
    "connect_timeout": 2,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 2000,
}

_engine: ContextVar[Engine | None] = ContextVar("engine of a replica", default=None)


class State(StrEnum):
    """Whether a replica is fit to be read, and why not."""

    UNKNOWN = "not probed yet"
    UP = "up"
    FAILED = "failed"
    LATE = "late"
    PROMOTED = "no standby"
    FOREIGN = "of another database"
    DIVERGED = "on another timeline"


# Whatever is hidden steps one of the versions. `{own}` is the number of changes by one user.
_COMPARED = (
    "(SELECT string_agg(name || n, ',' ORDER BY name) FROM versions) AS versions, {own} AS own"
)
_PRIMARY = (
    "SELECT (pg_current_wal_lsn() - '0/0')::bigint AS position,"
    f" left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline, {_COMPARED}"
)
# The timeline in the control file may be that of before a failover for some minutes.
_TIMELINE = "to_hex(greatest(c.timeline_id, r.min_recovery_end_timeline))"
_REPLICA = (
    "SELECT pg_is_in_recovery() AS is_standby,"  # noqa: S608 -- constants
    " coalesce((pg_last_wal_replay_lsn() - '0/0')::bigint, 0) AS position,"
    f" upper(lpad({_TIMELINE}, 8, '0')) AS timeline,"
    " s.system_identifier AS cluster,"
    " (SELECT oid FROM pg_database WHERE datname = current_database()) AS database,"
    f" extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float AS lag, {_COMPARED}"
    " FROM pg_control_checkpoint() c, pg_control_recovery() r, pg_control_system() s"
)
_IDENTITY = sa.text(
    "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())"
    " FROM pg_control_system()"
)
_POSITION = sa.text("SELECT (pg_current_wal_lsn() - '0/0')::bigint")


class RoutedSession(Session):
    """The session of requests, which reads from a replica inside of `reading`."""

    def get_bind(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 -- as SQLAlchemy has it
        """Return the engine of the replica, or the usual one."""
        return _engine.get() or super().get_bind(*arguments, **options)


@dataclass(frozen=True)
class Comparison:
    """What both sides said: seconds of lag, and whether the replica has all that must be there."""

    state: State
    lag: float
    is_complete: bool = False


class Replica:
    """A replica, and since when it is left alone.

    `own` is the SQL of how often the user `:user_id` has changed something, which must be the same
    on both sides.
    """

    def __init__(self, engine: Engine, primary: Engine, *, own: str) -> None:
        self.engine, self.primary = engine, primary
        user = sa.bindparam("user_id", type_=sa.BigInteger)
        self._of_primary = sa.text(_PRIMARY.format(own=own)).bindparams(user)
        self._of_replica = sa.text(_REPLICA.format(own=own)).bindparams(user)
        self._identity: tuple[int, int] | None = None
        self._state = State.UNKNOWN
        self._left_alone_until = 0.0
        self._late_since: float | None = None
        self._probing = threading.Lock()

    # --- for requests ----------------------------------------------------------------------------

    def may_be_read(self, session: Any, user_id: int | None) -> bool:  # noqa: ANN401 -- a scoped session
        """Return whether it has every change by this user, and all that was hidden.

        One statement on each side, which raises one of FAILURES where there is no answer.
        """
        if not self._is_up():
            return False

        def on_replica(*arguments: Any) -> Any:  # noqa: ANN401 -- as SQLAlchemy has it
            with self.reading():
                return session.execute(*arguments)

        found = self._compare(session.execute, on_replica, user_id)
        if found.state is State.UP:
            self._late_since = None
        else:
            self._note(found.state)
        return found.state is State.UP and found.is_complete

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read from it until the block ends."""
        token = _engine.set(self.engine)
        try:
            yield
        finally:
            _engine.reset(token)

    def fail(self, error: Exception) -> None:
        """Read from the primary for a while, unless this one is only busy with replaying."""
        code = getattr(getattr(error, "orig", None), "sqlstate", None)
        if code != CANCELLED_FOR_REPLAY:
            self._leave_alone(State.FAILED)

    def _is_up(self) -> bool:
        if self._state is State.UP:
            return True
        if time.monotonic() >= self._left_alone_until and self._probing.acquire(blocking=False):
            threading.Thread(target=self._probe_beside, name="replica", daemon=True).start()
        return False

    # --- probing ---------------------------------------------------------------------------------

    def probe(self) -> Comparison:
        """Compare both sides by connections of its own, and read it from now on if it is fit."""
        try:
            with self.primary.connect() as primary, self.engine.connect() as replica:
                cluster, database = primary.execute(_IDENTITY).one()
                self._identity = (cluster, database)
                found = self._compare(primary.execute, replica.execute, None)
        except FAILURES:
            found = Comparison(State.FAILED, 0.0)
        if found.state is State.UP:
            self._become(State.UP)
        else:
            self._leave_alone(found.state)
        return found

    def _probe_beside(self) -> None:
        try:
            self.probe()
        finally:
            self._probing.release()

    def _compare(self, primary: Execute, replica: Execute, user_id: int | None) -> Comparison:
        written = primary(self._of_primary, {"user_id": user_id}).one()
        replayed = replica(self._of_replica, {"user_id": user_id}).one()
        if doubt := self._doubt(written, replayed, primary):
            return Comparison(doubt, 0.0)
        # Without new transactions the last one only grows older: that is no lag.
        lag = 0.0 if replayed.position >= written.position else replayed.lag
        if lag is None or lag > MOST_LAG:
            return Comparison(State.LATE, lag or MOST_LAG)
        is_complete = (written.versions, written.own) == (replayed.versions, replayed.own)
        return Comparison(State.UP, lag, is_complete)

    def _doubt(self, written: Any, replayed: Any, primary: Execute) -> State | None:  # noqa: ANN401 -- rows
        """Return why this is no standby of the primary; None if it is."""
        if not replayed.is_standby:
            return State.PROMOTED
        if (replayed.cluster, replayed.database) != self._identity:
            return State.FOREIGN
        if replayed.timeline != written.timeline:
            return State.DIVERGED
        # It cannot be ahead, other than by what was written since the primary was asked.
        if replayed.position > written.position:
            now: int = primary(_POSITION).scalar_one()
            return State.DIVERGED if replayed.position > now else None
        return None

    # --- what is known of it ---------------------------------------------------------------------

    def _note(self, state: State) -> None:
        if state is not State.LATE:
            self._leave_alone(state)
            return
        # After a pause the first transaction seems late for a moment.
        now = time.monotonic()
        self._late_since = self._late_since or now
        if now - self._late_since > MOST_LAG:
            self._leave_alone(state)

    def _leave_alone(self, state: State) -> None:
        self._left_alone_until = time.monotonic() + AFTER_A_FAILURE
        self._become(state)

    def _become(self, state: State) -> None:
        """Remember the state, and log that it changed."""
        was, self._state = self._state, state
        self._late_since = None
        if state is was:
            return
        if state is State.UP:
            self._left_alone_until = 0.0
            log.info("replica_up", before=str(was))
        else:
            log.warning("replica_left_alone", state=str(state))


@contextmanager
def from_primary() -> Iterator[None]:
    """Read from the primary inside of `reading`, for what is compared with what came from there."""
    token = _engine.set(None)
    try:
        yield
    finally:
        _engine.reset(token)
