"""Durations of requests, measured in each process and exposed as one.

Under gunicorn every worker writes its metrics to a separate file in a folder that
`gunicorn.conf.py` creates, and the scraped worker sums them. Those of exited workers are kept, so
that no counter decreases.
"""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Request
    from prometheus_client.registry import Collector
    from sqlalchemy.engine import Engine

    from trackflow_web.notifications.streams import Streams

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Upper bounds of the buckets in seconds: from what a page takes to the timeouts.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Method and route of unknown URLs: a client must not be able to create time series.
UNKNOWN = ("other", "none")
BROKEN = (*UNKNOWN, "5xx")


class Timing:
    """The request metrics of this machine's web processes."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "trackflow_request_seconds",
            "Requests by route and class of status, and how long their answers took.",
            ("method", "route", "status"),
            buckets=BOUNDS,
            registry=self._registry,
        )
        self._connections = Gauge(
            "trackflow_database_connections_in_use",
            "Database connections in use.",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self._streams = Gauge(
            "trackflow_streams_open",
            "Open event streams.",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        # Looking a histogram up by its labels costs more than observing in it.
        self._known: dict[tuple[str, str, str], Histogram] = {}

    def count(self, key: tuple[str, str, str], seconds: float) -> None:
        """Observe one request by its method, route and class of status."""
        histogram = self._known.get(key)
        if histogram is None:
            histogram = self._known[key] = self._requests.labels(*key)
        histogram.observe(seconds)

    def watch(self, engine: Engine) -> None:
        """Count the engine's connections as they are checked out and in."""
        event.listen(engine, "checkout", lambda *_: self._connections.inc())
        event.listen(engine, "checkin", lambda *_: self._connections.dec())

    def watch_streams(self, streams: Streams) -> None:
        """Count the streams that are open."""
        streams.note_change = self._streams.inc

    def count_pages_of_replica(self) -> Callable[[str], None]:
        """Return what counts pages that may lag, by the database they were read from."""
        pages = Counter(
            "trackflow_replica_pages",
            "Pages that may lag, by the database they were read from.",
            ("source",),
            registry=self._registry,
        )
        return lambda source: pages.labels(source).inc()

    def exposition(self, more: Collector) -> bytes:
        """Return these metrics and those of `more` in the text format of Prometheus."""
        if folder := os.environ.get(FOLDER):
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        else:
            registry = self._registry
        rest = CollectorRegistry()
        rest.register(more)
        return generate_latest(registry) + generate_latest(rest)


class CountRequests:
    """WSGI middleware around everything else, so that what other layers reject is counted."""

    def __init__(self, application: WSGIApplication, timing: Timing) -> None:
        self.application = application
        self.timing = timing

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as the application does."""
        begun, key = perf_counter(), BROKEN

        def start(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: tuple[type[BaseException], BaseException, TracebackType]
            | tuple[None, None, None]
            | None = None,
        ) -> object:
            nonlocal key
            key = _key(environ, status)
            return start_response(status, headers, exc_info)

        try:
            return self.application(environ, start)  # type: ignore[arg-type]  # start_response's shape
        finally:
            self.timing.count(key, perf_counter() - begun)


def _key(environ: WSGIEnvironment, status: str) -> tuple[str, str, str]:
    request: Request | None = environ.get("werkzeug.request")  # deleted at the end of the request
    rule = request.url_rule if request else None
    method, route = (environ["REQUEST_METHOD"], rule.rule) if rule else UNKNOWN
    return method, route, f"{status[0]}xx"
