"""Cost of importing 10,000 rows on SQLite, and the longest wait of another writer.

The other writer is a separate process, like another worker. It writes one row every few
milliseconds and records the longest write.
"""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Self

from trackflow_web import composition, create_app
from trackflow_web.domain.imports import actions, files
from trackflow_web.domain.imports.models import Import
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from flask import Flask

ROWS = 10_000
ROWS_QUICK = 500
ARTISTS = 3_000
GOALS = {
    "seconds": "< 5",
    "longest wait of another writer, seconds": "< 1",
    "peak RSS, MB": "< 150",
}
BETWEEN_WRITES = 0.005


def measure(*, quick: bool) -> dict[str, object]:
    """Return seconds from the file to the last commit, the longest wait, and peak memory."""
    rows = ROWS_QUICK if quick else ROWS
    content = playlist(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.sqlite3")
        app = create_app(
            {
                "DATABASE_URL": f"sqlite:///{path}",
                "SECRET_KEY": "a key for measuring, of no use to anybody",
                "PASSWORD_COST": "cheap",
                "JOBS": "worker",
            }
        )
        for command in (["db", "upgrade"], ["achievements", "sync"]):
            app.test_cli_runner().invoke(args=command, catch_exceptions=False)
        user_id = _somebody(app)
        with _Writer(path) as writer:
            start = time.perf_counter()
            imported = _import(app, user_id, content)
            seconds = time.perf_counter() - start
        assert imported == rows, f"{imported} of {rows} rows became songs"
        return {
            "rows": rows,
            "seconds": round(seconds, 2),
            "longest wait of another writer, seconds": round(writer.longest(), 3),
            "peak RSS, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def playlist(rows: int) -> bytes:
    """Return a file in the format of Exportify."""
    lines = ["Track URI,Track Name,Album Name,Artist Name(s),Release Date"]
    lines += [
        f'spotify:track:{n},Song number {n},Album {n // 12},"Artist {n % ARTISTS};A Guest",'
        f"{1960 + n % 60}-05-03"
        for n in range(rows)
    ]
    return "\n".join(lines).encode()


def _somebody(app: Flask) -> int:
    with app.app_context(), unit_of_work(composition.HANDLERS):
        user = people.register(
            username="bench", email="bench@example.org", password="songs by the thousand"
        )
        return user.id


def _import(app: Flask, user_id: int, content: bytes) -> int:
    """Import released songs, which change the most counters; return their number."""
    with app.app_context(), unit_of_work(composition.HANDLERS):
        user = db.session.get_one(User, user_id)
        item = actions.begin_file(user, files.read(content), name="Bench", status="released")
        app.extensions["trackflow.jobs"].start_import(item.id)
    app.extensions["trackflow.jobs"].run_due()
    with app.app_context():
        return db.session.get_one(Import, item.id).imported


class _Writer:
    """A second process that writes continuously."""

    def __init__(self, path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._longest = context.Queue()
        self._process = context.Process(target=_write, args=(path, self._stop, self._longest))

    def __enter__(self) -> Self:
        self._process.start()
        self._longest.get()  # it has started
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()

    def longest(self) -> float:
        longest: float = self._longest.get()
        self._process.join()
        return longest


def _write(path: Path, stop: Event, longest: multiprocessing.Queue[float]) -> None:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    waits = [0.0]
    longest.put(0)
    while not stop.is_set():
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE users SET timezone = 'UTC' WHERE username = 'nobody'")
        connection.execute("COMMIT")
        waits.append(time.perf_counter() - start)
        time.sleep(BETWEEN_WRITES)
    connection.close()
    longest.put(max(waits))
