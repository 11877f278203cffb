"""What htmx asks for and what it is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, redirect, request
from jinja2_fragments.flask import render_block
from werkzeug.urls import iri_to_uri

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

SEE_OTHER = 303


def init_app(app: Flask) -> None:
    """Let every HTML answer say that it varies by who asks."""

    @app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.add("HX-Request")
        return response


def is_htmx() -> bool:
    """Whether htmx asks for a fragment: not for a whole page as boosting and history do."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def target() -> str:
    """The id of the element that will be replaced; empty when none is named."""
    return request.headers.get("HX-Target", "")


def redirect_after_post(address: str) -> BaseResponse:
    """Send the browser on after a deed: 303, for htmx by header so that the whole page goes."""
    if is_htmx():
        # A header holds ASCII; werkzeug's own redirect takes care of its Location alike.
        return Response(headers={"HX-Redirect": iri_to_uri(address)})
    return redirect(address, code=SEE_OTHER)


def block(template: str, name: str, **context: object) -> str:
    """One block of a page's template, rendered alone: the fragment is what the page shows."""
    return render_block(template, name, **context)
