"""API clients that authenticate with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.people import working
from trackflow_web.domain.people import actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.support.people import Person


class Program:
    """Something without a browser: `.get("/api/songs/")`, `.post("/api/songs/", title="One")`."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client = app.test_client()
        self.token = token

    def get(self, path: str, **query: object) -> TestResponse:
        return self.request("GET", path, query_string=query or None)

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.request("POST", path, json=fields)

    def patch(self, path: str, **fields: object) -> TestResponse:
        return self.request("PATCH", path, json=fields)

    def request(self, method: str, path: str, **options: object) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **options)


@pytest.fixture
def program_of(app: Flask) -> Callable[..., Program]:
    """`program_of(alice)` or `program_of(alice, scope="read")`: a client with the user's token."""

    def make(person: Person, *, scope: str = "write") -> Program:
        with working(app):
            token = actions.create_token(person.user, name="A script", scope=scope, days=30)
        return Program(app, token)

    return make


@pytest.fixture
def program(program_of: Callable[..., Program], alice: Person) -> Program:
    """Alice's own script."""
    return program_of(alice)
