"""One application for all tests of a worker and a kind of database: making one takes 30 ms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.databases import close
from trackflow_web import composition
from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.catalogue import loading
from trackflow_web.achievements.standings import totals
from trackflow_web.kernel.database import db
from trackflow_web.notifications import bell
from trackflow_web.web.ops import health

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.support.databases import Databases
    from trackflow_web.achievements.catalogue.registry import Registry


class Shared:
    """A database that is reset before each test, and the application on it."""

    def __init__(self, databases: Databases) -> None:
        self.databases = databases
        self.url = ""
        self.app: Flask | None = None
        self.registry: Registry | None = None

    def reset(self) -> None:
        """Put the database back as it was when new."""
        if self.app:
            disconnect(self.app)
        url = self.databases.shared()
        if url != self.url:  # it was replaced
            self.close()
        self.url = url

    def application(self, make: Callable[[str], Flask]) -> Flask:
        """Return the application without state of earlier tests; create it at first."""
        if not self.app:
            self.app = make(self.url)
        # Another application may have set up the process in another way.
        composition.prepare_process(self.app.extensions["trackflow"])
        forget(self.app)
        self._remember_catalogue(self.app)
        return self.app

    def _remember_catalogue(self, app: Flask) -> None:
        """Load the catalogue of the new database, which is always the same."""
        with app.app_context():
            if self.registry is None:
                self.registry = catalogue.current()
            loading._registries[db.engine] = self.registry

    def close(self) -> None:
        if self.app:
            close(self.app)
            self.app = None


def disconnect(app: Flask) -> None:
    """Close the connections of an application whose file will be replaced."""
    app.extensions["trackflow.jobs"].close()
    app.extensions["trackflow.jobs"].forget_connections()
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            db.engine.dispose()


def forget(app: Flask) -> None:
    """Empty what an application or the process keeps of the rows of its database."""

    holder_counts.forget()
    catalogue.forget()
    totals.forget()
    bell.forget()
    app.extensions["trackflow.searches"].counts.clear()
    app.extensions["trackflow.images_started"].counts.clear()
    app.extensions.pop(health._LAST, None)
