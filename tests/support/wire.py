"""Requests over a real connection, and users who send them with a prepared cookie."""

from __future__ import annotations

import http.client
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import session
from flask_wtf.csrf import generate_csrf

from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask
    from itsdangerous import URLSafeTimedSerializer

SECONDS_FOR_AN_ANSWER = 30
# That of a level comes beside those of awards, which are counted.
ONE_TOAST = re.compile(r'<li class="toast [^>]*id="([^"]+)" data-toast="((?!level")[^"]+)"')
IN_A_SUMMARY = re.compile(r">([\d,]+) achievements? unlocked<")


# A port of this machine, `host:port`, or several of these: each request goes to one of them.
Server = int | str | tuple[int | str, ...]


class Broken(Exception):
    """No complete response: the outcome of the request is unknown."""


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    def toasts(self) -> list[tuple[str, str]]:
        """The toasts: the id of each message in the page, and its code or `summary`."""
        return ONE_TOAST.findall(self.text) if "data-toast" in self.text else []

    @property
    def in_summary(self) -> int:
        """The number of achievements in its summary; 0 without one."""
        found = IN_A_SUMMARY.search(self.text)
        return int(found[1].replace(",", "")) if found else 0


@dataclass(frozen=True)
class Visitor:
    """A signed-in user of the server on a port."""

    port: Server
    user_id: int
    username: str
    cookie: str
    token: str

    def get(self, path: str) -> Answer:
        """Load a page. Raises Broken."""
        return ask(self.port, "GET", path, {"Cookie": self.cookie})

    def post(self, path: str, *, htmx: bool = False, **fields: object) -> Answer:
        """Send a form. Raises Broken."""
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        if htmx:
            headers["HX-Request"] = "true"
        return ask(
            self.port, "POST", path, headers, urlencode({"csrf_token": self.token, **fields})
        )


def ask(
    port: Server, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
) -> Answer:
    """Send one request on a connection of its own. Raises Broken."""
    one = random.choice(port) if isinstance(port, tuple) else port
    host, _, number = str(one).rpartition(":")
    connection = http.client.HTTPConnection(
        host or "127.0.0.1", int(number), timeout=SECONDS_FOR_AN_ANSWER
    )
    try:
        connection.request(
            method, path, body.encode() or None, {"Connection": "close", **(headers or {})}
        )
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())
    except (OSError, http.client.HTTPException) as error:
        raise Broken(repr(error)) from error
    finally:
        connection.close()


def visitors(app: Flask, port: Server, user_ids: Sequence[int]) -> list[Visitor]:
    """Signed-in users, with cookies like those of the sign-in form."""
    with app.test_request_context():
        token = generate_csrf()
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        users = db.session.scalars(
            sa.select(User).where(User.id.in_(user_ids)).order_by(User.id)
        ).all()
        return [
            Visitor(port, user.id, user.username, _cookie(serializer, user), token)
            for user in users
        ]


def _cookie(serializer: URLSafeTimedSerializer, user: User) -> str:
    kept = {"_user_id": f"{user.id}:{user.session_stamp}", "csrf_token": session["csrf_token"]}
    return f"session={serializer.dumps(kept)}"
