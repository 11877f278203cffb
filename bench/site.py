"""An application on a new database, and a user signed in to it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest.mock import patch

from tests.support.postgresql import Server
from trackflow_web import composition, create_app
from trackflow_web.domain.people import queries
from trackflow_web.domain.songs import actions as songs
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Handler
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask import Flask
    from flask.testing import FlaskClient

    from trackflow_web.domain.people.models import User

SECRET = "not a secret: only test users here"  # noqa: S105 -- as it says
PASSWORD = "correct horse battery staple"  # noqa: S105 -- a test user
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Site:
    """An application and its event handlers."""

    app: Flask
    handlers: Sequence[Handler]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Run a unit of work as a command does."""
        with self.app.app_context(), unit_of_work(self.handlers):
            yield


class Visitor:
    """A user signed in through the pages, like a browser with htmx."""

    def __init__(self, site: Site, username: str) -> None:
        self.site = site
        self.username = username
        self.client: FlaskClient = site.app.test_client()
        answer = self.client.post(
            "/register",
            data={
                "csrf_token": self._token("/register"),
                "username": username,
                "email": f"{username}@example.org",
                "password": PASSWORD,
            },
        )
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
        self.headers = {"X-CSRFToken": self._token("/songs/"), "HX-Request": "true"}

    def _token(self, path: str) -> str:
        found = TOKEN.search(self.client.get(path).text)
        assert found, f"no token on {path}"
        return found[1]

    @property
    def user(self) -> User:
        """Return the account; needs a unit of work."""
        return queries.get_by_username(self.username)

    def add_songs(self, numbers: range, *, by_way_of: Sequence[str]) -> list[int]:
        """Add songs, each of an artist and a year of its own, and move them; return their ids."""
        first, *others = by_way_of
        with self.site.working():
            added = [
                songs.add_song(
                    self.user,
                    title=f"Song {number}",
                    artist=f"Artist {number}",
                    year=1000 + number,
                    status=first,
                )
                for number in numbers
            ]
            for song in added:
                for status in others:
                    songs.move_song(song, self.user, status=status)
        return [song.id for song in added]

    def move(self, song_id: int, status: str) -> None:
        """Set the status of a song through its button."""
        answer = self.client.post(
            f"/songs/{song_id}/status", data={"status": status}, headers=self.headers
        )
        text = answer.text  # toasts count as shown when the last byte was read
        assert answer.status_code == HTTPStatus.OK, text

    def look(self, path: str) -> None:
        """Request a page and read all of it."""
        answer = self.client.get(path)
        text = answer.text
        assert answer.status_code == HTTPStatus.OK, text

    def submit(self, song_id: int, status: str) -> None:
        """Set the status without JavaScript: the response redirects to a page that shows toasts."""
        fields = {"status": status, "csrf_token": self.headers["X-CSRFToken"]}
        answer = self.client.post(f"/songs/{song_id}/status", data=fields)
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text


DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@contextmanager
def database(kind: str = "sqlite", *, durable: bool = False) -> Iterator[str]:
    """Yield the URL of an empty temporary database.

    PostgreSQL is a separate server on this machine that does not sync commits to disk unless
    `durable` is set; an SQLite file always does.
    """
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        return
    server = Server(durable=durable)
    try:
        server.execute("CREATE DATABASE bench")
        yield server.url("bench")
    finally:
        server.stop()


@contextmanager
def site(
    *, plugged: bool = True, kind: str = "sqlite", durable: bool = False, live_streams: int = 0
) -> Iterator[Site]:
    """Yield a temporary site; without the achievement handler if not `plugged`."""
    handlers = [each for each in composition.HANDLERS if plugged or each.name != "achievements"]
    with database(kind, durable=durable) as url, TemporaryDirectory() as folder:
        with patch.object(composition, "HANDLERS", handlers):
            app = create_app(
                {
                    "TESTING": True,
                    "DATABASE_URL": url,
                    "INSTANCE_PATH": folder,
                    "SECRET_KEY": SECRET,
                    "LIVE_STREAMS": live_streams,
                    "PASSWORD_COST": "cheap",
                }
            )
        for command in (["db", "upgrade"], ["achievements", "sync"]):
            result = app.test_cli_runner().invoke(args=command)
            assert result.exit_code == 0, result.output
        try:
            yield Site(app, handlers)
        finally:
            app.extensions["trackflow.jobs"].close()
            with app.app_context():
                db.engine.dispose()


@contextmanager
def two_sites(kind: str = "sqlite") -> Iterator[tuple[Site, Site]]:
    """Yield two equal sites: with the achievement handler, and without."""
    with site(plugged=True, kind=kind) as plugged, site(plugged=False, kind=kind) as unplugged:
        yield plugged, unplugged
