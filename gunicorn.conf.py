"""What gunicorn does beside serving: one of its workers does the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.jobs.consumer import JobThread

if TYPE_CHECKING:
    from gunicorn.workers.base import Worker

_threads: list[JobThread] = []


def post_worker_init(worker: Worker) -> None:
    """Start the thread once the worker is forked: threads and connections survive no fork."""
    jobs = worker.wsgi.extensions["trackflow.jobs"]
    if jobs.in_thread:
        _threads.append(JobThread(jobs))
        _threads[-1].start()


def worker_exit(_server: object, _worker: Worker) -> None:
    """Let another worker have the jobs."""
    for thread in _threads:
        thread.stop()
