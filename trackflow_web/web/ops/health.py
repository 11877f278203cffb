"""The health check for load balancers; it responds in time even when the database hangs."""

from __future__ import annotations

import functools
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from flask import Blueprint, Response, current_app
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from trackflow_web.kernel.database import db
from trackflow_web.kernel.database_errors import lacks_a_table

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

log = structlog.get_logger()

pages = Blueprint("health", __name__)

# A load balancer that checks every few seconds takes a longer silence for a dead process.
SECONDS = 2.0


VERSION = sa.text("SELECT version_num FROM alembic_version")
MIGRATIONS = Path(__file__).parents[3] / "migrations" / "versions"
OK, NOT_MIGRATED, SILENT = "ok", "not migrated", "the database does not answer"


@functools.cache
def revisions() -> tuple[str, ...]:
    """Return the revisions of the tables that this version knows, the newest last."""
    return tuple(sorted(path.stem.partition("_")[0] for path in MIGRATIONS.glob("[0-9]*.py")))


class _Probe:
    """One query, run in a thread because a hanging query cannot be cancelled."""

    def __init__(self, engine: Engine) -> None:
        self.found = SILENT
        self.ended = Event()
        Thread(target=self._run, args=(engine,), name="health", daemon=True).start()

    def _run(self, engine: Engine) -> None:
        try:
            with engine.connect() as connection:
                current = connection.execute(VERSION).scalars().all()
            # One that this version does not know is newer: another version has migrated already.
            outdated = not current or set(current) & set(revisions()[:-1])
            self._report(NOT_MIGRATED if outdated else OK)
        except DBAPIError as error:
            self._report(NOT_MIGRATED if lacks_a_table(error) else SILENT)
        except SQLAlchemyError:
            self._report(SILENT)
        finally:
            self.ended.set()

    def _report(self, found: str) -> None:
        self.found = found
        if found == NOT_MIGRATED:
            log.error("database_not_migrated", wanted=revisions()[-1])


_LAST = "trackflow.health"
_lock = Lock()


@pages.get("/healthz")
def check() -> Response:
    """Respond 200 `ok` when the database does and has the tables of this version, else 503."""
    probe = _latest_probe()
    found = probe.found if probe.ended.wait(SECONDS) else SILENT
    return Response(found, status=200 if found == OK else 503, mimetype="text/plain")


def _latest_probe() -> _Probe:
    """Return a new probe; the last one while it hangs, so that never more than one does."""
    with _lock:
        probe: _Probe | None = current_app.extensions.get(_LAST)
        if probe is None or probe.ended.is_set():
            probe = current_app.extensions[_LAST] = _Probe(db.engine)
        return probe
