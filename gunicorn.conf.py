"""What gunicorn does beside serving: connections of each worker's own, and one does the jobs."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

# gunicorn would take the script's name and path from headers of a client on this machine, and break
# where they do not fit the address. They are dropped like every header with an underscore.
forwarder_headers = ""

# Where the workers write their numbers. It must be said before anything that counts is imported,
# and stays the same when SIGHUP reads this file again.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "trackflow-metrics-"
if os.environ.get("METRICS_TOKEN") and METRICS_FOLDER not in os.environ:
    os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix=PREFIX)

from prometheus_client.multiprocess import mark_process_dead

from trackflow_web.jobs.consumer import JobThread
from trackflow_web.kernel.database import forget_connections

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
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


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Let what a worker had in use be nobody's any more, however it ended."""
    if METRICS_FOLDER in os.environ:
        mark_process_dead(worker.pid)


def on_exit(server: Arbiter) -> None:
    """The master has loaded the application too, for its workers to share."""
    folder = os.environ.get(METRICS_FOLDER, "")
    if PREFIX in folder and not server.reexec_pid:  # else it is the next master's
        shutil.rmtree(folder, ignore_errors=True)
    _end_quickly()


def _end_quickly() -> None:
    """Leave out the last collection of garbage, which walks through all that was ever imported.

    On a busy machine that alone takes longer than the workers have to end.
    """
    gc.freeze()
