"""Compression of pages and JSON, unless another site might observe their length.

The compressed length of a response reveals something about its content. Another site could make a
signed-in browser request many URLs here and observe the lengths, so responses to such requests are
not compressed. Files contain no secret: `assets.py` compresses them for all requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from flask_compress import Compress

if TYPE_CHECKING:
    from flask import Flask, Response

SETTINGS = {
    "COMPRESS_REGISTER": False,  # the function below decides first
    "COMPRESS_STREAMS": False,
    "COMPRESS_ALGORITHM": ["zstd", "br", "gzip"],
}
# From a page of this site, or from the address bar.
OWN_WISH = frozenset({"same-origin", "none"})

_compress = Compress()


def init_app(app: Flask) -> None:
    """Configure compression for an application."""
    app.config.update(SETTINGS)
    _compress.init_app(app)


def compress(response: Response) -> Response:
    """Compress a response, unless it is a file or another site might observe its length."""
    if request.endpoint == "static" or _may_tell():
        return response
    return _compress.after_request(response)


def _may_tell() -> bool:
    """Return whether another site may have caused this request with the user's cookies.

    Requests of browsers that do not send the origin count as caused by another site.
    """
    return bool(request.cookies) and request.headers.get("Sec-Fetch-Site") not in OWN_WISH
