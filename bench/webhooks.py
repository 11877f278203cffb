"""Cost of webhooks: pages while 1,000 deliveries are due, relative to pages with none due.

The job runs in a thread of the process that renders the pages, or in a process of its own. The
receiver is a third process on this machine.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from bench.site import Site, Visitor
from trackflow_web import composition, create_app
from trackflow_web.domain.webhooks import actions, outbox, queueing
from trackflow_web.domain.webhooks.models import Delivery, Webhook
from trackflow_web.jobs.consumer import JobThread
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from trackflow_web.jobs.queue import Jobs

ROOT = Path(__file__).parents[1]
SONGS = 50
DUE = 1_000
WEBHOOKS = 50
PAGES = 60
ROUNDS = 6
PAGE = "/songs/"
SECONDS_TO_START = 30
GOALS = {
    "pages while 1,000 are due / none, `JOBS=worker`": "<= 1.15",
    "pages while 1,000 are due / none, `JOBS=thread`": "<= 1.3",
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return both ratios, and how many deliveries a second were made meanwhile."""
    figures: dict[str, object] = {"deliveries due": 40 if quick else DUE}
    for mode in ("worker", "thread"):
        with _receiver() as address, tempfile.TemporaryDirectory() as folder:
            ratio, rate = _measured(mode, address, Path(folder), quick=quick)
        figures[f"pages while 1,000 are due / none, `JOBS={mode}`"] = round(ratio, 3)
        figures[f"deliveries a second, `JOBS={mode}`"] = round(rate)
    return figures


def _measured(mode: str, address: str, folder: Path, *, quick: bool) -> tuple[float, float]:
    settings = {
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
        "INSTANCE_PATH": str(folder),
        "SECRET_KEY": "a key for measuring, of no use to anybody",
        "PASSWORD_COST": "cheap",
        "WEBHOOK_TARGETS": "loopback",
        "JOBS": mode,
    }
    app = create_app(settings)
    for command in (["db", "upgrade"], ["achievements", "sync"]):
        app.test_cli_runner().invoke(args=command, catch_exceptions=False)
    made = Site(app, composition.HANDLERS)
    visitor = Visitor(made, "alice")
    visitor.add_songs(range(SONGS), by_way_of=["future"])
    jobs: Jobs = app.extensions["trackflow.jobs"]
    _queue(made, visitor, jobs, address, 40 if quick else DUE)
    running = _thread(jobs) if mode == "thread" else _process(settings)
    with running:
        return _ratio(made, visitor, jobs, quick=quick)


def _queue(made: Site, visitor: Visitor, jobs: Jobs, address: str, due: int) -> None:
    """Queue test deliveries, which wait until a year from now, for many webhooks."""
    with made.working():
        first, _ = actions.create(
            visitor.user,
            jobs.tools.vault,
            base_url="http://localhost",
            loopback=True,
            url=f"{address}/hook",
            events=["song.released"],
        )
        table = cast("sa.Table", Webhook.__table__)
        row = dict(db.session.execute(sa.select(table)).mappings().one())
        db.session.execute(
            sa.insert(table), [{**row, "id": first.id + n} for n in range(1, WEBHOOKS)]
        )
        for n in range(due):
            webhook = db.session.get_one(Webhook, first.id + n % WEBHOOKS)
            queueing.add(webhook, "webhook.test", webhook.id, key=f"{n}", happened_at=clock.now())
        _postpone()


def _postpone() -> None:
    later = clock.now() + queueing.DAY * 365
    db.session.execute(
        sa.update(Delivery).values(due_at=later, ended_at=None, attempts=0, outcome="")
    )


def _ratio(made: Site, visitor: Visitor, jobs: Jobs, *, quick: bool) -> tuple[float, float]:
    """Return the time of pages while deliveries are due, relative to none, and their rate.

    Both are measured in turns. A turn ends before the last delivery was made.
    """
    pages, rounds = (5, 1) if quick else (PAGES, ROUNDS)
    idle, busy, sent = 0.0, 0.0, 0
    visitor.look(PAGE)
    for _ in range(rounds):
        idle += _seconds(visitor, pages)
        with made.working():
            db.session.execute(sa.update(Delivery).values(due_at=clock.now()))
            jobs.start_webhooks()
        _wait_for_first(made)
        before = _ended(made)
        busy += _seconds(visitor, pages)
        sent += _ended(made) - before
        with made.working():
            assert quick or outbox.is_due(), "all were delivered before the end"
            _postpone()
        time.sleep(0 if quick else 1)  # what is under way ends
        with made.working():
            _postpone()
    return busy / idle, sent / busy


def _seconds(visitor: Visitor, pages: int) -> float:
    begun = time.perf_counter()
    for _ in range(pages):
        visitor.look(PAGE)
    return time.perf_counter() - begun


def _ended(made: Site) -> int:
    ended = sa.select(sa.func.count()).where(Delivery.ended_at.is_not(None))
    with made.app.app_context():
        return db.session.scalar(ended) or 0


def _wait_for_first(made: Site) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while not _ended(made):
        assert time.monotonic() < end, "no job runs"
        time.sleep(0.05)


@contextmanager
def _thread(jobs: Jobs) -> Iterator[None]:
    thread = JobThread(jobs)
    thread.start()
    try:
        yield
    finally:
        thread.stop()


@contextmanager
def _process(settings: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "run"]
    environment = {**os.environ, **settings}
    worker = subprocess.Popen(  # noqa: S603 -- our own
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


# --- the receiver --------------------------------------------------------------------------------


@contextmanager
def _receiver() -> Iterator[str]:
    """Run a receiver in a process of its own; yield its address."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_receive, args=(theirs,))
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


def _receive(port: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    port.send(server.server_address[1])
    threading.Thread(target=server.serve_forever).start()


class _Receiver(BaseHTTPRequestHandler):
    """Accepts everything that is JSON."""

    def do_POST(self) -> None:
        """Answer 204."""
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""
