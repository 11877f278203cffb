"""Errors of the API as problem documents (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Response

from trackflow_web.web.failures import Failure, Kind

MIMETYPE = "application/problem+json"

# For API clients; Werkzeug's descriptions address users of a browser.
DETAILS = {
    400: "The request can't be understood.",
    403: "You don't have permission to do this.",
    404: "This doesn't exist or is private.",
    405: "This address doesn't support this method.",
    413: "The body is too large.",
    503: "The database is busy. Nothing was changed. Try again in a moment.",
}
DETAILS_BY_KIND = {
    Kind.FORGED: (
        "With the session cookie, X-CSRFToken must carry the token of the session's forms."
    ),
    Kind.NOT_MIGRATED: "The database hasn't been migrated. The operator has to run the migrations.",
    Kind.SIGNED_OUT: "Your account was deleted.",
    Kind.BROKEN: (
        "This is our fault. Nothing was changed. If you report it, include the reference."
    ),
}


def render(failure: Failure) -> Response:
    """Return the problem document of a failure."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": _detail(failure),
        "errors": failure.errors or None,
        "existing_id": failure.existing_id,
        "reference": failure.reference,
    }
    body = json.dumps({name: value for name, value in document.items() if value is not None})
    response = Response(body, failure.status, mimetype=MIMETYPE)
    response.headers.update(failure.headers)
    return response


def _detail(failure: Failure) -> str:
    return (
        failure.detail
        or DETAILS_BY_KIND.get(failure.kind)
        or failure.description
        or DETAILS.get(failure.status)
        or HTTPStatus(failure.status).description
        or HTTPStatus(failure.status).phrase
    )
