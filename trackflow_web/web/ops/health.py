"""The health check for load balancers; it responds in time even when the database hangs."""

from __future__ import annotations

from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Blueprint, Response, current_app
from sqlalchemy.exc import SQLAlchemyError

from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

pages = Blueprint("health", __name__)

# A load balancer that checks every few seconds takes a longer silence for a dead process.
SECONDS = 2.0


class _Probe:
    """One query, run in a thread because a hanging query cannot be cancelled."""

    def __init__(self, engine: Engine) -> None:
        self.succeeded = False
        self.ended = Event()
        Thread(target=self._run, args=(engine,), name="health", daemon=True).start()

    def _run(self, engine: Engine) -> None:
        try:
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
            self.succeeded = True
        except SQLAlchemyError:
            pass
        finally:
            self.ended.set()


_LAST = "trackflow.health"
_lock = Lock()


@pages.get("/healthz")
def check() -> Response:
    """Respond 200 `ok` when the database does, else 503."""
    probe = _latest_probe()
    if probe.ended.wait(SECONDS) and probe.succeeded:
        return Response("ok", mimetype="text/plain")
    return Response("the database does not answer", status=503, mimetype="text/plain")


def _latest_probe() -> _Probe:
    """Return a new probe; the last one while it hangs, so that never more than one does."""
    with _lock:
        probe: _Probe | None = current_app.extensions.get(_LAST)
        if probe is None or probe.ended.is_set():
            probe = current_app.extensions[_LAST] = _Probe(db.engine)
        return probe
