"""Addresses: ids in them, and which ones a person may be sent back to."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

_CONTROL_OR_BACKSLASH = re.compile(r"[\x00-\x20\\\x7f]")
HOME = "/"


class RecordId(IntegerConverter):
    """A row's id: ASCII digits that both databases can compare; anything else is no address."""

    regex = "[1-9][0-9]{0,17}"


def safe_next_url(address: str | None) -> str:
    """The address when it is that of a page here, as path and query; else the start page.

    Only what the routes know passes: there are more spellings of a foreign host than one can list.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return HOME
    if _CONTROL_OR_BACKSLASH.search(address):
        return HOME
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return HOME
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, _ = adapter.match(parts.path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return HOME
    if endpoint == "static" or endpoint.startswith("api."):
        return HOME
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def current_page() -> str:
    """The page the person is on: for htmx the one that the fragment was asked for from."""
    if request.headers.get("HX-Request") == "true":
        parts = _split(request.headers.get("HX-Current-URL", ""))
        return safe_next_url(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    if request.method in {"GET", "HEAD"}:
        return safe_next_url(request.full_path.rstrip("?"))
    referrer = _split(request.headers.get("Referer", ""))
    return safe_next_url(referrer.path) if referrer.netloc == request.host else HOME


def _split(address: str) -> SplitResult:
    """The parts of an address from a header; those of an empty one when it is none."""
    try:
        return urlsplit(address)
    except ValueError:  # `http://[` and the like
        return urlsplit("")
