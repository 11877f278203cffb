"""The images of public pages that link previews show, for whoever asks.

Nothing is rendered here. An address that does not exist, one that was withdrawn and one of a page
that visitors do not see are the same 404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from trackflow_web.domain.share_images.models import Kind
from trackflow_web.integrations.share_images import shown
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.share_images import NAME

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

embeds = Blueprint("share_images", __name__, url_prefix="/og")

HEADERS = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    # Privacy must win soon, so it is not immutable although its address has a digest.
    "Cache-Control": "public, max-age=3600",
}


@embeds.get("/<string(maxlength=16):kind>/<string(maxlength=64):name>.png")
def show(kind: str, name: str) -> BaseResponse:
    """Send the image of a public page."""
    parts = NAME.fullmatch(name)
    # What is sent is compared first: PostgreSQL refuses some characters.
    image = shown.find_image(kind, *parts.groups()) if parts and kind in set(Kind) else None
    if parts is None or image is None:
        raise NotFound
    response = Response(image, mimetype="image/png")
    response.headers.update(HEADERS)
    response.set_etag(parts[2])
    response.make_conditional(request)
    return response
