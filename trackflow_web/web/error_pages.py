"""Errors of pages as pages; when the database is busy, with what was typed in a form to resend."""

from __future__ import annotations

import structlog
from flask import Response, make_response, render_template, request, session
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import SQLAlchemyError

from trackflow_web.kernel import transactions
from trackflow_web.web import theme
from trackflow_web.web.failures import Failure, Kind
from trackflow_web.web.session import assume_anonymous, redirect_to_sign_in

log = structlog.get_logger()

SECRET_FIELDS = frozenset({"csrf_token", "password", "current"})

TITLES = {
    400: "Bad request",
    403: "Not allowed",
    404: "Page not found",
    405: "Method not allowed",
    413: "Too large",
    422: "That can't be used",
    429: "Too many tries",
    500: "Something broke",
    503: "Busy just now",
}
MESSAGES = {
    400: "The request can't be understood.",
    403: "You aren't allowed to do this.",
    404: "This page doesn't exist or is private.",
    405: "This address doesn't accept that kind of request.",
    413: "That's larger than we can accept.",
    500: "This is our fault, not yours. Nothing was changed.",
    503: "The database is busy. Nothing was lost; try again in a moment.",
}
BY_KIND = {
    Kind.FORGED: (
        "This form is out of date or came from another site. Reload the page and try again."
    ),
    Kind.NOT_MIGRATED: (
        "The database isn't migrated. If you run this site: `flask --app wsgi db upgrade` does it."
    ),
}


def render(failure: Failure) -> Response:
    """Return the error page, for htmx with the headers that keep it from being swapped in."""
    if failure.kind is Kind.SIGNED_OUT:
        transactions.rollback()
        session.clear()
        return make_response(redirect_to_sign_in())
    if failure.kind is Kind.FOREIGN_HOST:  # under a foreign host no URL can be built
        return Response(failure.detail, failure.status, mimetype="text/plain")
    page = render_template(
        "errors/error.html",
        has_navigation=_is_user_known(failure),
        status=failure.status,
        title=_title(failure),
        message=_message(failure),
        **_retry(failure),
    )
    response = make_response(page, failure.status)
    response.headers.update(failure.headers)
    if failure.kind is not Kind.BUSY:
        # htmx swaps a 422 in where the form was; a whole page has no place there.
        response.headers["HX-Reswap"] = "none"
    if failure.kind is Kind.FORGED and request.headers.get("HX-Request") == "true":
        response.headers["HX-Refresh"] = "true"  # a fresh page has a fresh token
    return response


def _is_user_known(failure: Failure) -> bool:
    """Return whether the page is for a signed-in user; queries the database only if it responds."""
    if failure.kind in {Kind.REJECTED, Kind.FORGED} and "_user_id" in session:
        try:
            return bool(current_user.is_authenticated)
        except SQLAlchemyError:
            log.warning("user_of_error_page_not_loaded", exc_info=True)
    theme.ask_nobody()
    assume_anonymous()
    return False


def _title(failure: Failure) -> str:
    if failure.kind is Kind.NOT_MIGRATED:
        return "Not ready yet"
    return TITLES.get(failure.status, "That didn't work")


def _message(failure: Failure) -> str:
    message = failure.detail or MESSAGES.get(failure.status, "")
    if failure.errors:
        return " ".join(f"{name}: {text}" for name, text in failure.errors.items())
    if failure.kind in BY_KIND:
        return BY_KIND[failure.kind]
    if failure.kind is Kind.BROKEN:
        return f"{message} If you report it, include this reference: {failure.reference}."
    return message


def _retry(failure: Failure) -> dict[str, object]:
    """Return what the form that sends the same once more needs."""
    if failure.kind is not Kind.BUSY:
        return {"retry": None, "action": None}
    retry = None
    if request.method == "POST":
        retry = {name: value for name, value in request.form.items() if name not in SECRET_FIELDS}
    return {
        "retry": retry,
        "retry_token": generate_csrf(),
        "action": request.full_path.rstrip("?"),
    }
