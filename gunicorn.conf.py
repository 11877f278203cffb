"""What gunicorn does beside serving: connections of each worker's own, and one does the jobs."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from trackflow_web.jobs.consumer import JobThread
from trackflow_web.kernel.database import forget_connections

if TYPE_CHECKING:
    from gunicorn.workers.base import Worker

_threads: list[JobThread] = []


def post_worker_init(worker: Worker) -> None:
    """Start the thread once the worker is forked: threads and connections survive no fork."""
    jobs = worker.wsgi.extensions["trackflow.jobs"]
    # With --preload the master may have some, which two processes must not talk through.
    with worker.wsgi.app_context():
        forget_connections()
    jobs.forget_connections()
    if jobs.in_thread:
        _threads.append(JobThread(jobs))
        _threads[-1].start()


def worker_exit(_server: object, _worker: Worker) -> None:
    """Let another worker have the jobs."""
    for thread in _threads:
        thread.stop()
    _end_quickly()


def on_exit(_server: object) -> None:
    """The master has loaded the application too, for its workers to share."""
    _end_quickly()


def _end_quickly() -> None:
    """Leave out the last collection of garbage, which walks through all that was ever imported.

    On a busy machine that alone takes longer than the workers have to end.
    """
    gc.freeze()
