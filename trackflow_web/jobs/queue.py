"""The queue of jobs: huey, in a file beside the SQLite database or in PostgreSQL.

A job that huey hands out and that dies is not handed out again. So jobs may be repeated, and a
sweep finds what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer

from trackflow_web.domain.share_images.models import Kind
from trackflow_web.jobs import share_images, sweep
from trackflow_web.jobs.connections import Connections
from trackflow_web.jobs.tools import Tools
from trackflow_web.jobs.work import Mode, Work
from trackflow_web.kernel import transactions

NAME = "trackflow"


class Jobs:
    """The jobs of one application; `context` returns the context of a job's database session."""

    def __init__(
        self,
        *,
        mode: Mode,
        database_url: str,
        pooled: bool,
        instance_path: Path,
        secret: str,
        tools: Tools,
        context: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self.mode = mode
        self.tools = tools
        self.context = context
        self._url = sa.make_url(database_url)
        self._pooled = pooled
        self._instance = instance_path
        self._secret = secret
        self._huey: Huey | None = None
        self._connections: Connections | None = None
        self.work = Work(mode=mode, tools=tools, context=context, enqueue=self._start)

    @property
    def huey(self) -> Huey:
        """The queue; opened when first needed, because startup needs no database."""
        if self._huey is None:
            self._huey = self._open()
        return self._huey

    @property
    def lock_path(self) -> Path:
        """Return the lock file that selects the process of a machine that runs the jobs."""
        if self._url.get_backend_name() == "sqlite":
            return _beside(self._url, ".jobs.lock")
        return self._instance / "jobs.lock"

    @property
    def in_thread(self) -> bool:
        """Whether a thread of the web process is to do the jobs."""
        return self.mode is Mode.THREAD

    @property
    def alone_on_one_machine(self) -> bool:
        """Return whether the holder of the lock is the only worker: with SQLite, on one machine."""
        return self._url.get_backend_name() == "sqlite"

    def start_import(self, import_id: int) -> None:
        """Enqueue an import once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("import", import_id))

    def start_recheck(self, run_id: int) -> None:
        """Enqueue a recheck of everyone once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("recheck", run_id))

    def start_mails(self) -> None:
        """Send queued mails once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("mails", 0))

    def start_avatar(self, user_id: int) -> None:
        """Encode an uploaded picture once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("avatar", user_id))

    def start_cover(self, cover_id: int) -> None:
        """Encode an uploaded cover once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("cover", cover_id))

    def start_chart_scan(self, scan_id: int) -> None:
        """Read uploaded chart files once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("charts", scan_id))

    def start_share_image(self, kind: Kind, subject_id: int) -> None:
        """Render the image of a page once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start(f"share_{kind}", subject_id))

    def start_notifications(self) -> None:
        """Write notices for many once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("notifications", 0))

    def start_webhooks(self) -> None:
        """Send queued deliveries of webhooks once the running unit of work is committed."""
        transactions.after_commit(lambda: self._start("webhooks", 0))

    def prune(self) -> None:
        """Delete notifications and entries of the feed that are too old, turn by turn."""
        self._start("prune_notifications", 0)
        self._start("prune_feed", 0)

    def prune_share_images(self) -> int:
        """Delete images of public pages that nobody views or may see; return how many."""
        with self.context():
            return share_images.prune(self.tools)

    def run_due(self) -> int:
        """Run all queued jobs in this thread; return how many there were."""
        done = 0
        while (task := self.huey.dequeue()) is not None:
            self.huey.execute(task)
            done += 1
        return done

    def waiting(self) -> int:
        """Return the number of queued jobs, delayed ones included."""
        if self.mode is Mode.AT_ONCE:
            return 0
        return int(self.huey.pending_count() + self.huey.scheduled_count())

    def close(self) -> None:
        """Close the queue's connections; the next use opens one again."""
        if self._huey is not None:
            self._huey.storage.close()
        if self._connections is not None:
            self._connections.close()

    def forget_connections(self) -> None:
        """Discard all connections after a fork: they belong to the parent."""
        self._huey = None
        self._connections = None

    def sweep(self, *, at_start: bool = False) -> None:
        """Continue unfinished work."""
        with self.context():
            # At startup unfinished jobs are restarted, whichever worker seems to have them.
            sweep.run(
                self.tools,
                partial(self._start, take_over=at_start),
                at_start=at_start,
            )

    def _start(
        self, name: str, row_id: int, *, take_over: bool = False, delay: float | None = None
    ) -> None:
        """Enqueue a job by its name, with the id of its row; `delay` is in seconds."""
        if self.mode is Mode.AT_ONCE:
            # In a context of its own: what the request has set for itself stays as it is.
            copy_context().run(self.work.named[name], row_id, take_over=take_over)
            return
        huey = self.huey
        huey.enqueue(self._tasks[name].s(row_id, take_over=take_over, delay=delay))

    def _open(self) -> Huey:
        options: dict[str, Any] = {"results": False, "serializer": SignedSerializer(self._secret)}
        if self._url.get_backend_name() == "sqlite":
            huey: Huey = SqliteHuey(
                NAME, filename=str(_beside(self._url, ".jobs")), fsync=False, **options
            )
        else:
            self._connections = Connections(self._url, pooled=self._pooled)
            # A signal does not pass through a pooler: the consumer then looks twice a second.
            options["blocking"] = not self._pooled
            # The tables come by a migration: made by the queue, two processes would race.
            options["create_tables"] = False
            huey = PostgresHuey(NAME, connection=self._connections.open, **options)
        self._tasks = {
            **{name: huey.task(name=name)(job) for name, job in self.work.named.items()},
            "retention": huey.periodic_task(crontab(hour="3", minute="30"), name="retention")(
                self.prune
            ),
            "images": huey.periodic_task(crontab(hour="3", minute="45"), name="images")(
                self.prune_share_images
            ),
            "sweep": huey.periodic_task(crontab(minute="*"), name="sweep")(self.sweep),
        }
        return huey


def _beside(url: sa.URL, ending: str) -> Path:
    return Path(f"{url.database}{ending}")
