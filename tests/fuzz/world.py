"""A separate installation for generated requests, and a tally of its responses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from tests.support.belongings import belongings_of
from tests.support.databases import close
from tests.support.header_grade import grade
from tests.support.invariants import assert_nothing_forgotten
from tests.support.people import Person, add_person, working
from tests.support.settings import settings_for
from trackflow_web import create_app
from trackflow_web.domain.people import actions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from tests.support.databases import Databases

BROKEN = 500
LONGEST_BODY_SHOWN = 400
# Ends of addresses that take away what other requests need.
LAST = ("/delete", "/undo", "/cancel", "/withdraw", "/release", "/logout")
# Limits are not tested here; Spotify is an unused port.
FAR_AWAY = dict.fromkeys(
    ("LIMIT_SIGN_IN", "LIMIT_SIGN_IN_ALL", "LIMIT_REGISTER", "LIMIT_FEEDBACK", "LIMIT_COMMENTS",
     "LIMIT_SEARCH", "LIMIT_EXPORT", "LIMIT_FOLLOWS",
     "LIMIT_INVITATIONS"),
    "1000000/1 minute",
)  # fmt: skip
NO_SPOTIFY = {
    "SPOTIFY_CLIENT_ID": "id",
    "SPOTIFY_CLIENT_SECRET": "secret",
    "SPOTIFY_API_BASE": "http://127.0.0.1:9",
    "SPOTIFY_ACCOUNTS_BASE": "http://127.0.0.1:9",
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


class Watched:
    """WSGI middleware around everything: counts answers and notes the broken and careless ones."""

    def __init__(self, application: WSGIApplication, tally: Tally) -> None:
        self.application = application
        self.tally = tally

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = _Remembered(environ["wsgi.input"])
        environ["wsgi.input"] = body

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            code = int(status[:3])
            self.tally.statuses[code] += 1
            if code >= BROKEN:
                self.tally.failures[f"{code} for {_shown(environ, body)}"] += 1
            found = grade(headers, https=False)
            if found.missing:
                path = environ["PATH_INFO"]
                self.tally.failures[f"{path} ({code}) is careless: {found.missing}"] += 1
            return start_response(status, headers, exc_info)

        return self.application(environ, start)


class _Remembered:
    """The beginning of what was read of a body."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        self.seen = b""

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.seen += data[: LONGEST_BODY_SHOWN - len(self.seen)]
        return data

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def _shown(environ: WSGIEnvironment, body: _Remembered) -> str:
    path = quote(environ["PATH_INFO"].encode("latin-1", "replace"))[:LONGEST_BODY_SHOWN]
    kind = environ.get("CONTENT_TYPE", "")[:80]
    query = environ.get("QUERY_STRING", "")[:LONGEST_BODY_SHOWN]
    return f"{environ['REQUEST_METHOD']} {path}?{query} [{kind}] {body.seen!r}"


class World:
    """An application with Alice, who has one of each object, and her token."""

    def __init__(self, databases: Databases, tally: Tally) -> None:
        self.databases = databases
        self.url = databases.create()
        self.app: Flask = create_app(settings_for(self.url, **FAR_AWAY, **NO_SPOTIFY))
        self.alice: Person = add_person(self.app, "alice")
        self.values = belongings_of(self.app, self.alice)
        with working(self.app):
            user = self.alice.user
            # Has all permissions.
            user.is_admin = True
            self.token = actions.create_token(user, name="Fuzz", scope="admin", days="365")
        self.app.wsgi_app = Watched(self.app.wsgi_app, tally)

    def end(self) -> None:
        """Look once whether the numbers are right, then throw the installation away."""
        try:
            assert_nothing_forgotten(self.app)
        finally:
            close(self.app)
            self.databases.drop(self.url)
