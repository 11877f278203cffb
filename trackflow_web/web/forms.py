"""Refused forms: the page again with its error messages, 422, or 429 when it was sent too often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response

from trackflow_web.kernel.errors import Invalid, TooMany

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

Refusal = Invalid | TooMany


def errors_of(refusal: Refusal | None, *, field: str = "form") -> Mapping[str, str]:
    """Return the error messages by field; `field` is where the message of a limit is shown."""
    if isinstance(refusal, TooMany):
        return {field: str(refusal)}
    return refusal.errors if refusal else {}


def refused(page: str, refusal: Refusal) -> Response:
    """Return the response that shows a refused form: 422, or 429 with `Retry-After`."""
    if isinstance(refusal, Invalid):
        return make_response(page, 422)
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response
