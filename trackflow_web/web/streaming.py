"""Responses that are sent in pieces, while their data is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response
from flask.globals import app_ctx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


def respond(pieces: Iterator[str], *, mimetype: str) -> Response:
    """Return a response that sends each piece as soon as it is there.

    By then the request is over: a piece must need neither the request nor its user.
    """
    return Response(_in_contexts(app_ctx.app, pieces), mimetype=mimetype)


def _in_contexts(app: Flask, pieces: Iterator[str]) -> Iterator[str]:
    """Render each piece in a separate context, so that none stays open for slow clients."""
    while True:
        with app.app_context():
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
