"""The one error handler: a page, or under /api/ a problem document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from trackflow_web.web import error_pages, problems
from trackflow_web.web.failures import classify

if TYPE_CHECKING:
    from flask import Flask

API = "/api/"


def init_app(app: Flask) -> None:
    """Register error pages and problem documents for every exception."""
    app.register_error_handler(Exception, respond)


def respond(error: Exception) -> Response:
    """Return the response to an exception; the path decides, because an unknown one has no view."""
    is_api = f"{request.path}/".startswith(API)
    failure = classify(error)
    return problems.render(failure) if is_api else error_pages.render(failure)
