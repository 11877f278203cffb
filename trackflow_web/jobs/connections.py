"""The connections of the queue to PostgreSQL, of which huey opens one in each thread."""

from __future__ import annotations

from threading import Lock, Thread, current_thread
from typing import TYPE_CHECKING, Any

import psycopg

from trackflow_web.kernel.database import connect_arguments

if TYPE_CHECKING:
    import sqlalchemy as sa

# As PostgreSQL lists them.
NAME = "trackflow jobs"


class Connections:
    """Opens connections for huey, which leaves those of other threads open, and closes them."""

    def __init__(self, url: sa.URL, *, pooled: bool) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._arguments = {**connect_arguments(pooled=pooled), "application_name": NAME}
        self._opened: list[tuple[Thread, psycopg.Connection[Any]]] = []
        self._lock = Lock()

    def open(self) -> psycopg.Connection[Any]:
        """Return a new connection for this thread; those of ended threads are closed."""
        made = psycopg.connect(self._dsn, **self._arguments)
        with self._lock:
            ended = [each for each in self._opened if not each[0].is_alive()]
            self._opened = [each for each in self._opened if each not in ended]
            self._opened.append((current_thread(), made))
        for _, connection in ended:
            connection.close()
        return made

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            opened, self._opened = self._opened, []
        for _, connection in opened:
            connection.close()
