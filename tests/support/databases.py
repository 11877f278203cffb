"""A fresh database for every test: a copy of one that was migrated and filled once."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.support.people import add_noise
from tests.support.settings import settings_for
from trackflow_web import create_app
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.postgresql import Server

FIRST_WITH_STRATEGIES = 150_000


class Databases(Protocol):
    """Makes databases of one kind; an address is what DATABASE_URL takes."""

    def empty(self) -> str:
        """The address of a new database without any table."""

    def create(self) -> str:
        """The address of a new database with the tables, the catalogue and the noise."""

    def drop(self, url: str) -> None:
        """Throw one away."""


class SQLite:
    """Files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)
        self.template = ""

    def empty(self) -> str:
        return f"sqlite:///{self.folder / f'{next(self.numbers)}.sqlite3'}"

    def create(self) -> str:
        if not self.template:
            self.template = self.empty()
            fill(self.template)
            with sqlite3.connect(_file(self.template)) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")  # one file is all there is to copy
            connection.close()
        url = self.empty()
        shutil.copyfile(_file(self.template), _file(url))
        return url

    def drop(self, url: str) -> None:
        for rest in ("", "-wal", "-shm"):
            Path(f"{_file(url)}{rest}").unlink(missing_ok=True)


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


class PostgreSQL:
    """Databases of one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.numbers = itertools.count(1)
        self.template = ""

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
    close(app)


def run_command(app: Flask, *arguments: str) -> str:
    """Run `flask ...` in this process and give what it printed; its failure is the test's."""
    result = app.test_cli_runner().invoke(args=list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def close(app: Flask) -> None:
    """Let go of every connection, so that the database can be copied or dropped."""
    app.extensions["trackflow.jobs"].close()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
