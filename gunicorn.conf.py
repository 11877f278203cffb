"""gunicorn hooks: separate connections per worker, and a thread for jobs in one of them."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

# gunicorn would read SCRIPT_NAME and PATH_INFO from headers of a client on this machine, and fail
# if they do not match the URL. They are dropped like every header with an underscore.
forwarder_headers = ""

# The directory in which workers write metrics. It must be set before the metrics are imported, and
# stays the same when SIGHUP reloads this file.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "trackflow-metrics-"
if os.environ.get("METRICS_TOKEN") and METRICS_FOLDER not in os.environ:
    os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix=PREFIX)

from prometheus_client.multiprocess import mark_process_dead

from trackflow_web.config.values import ConfigError, live_streams
from trackflow_web.jobs.consumer import JobThread
from trackflow_web.kernel.database import forget_connections

if TYPE_CHECKING:
    from types import FrameType

    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

# Of the C library: how many areas of memory threads have (M_ARENA_MAX).
ARENAS = -8

_threads: list[JobThread] = []

try:
    _streams = live_streams(os.environ)
except ConfigError as refusal:
    sys.exit(f"TrackFlow cannot start: {refusal}")

if _streams:
    # By default threads take turns with many areas, each with holes of its own: twice the memory of
    # a stream. Python's threads hardly ever need two at once. Other C libraries have no such limit.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(ARENAS, 1)


def post_fork(_server: Arbiter, worker: Worker) -> None:
    """Add a thread for each event stream, so that --threads are those of the pages."""
    if _streams:
        worker.cfg.set("threads", worker.cfg.threads + _streams)


def post_worker_init(worker: Worker) -> None:
    """Start the thread after the fork: threads and connections do not survive a fork."""
    jobs = worker.wsgi.extensions["trackflow.jobs"]
    # With --preload the master may have connections, which processes must not share.
    with worker.wsgi.app_context():
        forget_connections()
    jobs.forget_connections()
    _end_streams_at_exit(worker)
    if jobs.in_thread:
        _threads.append(JobThread(jobs))
        _threads[-1].start()


def _end_streams_at_exit(worker: Worker) -> None:
    """End the event streams with SIGTERM: gunicorn waits for responses that have begun."""
    streams = worker.wsgi.extensions["trackflow.streams"]
    exit_gracefully = signal.getsignal(signal.SIGTERM)

    def end_streams(number: int, frame: FrameType | None) -> None:
        streams.stop()
        if callable(exit_gracefully):
            exit_gracefully(number, frame)

    signal.signal(signal.SIGTERM, end_streams)


def worker_int(worker: Worker) -> None:
    """End the event streams with Ctrl-C."""
    worker.wsgi.extensions["trackflow.streams"].stop()


def worker_exit(_server: object, _worker: Worker) -> None:
    """Stop the thread, so that another worker runs the jobs."""
    for thread in _threads:
        thread.stop()
    _end_quickly()


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Reset the in-use metrics of an exited worker."""
    if METRICS_FOLDER in os.environ:
        mark_process_dead(worker.pid)


def on_exit(server: Arbiter) -> None:
    """Remove the metrics directory; with --preload the master has loaded the application too."""
    folder = os.environ.get(METRICS_FOLDER, "")
    if PREFIX in folder and not server.reexec_pid:  # otherwise the next master uses it
        shutil.rmtree(folder, ignore_errors=True)
    _end_quickly()


def _end_quickly() -> None:
    """Skip the final garbage collection, which visits all imported objects.

    On a busy machine it takes longer than the graceful timeout.
    """
    gc.freeze()
