"""Every route in turn: the same number of made-up requests for each, most of them almost right.

What a route takes is read from the route map, the forms of the pages and the API's document, so
that a new route is covered by itself. One request is as it should be; of the others most have one
or two fields with anything in them, because a request in which everything is wrong is rejected at
its first field.
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.fuzz import forms
from tests.fuzz.forms import HEADERS, KINDS, METHODS, NAMES, URLENCODED, Sent, encoded, form_body
from tests.fuzz.world import LAST, World
from tests.support.browsing import Browser
from tests.support.hostile import ANYTHING, NUMBERS
from tests.support.openapi import operations, usual_value
from tests.support.people import working
from tests.support.routes import all_routes
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.world import Tally
    from tests.support.databases import Databases
    from tests.support.openapi import Json
    from tests.support.routes import Route

JSON_TYPE = "application/json"
# After these an object is gone or has another name.
TAKES_AWAY = (*LAST, "/rename", "/decline")
# Without these nothing can be sent any more; they come at the very end.
END_OF_ACCOUNT = ("/logout", "/settings/privacy/delete", "/api/account")
LONGEST_TEXT = 300
# What stands where the API expects something else.
NO_TEXTS = [
    None, True, False, 0, -1, 1.5, 10**18, 2**63, -(2**63) - 1, 1e308, [], {}, [[]], [None] * 50,
    {"a": {"b": []}}, ["x"] * 300, [1, "1", None], "",
]  # fmt: skip
NO_OBJECTS = [
    b"", b"null", b"[]", b"1", b'"x"', b"{", b'{"title": NaN}', b'{"title": 1e999}', b"\xff\xfe{}",
    b"[" * 5_000, b'{"title": "\\ud800"}', b'{"title": "One", "title": "Two"}', b"{}" * 2,
    b'{"year": 1' + b"0" * 4_000 + b"}", "{\N{ZERO WIDTH NO-BREAK SPACE}}".encode(),
]  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A route, and what it usually takes: values of a form or query by their names, or a body."""

    route: Route
    usual: dict[str, list[str]] = field(default_factory=dict)
    body: Json | None = None

    @property
    def takes_away(self) -> bool:
        """Whether other requests may need what this one takes away."""
        return self.route.path.endswith(TAKES_AWAY) or self.route.method == "DELETE"

    @property
    def order(self) -> tuple[bool, bool, int]:
        """What takes something away later, parts of an object before the object."""
        ends_all = self.route.path in END_OF_ACCOUNT
        return ends_all, self.takes_away, -self.route.path.count("/")


def run(databases: Databases, tally: Tally, *, requests: int, first_seed: int) -> None:
    """Send about so many requests, the same number to every route."""
    world = World(databases, tally)
    routes = len(list(all_routes(world.app, world.values)))
    world.end()
    send_to_each(databases, tally, max(1, requests // routes), first_seed)


def send_to_each(databases: Databases, tally: Tally, number: int, seed: int) -> None:
    """Send so many requests to every route, as Alice, who may do everything.

    What the API takes away is in a world of its own, or the pages would have taken it before.
    """
    for in_second in (False, True):
        world = World(databases, tally)
        try:
            sender = _Sender(world, tally, random.Random(seed))
            for target in _targets(world, sender.browser):
                if (target.route.is_api and target.takes_away) == in_second:
                    sender.send_all(target, number)
        finally:
            world.end()


# --- what the routes take ------------------------------------------------------------------------


def _targets(world: World, browser: Browser) -> list[Target]:
    """Every route, what takes something away last."""
    urls = world.app.url_map.bind("localhost")
    usual: dict[tuple[str, str], dict[str, list[str]]] = {}
    for form in forms.read_everywhere(world, browser):
        endpoint, _ = urls.match(form.path, method=form.method)
        usual.setdefault((form.method, endpoint), {}).update(form.usual)
    bodies: dict[tuple[str, str], Json] = {}
    for operation in operations(world.app, world.values):
        endpoint, _ = urls.match(operation.path, method=operation.method)
        usual[operation.method, endpoint] = {name: ["1", ""] for name in operation.queries}
        if operation.body:
            bodies[operation.method, endpoint] = operation.properties
    targets = [
        Target(
            route,
            usual.get((route.method, route.endpoint), {}),
            bodies.get((route.method, route.endpoint)),
        )
        for route in all_routes(world.app, world.values)
    ]
    return sorted(targets, key=lambda target: target.order)


# --- made up -------------------------------------------------------------------------------------


class _Requests:
    """Makes requests up, always the same ones of a seed."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def of(self, target: Target, number: int) -> Iterator[Sent]:
        """Yield one that is as it should be, then others."""
        for count in range(number):
            spoiled = 0 if count == 0 else self.dice.choice((1, 1, 1, 2, 100))
            yield self._one(target, spoiled)

    def _one(self, target: Target, spoiled: int) -> Sent:
        odd = spoiled > 0
        route = target.route
        pairs = self._pairs(target.usual, spoiled)
        if odd and self._once_in(4):
            pairs.append((self.dice.choice(NAMES), self.text()))
        in_address = not route.is_unsafe or route.is_api or (odd and self._once_in(12))
        kind = JSON_TYPE if route.is_api else URLENCODED
        return Sent(
            method=self.dice.choice(METHODS) if odd and self._once_in(12) else route.method,
            path=self._path(target) if odd and self._once_in(6) else route.path,
            query=pairs if in_address else [],
            fields=[] if in_address else pairs,
            headers=self._headers() if odd and self._once_in(3) else {},
            kind=self.dice.choice(KINDS) if odd and self._once_in(12) else kind,
            with_token=not (odd and self._once_in(20)),
            content=self._json(target.body or {}, spoiled) if route.is_api else None,
        )

    def _pairs(self, usual: dict[str, list[str]], spoiled: int) -> list[tuple[str, str]]:
        """Every field as usual, but so many with anything, missing or twice."""
        odd = set(self._some(list(usual), spoiled))
        pairs = []
        for name, values in usual.items():
            right = self.dice.choice(values) or f"One {self.dice.randint(1, 99)}"
            if name not in odd:
                pairs.append((name, right))
            else:
                pairs += [(name, self.text()) for _ in range(self.dice.choice((0, 1, 1, 1, 2)))]
        return pairs

    def _json(self, properties: Json, spoiled: int) -> bytes:
        if spoiled and self._once_in(10):
            return self.dice.choice(NO_OBJECTS)
        body = {name: usual_value(schema) for name, schema in properties.items()}
        for name in self._some(list(body), spoiled):
            if self._once_in(5):
                del body[name]
            else:
                body[name] = self.dice.choice((self.text(), self.dice.choice(NO_TEXTS)))
        if spoiled and self._once_in(8):
            body[self.text()[:50]] = self.text()
        return json.dumps(body).encode("utf-8", "surrogatepass")

    def text(self) -> str:
        """Return anything: what is known to be odd, a number, or random characters."""
        kind = self.dice.randint(1, 10)
        if kind <= 6:
            return self.dice.choice(ANYTHING)
        if kind == 7:
            return f" {self.dice.choice(NUMBERS)} "
        last = self.dice.choice((0x7F, 0x24F, 0x2FFF, 0x10FFFF))
        length = self.dice.randint(1, LONGEST_TEXT)
        return "".join(chr(self.dice.randint(0, last)) for _ in range(length))

    def _path(self, target: Target) -> str:
        """The address with something else for one of its parts."""
        parts = target.route.path.split("/")
        at = self.dice.randrange(1, len(parts))
        parts[at] = quote(self.text()[:200].encode("utf-8", "surrogatepass"), safe="")
        # Two slashes would begin the name of a host.
        return "/" + "/".join(parts).lstrip("/")

    def _headers(self) -> dict[str, str]:
        names = self._some(sorted(HEADERS), self.dice.randint(1, 3))
        return {name: self.dice.choice(HEADERS[name]) for name in names}

    def _some(self, things: list[str], number: int) -> list[str]:
        return self.dice.sample(things, min(number, len(things)))

    def _once_in(self, times: int) -> bool:
        return self.dice.randrange(times) == 0


# --- sent ----------------------------------------------------------------------------------------


class _Sender:
    """Sends requests as Alice, and signs her in again when something ended her session."""

    def __init__(self, world: World, tally: Tally, dice: random.Random) -> None:
        self.world = world
        self.tally = tally
        self.requests = _Requests(dice)
        self.browser = Browser(world.app)
        self.browser.enter(world.alice)

    def send_all(self, target: Target, number: int) -> None:
        """Send so many requests to one route; those to the API with a session or a token."""
        for count, sent in enumerate(self.requests.of(target, number)):
            self.tally.requests += 1
            by_token = target.route.is_api and count % 2 == 1
            if self._send(sent, target.route, by_token=by_token):
                self._come_back(by_token=by_token)

    def _send(self, sent: Sent, route: Route, *, by_token: bool) -> bool:
        """Return whether the response may come from an ended session or a deleted token."""
        headers = dict(sent.headers)
        fields = list(sent.fields)
        if by_token:
            headers.setdefault("Authorization", f"Bearer {self.world.token}")
        elif sent.with_token:
            token = self.browser._token
            headers.setdefault("X-CSRFToken", token)
            fields.append(("csrf_token", token))
        content = form_body(fields, sent.kind) if sent.content is None else sent.content
        with self.browser.client.open(
            sent.path,
            method=sent.method,
            query_string=encoded(sent.query),
            headers=headers,
            content_type=sent.kind,
            input_stream=io.BytesIO(content),
        ) as response:
            response.get_data()
            if sent.path == route.path and sent.method == route.method:
                self.tally.reached[route.name].add(response.status_code)
            to_sign_in = "/login" in response.headers.get("Location", "")
            return response.status_code in {401, 403} or to_sign_in

    def _come_back(self, *, by_token: bool) -> None:
        """Sign in again, as an administrator and with the password given just now."""
        with working(self.world.app):
            user = db.session.get(User, self.world.alice.id)
            if user is None:
                return
            user.is_admin = True
            if by_token:
                self.world.make_token()
        self.browser.enter(self.world.alice)
