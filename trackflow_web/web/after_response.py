"""WSGI middleware that calls functions once the last byte of a response was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from trackflow_web.kernel import failpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CALLS = "trackflow.after_response"


def call_after_response(call: Callable[[], None]) -> None:
    """Call a function without arguments once the running request's response is sent.

    A client that disconnects half way takes no last byte, and then nothing is called.
    """
    request.environ.setdefault(CALLS, []).append(call)


class AfterResponse:
    """The middleware; outside of it nothing may hold a response back."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as the application does."""
        response = self.application(environ, start_response)
        calls = environ.get(CALLS)
        return _Response(response, calls) if calls else response


class _Response:
    def __init__(self, response: Iterable[bytes], calls: list[Callable[[], None]]) -> None:
        self.response = response
        self.calls = calls

    def __iter__(self) -> Iterator[bytes]:
        yield from self.response
        failpoints.point(failpoints.Point.AFTER_ANSWER)
        for call in self.calls:
            call()

    def close(self) -> None:
        close = getattr(self.response, "close", None)
        if close is not None:
            close()
