"""A separate installation for generated requests, and a tally of its responses."""

from __future__ import annotations

import io
import itertools
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

import sqlalchemy as sa

from tests.support.belongings import belongings_of
from tests.support.databases import close
from tests.support.header_grade import grade
from tests.support.invariants import assert_nothing_forgotten
from tests.support.people import Person, add_person, working
from tests.support.settings import settings_for
from trackflow_web import create_app
from trackflow_web.achievements.custom import actions as custom
from trackflow_web.achievements.custom import grants
from trackflow_web.config import Config
from trackflow_web.domain.people import actions
from trackflow_web.domain.people.models import AccessToken, Audience
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from tests.support.databases import Databases

BROKEN = 500
LONGEST_BODY_SHOWN = 400
# Seconds that the slowest response may take.
SLOWEST = 1.0
# A request that took longer is sent so many times more, and the quickest one counts.
AGAIN = 2
# Endings of URLs that delete objects of other requests.
LAST = ("/delete", "/undo", "/cancel", "/withdraw", "/release", "/logout")
TOKEN = "Fuzz"
CUSTOM = {
    "code": "sender",
    "name": "Sender",
    "description": "Sends whatever there is",
    "icon": "\N{TEST TUBE}",
    "rarity": "rare",
    "points": 0,
}
# Limits are not tested here; Spotify is an unused port.
FAR_AWAY = {
    setting.name.upper(): "1000000/1 minute"
    for setting in fields(Config)
    if setting.name.startswith("limit_")
}
NO_SPOTIFY = {
    "SPOTIFY_CLIENT_ID": "id",
    "SPOTIFY_CLIENT_SECRET": "secret",
    "SPOTIFY_API_BASE": "http://127.0.0.1:9",
    "SPOTIFY_ACCOUNTS_BASE": "http://127.0.0.1:9",
}
# Have headers of their own, which the tests of embeds and badges check.
MADE_FOR_OTHER_SITES = re.compile(r"/users/[^/]+/(badge|shield)|/badges/|/\.well-known/|/oembed")
# What is off without a setting.
SWITCHED_ON = {
    "CREDENTIAL_KEY": "a secret of more than thirty-two characters",
    "SITE_URL": "http://localhost",
}


class Readable(Protocol):
    """What `wsgi.input` is."""

    def read(self, size: int = -1) -> bytes: ...


@dataclass
class Tally:
    """The number of generated requests, the statuses of all responses, and the failures.

    There are more responses than generated requests: sign-ins between them, and requests that
    schemathesis repeats without the token.
    """

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    # The statuses of each route that was sent to as it is, by `GET /songs/<song_id>`.
    reached: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


class Stopwatch:
    """Measures responses in seconds of this process and of the database.

    What other processes take of the processor meanwhile does not count, as far as that is known.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.in_database = 0.0
        self._began = 0.0
        sa.event.listen(engine, "before_cursor_execute", self._begin)
        sa.event.listen(engine, "after_cursor_execute", self._end)
        sa.event.listen(engine, "handle_error", self._end)

    def start(self) -> Callable[[], float]:
        """Return a function that returns the seconds since now."""
        wall, process = time.perf_counter(), time.process_time()
        database = self.in_database

        def seconds() -> float:
            busy = time.process_time() - process + self.in_database - database
            return min(busy, time.perf_counter() - wall)

        return seconds

    def _begin(self, *_: object) -> None:
        self._began = time.perf_counter()

    def _end(self, *_: object) -> None:
        self.in_database += time.perf_counter() - self._began


class Watched:
    """WSGI middleware around everything: counts responses, notes broken, careless and slow ones."""

    def __init__(self, application: WSGIApplication, tally: Tally, watch: Stopwatch) -> None:
        self.application = application
        self.tally = tally
        self.watch = watch

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = _Remembered(environ["wsgi.input"])
        again = dict(environ)
        environ["wsgi.input"] = body
        seconds = self.watch.start()

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            code = int(status[:3])
            self.tally.statuses[code] += 1
            if code >= BROKEN:
                self.tally.failures[f"{code} for {_shown(again, body)}"] += 1
            found = grade(headers, https=False)
            if found.missing and not MADE_FOR_OTHER_SITES.match(environ["PATH_INFO"]):
                path = environ["PATH_INFO"]
                self.tally.failures[f"{path} ({code}) is careless: {found.missing}"] += 1
            return start_response(status, headers, exc_info)

        yield from _until_the_end(self.application(environ, start))
        took = seconds()
        if took > SLOWEST:
            took = min(took, *(self._time_again(again, body) for _ in range(AGAIN)))
        self.tally.slowest = max(self.tally.slowest, took)
        if took > SLOWEST:
            self.tally.failures[f"{took:.1f} s for {_shown(again, body)}"] += 1

    def _time_again(self, environ: WSGIEnvironment, body: _Remembered) -> float:
        """Measure the same request once more: a busy machine is slow once, a slow route always."""
        seconds = self.watch.start()
        sent = {**environ, "wsgi.input": io.BytesIO(body.seen)}
        for _ in _until_the_end(self.application(sent, lambda *_: lambda _: None)):
            pass
        return seconds()


def _until_the_end(response: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from response
    finally:
        if close := getattr(response, "close", None):
            close()


class _Remembered:
    """A body, and what was read of it."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        self.seen = b""

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.seen += data
        return data

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def _shown(environ: WSGIEnvironment, body: _Remembered) -> str:
    path = quote(environ["PATH_INFO"].encode("latin-1", "replace"))[:LONGEST_BODY_SHOWN]
    kind = environ.get("CONTENT_TYPE", "")[:80]
    query = environ.get("QUERY_STRING", "")[:LONGEST_BODY_SHOWN]
    return f"{environ['REQUEST_METHOD']} {path}?{query} [{kind}] {body.seen[:LONGEST_BODY_SHOWN]!r}"


class World:
    """An application with Alice, who has one of each object, and her token."""

    def __init__(self, databases: Databases, tally: Tally) -> None:
        self.databases = databases
        self._tokens = itertools.count(1)
        self.url = databases.create()
        self.app: Flask = create_app(
            settings_for(self.url, **FAR_AWAY, **NO_SPOTIFY, **SWITCHED_ON)
        )
        self.alice: Person = add_person(self.app, "alice")
        self.values = belongings_of(self.app, self.alice)
        with working(self.app):
            user = self.alice.user
            # Has all permissions.
            user.is_admin = True
            user.audience = Audience.EVERYONE
            self.make_token()
            # One that she has, and that administrators may grant and change.
            custom.create(user, CUSTOM)
            grants.grant(user, CUSTOM["code"], usernames="alice", note="For many requests.")
        self.values["code"] = CUSTOM["code"]
        with self.app.app_context():
            watch = Stopwatch(db.engine)
        self.app.wsgi_app = Watched(self.app.wsgi_app, tally, watch)

    def make_token(self) -> None:
        """Give Alice a token for the API, inside a unit of work."""
        name = f"{TOKEN} {next(self._tokens)}"
        # The one before may be gone; together they would be more than an account may have.
        earlier = (AccessToken.user_id == self.alice.id, AccessToken.name.startswith(TOKEN))
        db.session.execute(sa.delete(AccessToken).where(*earlier))
        self.token = actions.create_token(self.alice.user, name=name, scope="admin", days="365")

    def end(self) -> None:
        """Check the counters once, then delete the installation."""
        try:
            assert_nothing_forgotten(self.app)
        finally:
            close(self.app)
            self.databases.drop(self.url)
