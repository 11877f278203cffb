"""Signals between processes: somebody's rows were committed.

PostgreSQL delivers them (NOTIFY, LISTEN). SQLite needs none sent: the version of its file changes
with every commit of another connection. A signal may be lost, and says at most whom it concerns.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from trackflow_web.kernel.database import engine_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session

CHANNEL = "trackflow"
# Of the connections, as PostgreSQL lists them.
NAME = "trackflow signals"
EVERYBODY = "*"
# PostgreSQL's limit is 8,000 bytes.
LONGEST_PAYLOAD = 7_000

_NOTIFY = sa.text("SELECT pg_notify(:channel, :payload)")
_sending = False


class Lost(Exception):
    """The connection of a receiver was lost."""


def use(*, sending: bool) -> None:
    """Set whether this process sends signals: not without anybody to receive them."""
    global _sending  # noqa: PLW0603 -- a setting of the whole process
    _sending = sending


def send(session: Session, ids: Sequence[int]) -> None:
    """Send with the commit whose rows have changed; once per transaction.

    PostgreSQL commits transactions that notify one after the other.
    """
    if not _sending or session.get_bind().dialect.name == "sqlite":
        return
    payload = ",".join(map(str, ids))
    if len(payload) > LONGEST_PAYLOAD:
        payload = EVERYBODY
    session.execute(_NOTIFY, {"channel": CHANNEL, "payload": payload})


class Receiver:
    """Waits for signals, on a connection of its own."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._errors: type[Exception] = connection.dialect.loaded_dbapi.Error
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._version = self._data_version() if self._is_sqlite else 0

    def wait(self, seconds: float) -> frozenset[int] | None:
        """Return whose rows have changed, after at most this time; None: anybody's.

        Signals that have come together are one. Raises Lost.
        """
        try:
            return self._wait_for_file(seconds) if self._is_sqlite else self._wait_for_ids(seconds)
        except self._errors as error:
            raise Lost from error

    def _wait_for_file(self, seconds: float) -> frozenset[int] | None:
        time.sleep(seconds)
        version = self._data_version()
        moved = version != self._version
        self._version = version
        return None if moved else frozenset()

    def _data_version(self) -> int:
        version: int = self._driver.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _wait_for_ids(self, seconds: float) -> frozenset[int] | None:
        payloads = [each.payload for each in self._driver.notifies(timeout=seconds, stop_after=1)]
        if EVERYBODY in payloads:
            return None
        return frozenset(int(id_) for payload in payloads for id_ in payload.split(","))


@contextmanager
def receiving(url: sa.URL) -> Iterator[Receiver]:
    """Receive signals until the block ends. Raises Lost when there is no connection."""
    arguments = engine_options(str(url))["connect_args"]
    if url.get_backend_name() != "sqlite":
        arguments["application_name"] = NAME
    engine = sa.create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                connection.execute(sa.text(f"LISTEN {CHANNEL}"))
            yield Receiver(connection)
    except sa.exc.DBAPIError as error:
        raise Lost from error
