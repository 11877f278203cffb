"""Errors as pages in the same house; for a database that is busy, with what was typed kept."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import structlog
from flask import Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError, generate_csrf
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import BadHost, HTTPException, SecurityError

from trackflow_web.domain.audit import SecurityEvent
from trackflow_web.kernel.database import refers_to_what_is_gone
from trackflow_web.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from trackflow_web.web.session import ask_nobody

if TYPE_CHECKING:
    from flask import Flask

log = structlog.get_logger()

FIRST_ERROR = 400
RETRY_AFTER_BUSY = 2  # seconds
API = "/api/"
SECRET_FIELDS = frozenset({"csrf_token", "password", "current"})

TITLES = {
    400: "That request made no sense",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not in this way",
    413: "Too large",
    422: "That cannot be used",
    429: "Too many tries",
    500: "Something broke",
    503: "Busy just now",
}
MESSAGES = {
    400: "The address or the form is not one that this site makes.",
    403: "You are not allowed to do this.",
    404: "There is no such page, or it is not yours to see.",
    405: "This address does not take requests of this kind.",
    413: "What was sent is larger than what is taken here.",
    500: "This is our fault, not yours. Nothing was changed.",
    503: "The database is busy. Nothing was lost: try again in a moment.",
}
FORGED = "This form is out of date or came from elsewhere. Load the page again and try once more."
FOREIGN_HOST = "This site has another name."


def init_app(app: Flask) -> None:
    """Let every error of an application be answered by a page of the house."""
    app.register_error_handler(Invalid, _invalid)
    app.register_error_handler(NotFound, lambda error: page(404, message=str(error)))
    app.register_error_handler(Forbidden, lambda error: page(403, message=str(error)))
    app.register_error_handler(TooMany, _too_many)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(IntegrityError, _outrun)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(NoConnection, _busy)
    app.register_error_handler(Exception, _broken)


def page(
    status: int, *, message: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """The error page for a status."""
    answer = make_response(
        _render(
            status=status,
            title=TITLES.get(status, "That did not work"),
            message=message or MESSAGES.get(status, ""),
            retry=None,
            action=None,
        ),
        status,
    )
    answer.headers.update(headers or {})
    # htmx swaps a 422 in where the form stood; a whole page has no place there.
    answer.headers["HX-Reswap"] = "none"
    return answer


def busy() -> Response:
    """503: try again in a moment, with a form that sends the same once more."""
    retry = None
    if request.method == "POST":
        retry = {name: value for name, value in request.form.items() if name not in SECRET_FIELDS}
    answer = make_response(
        _render(
            status=503,
            title=TITLES[503],
            message=MESSAGES[503],
            retry=retry,
            retry_token=generate_csrf(),
            action=request.full_path.rstrip("?"),
        ),
        503,
    )
    answer.headers["Retry-After"] = str(RETRY_AFTER_BUSY)
    return answer


def _render(**context: object) -> str:
    ask_nobody()
    return render_template("errors/error.html", **context)


def _invalid(error: Invalid) -> Response:
    return page(422, message=" ".join(f"{name}: {text}" for name, text in error.errors.items()))


def _too_many(error: TooMany) -> Response:
    return page(429, message=str(error), headers={"Retry-After": str(error.retry_after)})


def _forged(_error: CSRFError) -> Response:
    g.refused_as = SecurityEvent.CSRF_REFUSED
    # For htmx a fresh page brings a fresh token.
    headers = {"HX-Refresh": "true"} if request.headers.get("HX-Request") == "true" else None
    return page(403, message=FORGED, headers=headers)


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < FIRST_ERROR:  # a redirect that routing asks for
        return make_response(error.get_response())
    if isinstance(error, SecurityError | BadHost):  # under a strange host no address can be built
        return Response(FOREIGN_HOST, error.code, mimetype="text/plain")
    headers = {
        name: value
        for name, value in error.get_response().headers
        if name not in {"Content-Type", "Content-Length"}
    }
    return page(error.code, headers=headers)


def _busy(error: Exception) -> Response:
    log.warning("database_busy", path=request.path, error=repr(error))
    return busy()


def _outrun(error: IntegrityError) -> Response:
    """Something went while this request was about to add to it."""
    return _busy(error) if refers_to_what_is_gone(error) else _broken(error)


def _broken(error: Exception) -> Response:
    reference = uuid.uuid4().hex[:8]
    log.error("request_failed", path=request.path, reference=reference, exc_info=error)
    return page(500, message=f"{MESSAGES[500]} If you report it, say: {reference}.")
