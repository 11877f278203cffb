"""The one error handler: a page, or under /api/ a problem document."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, redirect, request
from werkzeug.exceptions import NotFound

from trackflow_web.web import error_pages, problems, urls
from trackflow_web.web.caller import is_write
from trackflow_web.web.failures import classify

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

API = "/api/"


def init_app(app: Flask) -> None:
    """Register error pages and problem documents for every exception."""
    app.register_error_handler(Exception, respond)
    app.register_error_handler(NotFound, _respond_to_not_found)


def respond(error: Exception) -> Response:
    """Return the response to an exception; the path decides, because an unknown one has no view."""
    is_api = f"{request.path}/".startswith(API)
    failure = classify(error)
    return problems.render(failure) if is_api else error_pages.render(failure)


def _respond_to_not_found(error: NotFound) -> BaseResponse:
    """Redirect from an unknown page to the same without a slash at its end, if that is known."""
    is_unknown = error is request.routing_exception and not is_write()  # else a view has raised it
    address = urls.without_slash() if is_unknown else None
    if address is None:
        return respond(error)
    return redirect(address, HTTPStatus.PERMANENT_REDIRECT)
