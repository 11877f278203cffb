"""Metrics for Prometheus, for scrapers that have the token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from trackflow_web.achievements.awards import holder_counting
from trackflow_web.achievements.awards.grant import latest_award_id
from trackflow_web.community.feed import latest_entry_id
from trackflow_web.domain.comments.numbers import count_held, latest_comment_id
from trackflow_web.domain.imports.queries import unfinished
from trackflow_web.domain.moderation.queries import count_open
from trackflow_web.domain.webhooks import outbox
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import pending
from trackflow_web.kernel.replica import State
from trackflow_web.kernel.transactions import reading
from trackflow_web.notifications import fan_out, inbox
from trackflow_web.web.extensions import jobs, settings, streams
from trackflow_web.web.ops.timing import CountRequests, Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from prometheus_client.metrics_core import Metric

    from trackflow_web.config import Config
    from trackflow_web.kernel.replica import Replica

pages = Blueprint("metrics", __name__)

TIMING, REPLICA = "trackflow.timing", "trackflow.replica"
WRONG_TOKEN = {"WWW-Authenticate": 'Bearer realm="metrics"'}


def init_app(app: Flask, config: Config) -> None:
    """Measure the requests of an application, if METRICS_TOKEN is set."""
    if not config.metrics_token:
        return
    timing = app.extensions[TIMING] = Timing()
    app.wsgi_app = CountRequests(app.wsgi_app, timing)  # type: ignore[method-assign]
    with app.app_context():
        timing.watch(db.engine)
        timing.watch_streams(streams())


def count_pages_of_replica(app: Flask) -> Callable[[str], None]:
    """Return what counts a page that may lag by the database it was read from."""
    timing = cast("Timing | None", app.extensions.get(TIMING))
    return timing.count_pages_of_replica() if timing else lambda _source: None


@pages.get("/metrics")
def show() -> Response:
    """Return the metrics; 404 when METRICS_TOKEN is not set."""
    token = settings().metrics_token
    if not token:
        abort(404)
    kind, _, sent = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() != "bearer" or not hmac.compare_digest(sent.encode(), token.encode()):
        return Response("wrong token", 401, WRONG_TOKEN, mimetype="text/plain")
    timing = cast("Timing", current_app.extensions[TIMING])
    body = timing.exposition(_Database())
    return Response(body, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


class _Database(Collector):
    """Metrics read from the database, which are the same in every process of every machine."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, each from one cheap statement; one while the database is down."""
        try:
            with reading():
                found = list(_metrics())
        except SQLAlchemyError:
            found = []
        yield GaugeMetricFamily(
            "trackflow_database_up", "Whether the database answers.", int(bool(found))
        )
        yield from found
        if replica := current_app.extensions.get(REPLICA):
            yield from _of_replica(replica)


def _of_replica(replica: Replica) -> Iterator[Metric]:
    """Yield what a comparison with the primary finds now, by connections of its own."""
    found = replica.probe()
    yield GaugeMetricFamily(
        "trackflow_replica_up",
        "Whether pages may be read from the replica.",
        int(found.state is State.UP),
    )
    yield GaugeMetricFamily(
        "trackflow_replica_lag_seconds", "How far it is behind the primary.", found.lag
    )


def _metrics() -> Iterator[Metric]:
    count, oldest = pending()
    age = (clock.now() - oldest).total_seconds() if oldest else 0
    yield GaugeMetricFamily(
        "trackflow_activities_unheard", "Events that wait for redelivery.", count
    )
    yield GaugeMetricFamily(
        "trackflow_activities_unheard_oldest_seconds", "Age of the oldest of them.", age
    )
    yield GaugeMetricFamily(
        "trackflow_imports_unfinished", "Imports that are neither done nor failed.", unfinished()
    )
    yield GaugeMetricFamily(
        "trackflow_fan_outs_unfinished",
        "Notices that are not written for all recipients yet.",
        fan_out.count_waiting(),
    )
    yield CounterMetricFamily(
        "trackflow_notifications", "Notifications ever written: the latest id.", inbox.latest_id()
    )
    yield GaugeMetricFamily(
        "trackflow_reports_open", "Reports that no moderator has decided about.", count_open()
    )
    yield GaugeMetricFamily(
        "trackflow_webhook_deliveries_waiting",
        "Deliveries of webhooks that wait for an attempt.",
        outbox.count_waiting(),
    )
    yield CounterMetricFamily(
        "trackflow_comments", "Comments ever written: the latest id.", latest_comment_id()
    )
    yield GaugeMetricFamily(
        "trackflow_comments_held", "Comments whose links wait for their release.", count_held()
    )
    yield CounterMetricFamily(
        "trackflow_feed_entries", "Feed entries ever written: the latest id.", latest_entry_id()
    )
    yield GaugeMetricFamily(
        "trackflow_holder_counts_age_seconds",
        "Age of the stored holder counts; 0 where pages count.",
        holder_counting.age_in_seconds(),
    )
    yield GaugeMetricFamily("trackflow_jobs_waiting", "Jobs in the queue.", jobs().waiting())
    yield CounterMetricFamily(
        "trackflow_awards", "Awards ever granted: the id of the latest.", latest_award_id()
    )
