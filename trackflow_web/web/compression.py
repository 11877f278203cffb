"""Shorter answers: pages and JSON are compressed, unless somebody else might watch their length.

How well an answer compresses says something about what stands in it. A stranger's site could send a
signed-in browser to many addresses here and watch the lengths; what it asks for stays as long as it
is. Files hold no secret: `assets.py` compresses them for everybody.
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
# From a page of ours, or from the address bar.
OWN_WISH = frozenset({"same-origin", "none"})

_compress = Compress()


def init_app(app: Flask) -> None:
    """Configure compression for an application."""
    app.config.update(SETTINGS)
    _compress.init_app(app)


def compress(response: Response) -> Response:
    """Compress a response, unless it is a file or somebody else might watch its length."""
    if request.endpoint == "static" or _may_tell():
        return response
    return _compress.after_request(response)


def _may_tell() -> bool:
    """Whether somebody else may have asked for this with the cookies of who is here.

    A browser that does not say who asked is not trusted to be asked by its user.
    """
    return bool(request.cookies) and request.headers.get("Sec-Fetch-Site") not in OWN_WISH
