"""The consumer of the queue: a thread of the web process, or a separate process."""

from __future__ import annotations

import fcntl
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import structlog
from huey.consumer import Consumer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackflow_web.jobs.queue import Jobs

log = structlog.get_logger()

# Seconds. A job starts at most this long after it was enqueued.
LONGEST_DELAY = 0.5
BETWEEN_TRIES_FOR_THE_LOCK = 2.0
TO_STOP = 3.0


class _Embedded(Consumer):  # type: ignore[misc]  # huey has no types
    """A consumer that leaves the signals to the web server whose thread it is."""

    def _set_signal_handlers(self) -> None:
        pass


class JobThread:
    """Runs jobs in a daemon thread, unless another process of this machine does.

    Every web process has one; a file lock selects one of them. The operating system releases the
    lock when its holder exits.
    """

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self._stopping = threading.Event()
        self._consumer: _Embedded | None = None
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Start; return immediately."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current job, or leave it to the next worker."""
        self._stopping.set()
        if self._consumer is not None:
            self._consumer.stop_flag.set()
        self._thread.join(TO_STOP)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with _alone(self.jobs) as alone:
                    if alone:
                        self._consume()
            # The database may be away or not migrated yet: the thread tries again.
            except Exception:
                log.exception("jobs_broke_off")
            self._stopping.wait(BETWEEN_TRIES_FOR_THE_LOCK)

    def _consume(self) -> None:
        self.jobs.sweep(at_start=self.jobs.alone_on_one_machine)
        self._consumer = _Embedded(self.jobs.huey, workers=1, max_delay=LONGEST_DELAY)
        if not self._stopping.is_set():
            self._consumer.run()
            # The lock is held for as long as a job runs.
            self._consumer.stop(graceful=True)


def run_here(jobs: Jobs) -> bool:
    """Do the jobs until a signal ends it; False when another process of this machine does them."""
    with _alone(jobs) as alone:
        if alone:
            jobs.sweep(at_start=jobs.alone_on_one_machine)
            Consumer(jobs.huey, workers=1, max_delay=LONGEST_DELAY, graceful_signal="TERM").run()
    return alone


@contextmanager
def _alone(jobs: Jobs) -> Iterator[bool]:
    jobs.lock_path.parent.mkdir(parents=True, exist_ok=True)
    with jobs.lock_path.open("a") as file:
        yield _locked(file)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
