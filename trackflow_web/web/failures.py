"""Which status an exception means, what may be said about it, and what is logged.

Pages and API render the result: `error_pages.py` as HTML, `problems.py` as a problem document.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import singledispatch
from http import HTTPStatus

import structlog
from flask import g, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import BadHost, HTTPException, RequestEntityTooLarge, SecurityError

from trackflow_web.domain.audit import SecurityEvent
from trackflow_web.domain.covers import actions as covers
from trackflow_web.domain.imports.rules import TOO_LARGE
from trackflow_web.domain.people import avatars
from trackflow_web.kernel.database_errors import lacks_a_table, refers_to_what_is_gone
from trackflow_web.kernel.errors import Duplicate, Forbidden, Invalid, NotFound, SignedOut, TooMany
from trackflow_web.web.caller import is_caller_deleted
from trackflow_web.web.limits import AVATAR_UPLOADS, COVER_UPLOADS, PLAYLIST_UPLOADS

log = structlog.get_logger()

RETRY_AFTER_BUSY = 2  # seconds
CHALLENGE = 'Bearer realm="TrackFlow"'
PICTURE_TOO_LARGE = "Choose a picture of up to {} MB."
# What is said at endpoints that take a file; pages with a form of their own for it say it there.
TOO_LARGE_FOR = {
    **dict.fromkeys(PLAYLIST_UPLOADS, TOO_LARGE),
    **dict.fromkeys(AVATAR_UPLOADS, PICTURE_TOO_LARGE.format(avatars.MOST_BYTES // 1024**2)),
    **dict.fromkeys(COVER_UPLOADS, PICTURE_TOO_LARGE.format(covers.MOST_BYTES // 1024**2)),
}
FOREIGN_HOST = "This site has a different host name."


class Kind(Enum):
    """The rendering of failures by pages or the API."""

    REJECTED = auto()  # the request cannot be fulfilled; the status is the reason
    FORGED = auto()  # no valid CSRF token
    FOREIGN_HOST = auto()  # requested under a host name that is not the site's
    SIGNED_OUT = auto()  # the account was deleted during the request
    NOT_MIGRATED = auto()  # tables are missing or outdated: trying again does not help
    BUSY = auto()  # the database cannot be used just now; trying again helps
    BROKEN = auto()  # a programming error, logged under the reference


@dataclass(frozen=True)
class Failure:
    """The description of an exception in a response.

    `detail` is a message for the user, empty if the status suffices. `description` is Werkzeug's,
    for API clients. `errors` maps fields to messages.
    """

    status: int
    detail: str = ""
    kind: Kind = Kind.REJECTED
    description: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    existing_id: int | None = None
    reference: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@singledispatch
def classify(error: Exception) -> Failure:
    """Return what is said about an exception; an unexpected one is logged and not described."""
    reference = uuid.uuid4().hex[:8]
    log.error("request_failed", path=request.path, reference=reference, exc_info=error)
    return Failure(500, kind=Kind.BROKEN, reference=reference)


@classify.register
def _(error: Invalid) -> Failure:
    return Failure(422, str(error), errors=error.errors)


@classify.register
def _(error: Duplicate) -> Failure:
    return Failure(422, str(error), errors=error.errors, existing_id=error.existing_id or None)


@classify.register
def _(error: NotFound) -> Failure:
    return Failure(404, str(error))


@classify.register
def _(error: Forbidden) -> Failure:
    return Failure(403, str(error))


@classify.register
def _(error: TooMany) -> Failure:
    return Failure(429, str(error), headers={"Retry-After": str(error.retry_after)})


@classify.register(OperationalError)
@classify.register(ProgrammingError)
def _(error: OperationalError | ProgrammingError) -> Failure:
    if lacks_a_table(error):
        log.error("database_not_migrated", path=request.path, error=str(error.orig))
        return Failure(503, kind=Kind.NOT_MIGRATED)
    if isinstance(error, ProgrammingError):
        return classify.dispatch(Exception)(error)
    return _busy(error)


@classify.register(NoConnection)
def _busy(error: Exception) -> Failure:
    log.warning("database_busy", path=request.path, error=repr(error))
    return Failure(503, kind=Kind.BUSY, headers={"Retry-After": str(RETRY_AFTER_BUSY)})


@classify.register
def _(_error: SignedOut) -> Failure:
    return Failure(401, kind=Kind.SIGNED_OUT, headers={"WWW-Authenticate": CHALLENGE})


@classify.register(ObjectDeletedError)
@classify.register(StaleDataError)
def _gone(error: Exception) -> Failure:
    """A row was deleted meanwhile: the caller's own, or one that a new request will not find."""
    return classify(SignedOut()) if is_caller_deleted() else _busy(error)


@classify.register
def _(error: IntegrityError) -> Failure:
    """A row that this one refers to was deleted meanwhile, or the program is wrong."""
    return _gone(error) if refers_to_what_is_gone(error) else classify.dispatch(Exception)(error)


@classify.register(CSRFError)
def _(_error: Exception) -> Failure:
    g.refused_as = SecurityEvent.CSRF_REFUSED
    return Failure(403, kind=Kind.FORGED)


@classify.register(BadHost)
@classify.register(SecurityError)
def _(_error: Exception) -> Failure:
    return Failure(400, FOREIGN_HOST, kind=Kind.FOREIGN_HOST)


@classify.register
def _(error: RequestEntityTooLarge) -> Failure:
    """Describe a body that is too large, with the limit of the file that the endpoint takes."""
    detail = TOO_LARGE_FOR.get(request.endpoint or "", "")
    return Failure(413, detail, description=error.description or "")


@classify.register
def _(error: HTTPException) -> Failure:
    """Describe an HTTP exception of Werkzeug or a view, with its headers."""
    status = error.code or 500
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return classify(getattr(error, "original_exception", None) or Exception(str(error)))
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    own_words = error.description if error.description != type(error).description else None
    return Failure(status, description=own_words or "", headers=headers)
