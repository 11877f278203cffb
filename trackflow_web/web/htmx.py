"""Requests that htmx makes, and responses for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, redirect, request
from jinja2_fragments.flask import render_block
from werkzeug.urls import iri_to_uri

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

SEE_OTHER = 303


def vary(response: Response) -> Response:
    """Add `Vary: HX-Request` to every HTML response."""
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    return response


def is_htmx() -> bool:
    """Return whether htmx requests a fragment, not a whole page as boosting and history do."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def target() -> str:
    """Return the id of the element that htmx will replace; empty when it names none."""
    return request.headers.get("HX-Target", "")


def redirect_after_post(address: str) -> BaseResponse:
    """Redirect after a POST with 303; for htmx by a header, which replaces the whole page."""
    if is_htmx():
        # A header holds ASCII; Werkzeug's redirect encodes its Location in the same way.
        return Response(headers={"HX-Redirect": iri_to_uri(address)})
    return redirect(address, code=SEE_OTHER)


def block(template: str, name: str, **context: object) -> str:
    """Render one block of a page's template: the fragment is what the page shows there."""
    return render_block(template, name, **context)
