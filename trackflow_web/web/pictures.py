"""Responses with pictures whose addresses change with their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, abort

from trackflow_web.web.urls import DIGEST

if TYPE_CHECKING:
    from collections.abc import Callable

A_YEAR = "max-age=31536000, immutable"


def uploaded(digest: str, find: Callable[[], tuple[bytes, bool] | None]) -> Response:
    """Send the WebP that `find` returns, and whether everybody may see it; else 404.

    The digest of the address is checked first: PostgreSQL refuses some characters.
    """
    found = find() if DIGEST.fullmatch(digest) else None
    if found is None:
        abort(404)
    content, is_public = found
    return _kept(content, "image/webp", "public" if is_public else "private")


def generated(drawing: str) -> Response:
    """Send an SVG that stands for a missing upload."""
    return _kept(drawing, "image/svg+xml", "public")


def _kept(content: bytes | str, mimetype: str, who: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Cache-Control"] = f"{who}, {A_YEAR}"
    return response
