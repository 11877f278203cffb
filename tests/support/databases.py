"""Databases for tests: copies of one that was migrated and filled once, and one that is reset."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.support.moving_clock import MovingClock, running_on
from tests.support.people import add_noise
from tests.support.pristine import Pristine
from tests.support.settings import settings_for
from trackflow_web import create_app
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.postgresql import Server

FIRST_WITH_STRATEGIES = 150_000
# A database, what SQLite keeps beside it, and the queue of the jobs.
FILES = ("", "-wal", "-shm", ".jobs", ".jobs-wal", ".jobs-shm", ".jobs.lock")


MEMORY = Path("/dev/shm")  # noqa: S108 -- the folder in it has a random name
# In containers it often has 64 MB. Those of a whole run need less than a tenth of this.
ROOM = 2 << 30


def folder_in_memory() -> tempfile.TemporaryDirectory[str] | None:
    """A new folder of a file system in memory; None without one that has much room."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return tempfile.TemporaryDirectory(
        prefix="trackflow-tests-", dir=MEMORY, ignore_cleanup_errors=True
    )


class Databases(Protocol):
    """Makes databases of one kind; URLs are as in DATABASE_URL."""

    def empty(self) -> str:
        """The URL of a new database without any table."""

    def create(self) -> str:
        """The URL of a new database with the tables, the catalogue and noise."""

    def drop(self, url: str) -> None:
        """Throw one away."""

    def shared(self) -> str:
        """Return the URL of the database that tests share, reset to its initial state."""


class SQLite:
    """Files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)
        self.template = ""
        self.reused = ""

    def empty(self) -> str:
        return f"sqlite:///{self.folder / f'{next(self.numbers)}.sqlite3'}"

    def create(self) -> str:
        return self._copy_template(self.empty())

    def drop(self, url: str) -> None:
        for rest in FILES:
            Path(f"{_file(url)}{rest}").unlink(missing_ok=True)

    def shared(self) -> str:
        self.reused = self.reused or self.empty()
        self.drop(self.reused)  # processes that have it open keep the old file
        return self._copy_template(self.reused)

    def _copy_template(self, url: str) -> str:
        if not self.template:
            self.template = self.empty()
            fill(self.template)  # the last connection leaves one file, without a log beside it
        shutil.copyfile(_file(self.template), _file(url))
        return url


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


class PostgreSQL:
    """Databases of one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.numbers = itertools.count(1)
        self.template = ""
        self.reused: Pristine | None = None

    def empty(self) -> str:
        return self._create("template1")

    def create(self) -> str:
        if not self.template:
            url = self.empty()
            fill(url)
            self.template = _name(url)
        return self._create(self.template)

    def drop(self, url: str) -> None:
        self.server.execute(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def shared(self) -> str:
        if self.reused and not self.reused.reset():
            self.reused.close()
            self.drop(self.reused.url)
            self.reused = None
        if not self.reused:
            self.reused = Pristine(self.create())
        return self.reused.url

    def close(self) -> None:
        """Stop the server."""
        if self.reused:
            self.reused.close()
        self.server.stop()

    def _create(self, template: str) -> str:
        name = f"test_{next(self.numbers)}"
        # By the other strategy, its log, it copies five times as slowly. Before 15 there was none.
        quickly = "STRATEGY file_copy" if self.server.version >= FIRST_WITH_STRATEGIES else ""
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {template} {quickly}")
        return self.server.url(name)


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def fill(url: str) -> None:
    """Migrate a database by the application's own commands, and add the noise."""
    app = create_app(settings_for(url))
    for command in (["db", "upgrade"], ["achievements", "sync"]):
        run_command(app, *command)
    add_noise(app)
    with running_on(MovingClock()):
        run_command(app, "events", "partitions")  # or each test that runs maintenance makes them
    close(app)


def run_command(app: Flask, *arguments: str) -> str:
    """Run `flask ...` in this process and return its output; its failure fails the test."""
    result = app.test_cli_runner().invoke(args=list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def close(app: Flask) -> None:
    """Close every connection, so that the database can be copied or dropped."""
    app.extensions["trackflow.jobs"].close()
    app.extensions["trackflow.streams"].join()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
