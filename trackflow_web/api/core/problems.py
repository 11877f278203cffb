"""Every error as a problem document (RFC 9457): whatever goes wrong, programs can read it."""

from __future__ import annotations

import uuid
from functools import singledispatch
from http import HTTPStatus

import structlog
from flask import Response, g, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import BadHost, HTTPException, SecurityError

from trackflow_web.api.core.schemas import Problem
from trackflow_web.domain.audit import SecurityEvent
from trackflow_web.kernel.database import refers_to_what_is_gone
from trackflow_web.kernel.errors import Duplicate, Forbidden, Invalid, NotFound, TooMany

log = structlog.get_logger()

MIMETYPE = "application/problem+json"
FIRST_ERROR = 400
RETRY_AFTER_BUSY = 2  # seconds

# In place of what Werkzeug says to a person in front of a browser.
DETAILS = {
    400: "This request cannot be understood.",
    403: "This is not allowed.",
    404: "There is no such thing, or it is not yours to see.",
    405: "This address does not take requests of this method.",
    413: "The body is larger than what is taken here.",
    503: "The database is busy. Nothing was changed: try again in a moment.",
}
FORGED = "With the session cookie, X-CSRFToken must carry the token of the session's forms."
FOREIGN_HOST = "This site has another name."
BROKEN = "This is our fault, not yours. Nothing was changed. If you report it, give the reference."


def problem(
    status: int, detail: str, *, retry_after: int | None = None, **more: object
) -> Response:
    """The answer that says what went wrong; `retry_after` is in seconds."""
    document = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        **more,
    )
    response = Response(document.model_dump_json(exclude_none=True), status, mimetype=MIMETYPE)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def unrouted() -> Response | None:
    """The problem of an address or a method that no route takes; None when one does."""
    error = request.routing_exception
    refused = error is not None and (error.code or 0) >= FIRST_ERROR
    return answer(error) if error is not None and refused else None


@singledispatch
def answer(error: Exception) -> Response:
    """The problem that an error is told as. One that nobody expected is logged and not shown."""
    return _broken(error)


def _broken(error: Exception) -> Response:
    reference = uuid.uuid4().hex[:8]
    log.error("request_failed", path=request.path, reference=reference, exc_info=error)
    return problem(500, BROKEN, reference=reference)


@answer.register
def _invalid(error: Invalid) -> Response:
    return problem(422, str(error), errors=error.errors)


@answer.register
def _duplicate(error: Duplicate) -> Response:
    return problem(422, str(error), errors=error.errors, existing_id=error.existing_id or None)


@answer.register
def _not_found(error: NotFound) -> Response:
    return problem(404, str(error) or DETAILS[404])


@answer.register
def _forbidden(error: Forbidden) -> Response:
    return problem(403, str(error) or DETAILS[403])


@answer.register
def _too_many(error: TooMany) -> Response:
    return problem(429, str(error), retry_after=error.retry_after)


@answer.register(OperationalError)
@answer.register(NoConnection)
def _busy(error: Exception) -> Response:
    log.warning("database_busy", path=request.path, exc_info=error)
    return problem(503, DETAILS[503], retry_after=RETRY_AFTER_BUSY)


@answer.register
def _outrun(error: IntegrityError) -> Response:
    """Something went while this request was about to add to it."""
    if refers_to_what_is_gone(error):
        return _busy(error)
    return _broken(error)


@answer.register(CSRFError)
def _forged(_error: Exception) -> Response:
    g.refused_as = SecurityEvent.CSRF_REFUSED
    return problem(403, FORGED)


@answer.register(BadHost)
@answer.register(SecurityError)
def _foreign(_error: Exception) -> Response:
    return problem(400, FOREIGN_HOST)


@answer.register
def _http(error: HTTPException) -> Response:
    """What Werkzeug or a view refused, with the headers that belong to it."""
    status = error.code or 500
    if status == 500:  # noqa: PLR2004 -- HTTP's own number; the error behind it is the one to log
        return answer(getattr(error, "original_exception", None) or Exception(str(error)))
    its_own_words = error.description if error.description != type(error).description else None
    response = problem(
        status, its_own_words or DETAILS.get(status) or error.description or error.name
    )
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response
