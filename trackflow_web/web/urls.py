"""URLs: the ids in them, and the pages that a user may be redirected to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlsplit

from flask import current_app, has_request_context, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, IntegerConverter

from trackflow_web.web.extensions import settings

if TYPE_CHECKING:
    from flask import Flask

# Paths are built from the routes at 15 us each, and a page has hundreds of them.
PATHS_KEPT = 8_192
_OPTIONS = frozenset({"_anchor", "_external", "_method", "_scheme"})
# What has a meaning in a query, or is escaped there.
_IN_QUERY = "%&=+;,:@/?!$'()*~[]"
_CONTROL_OR_BACKSLASH = re.compile(r"[\x00-\x20\\\x7f]")
HOME = "/"
# Of an uploaded picture.
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Code(BaseConverter):
    """The code of an achievement; what follows a dot is the format of another resource."""

    regex = r"[^/.]+"


class RecordId(IntegerConverter):
    """A row's id: ASCII digits that both databases can compare; anything else is not found."""

    regex = "[1-9][0-9]{0,17}"


def init_app(app: Flask) -> None:
    """Let templates build each path once."""
    app.jinja_env.globals["url_for"] = path_for


def path_for(endpoint: str, **values: str | int | None) -> str:
    """Return what `url_for` returns; paths without options of Flask are kept."""
    if not has_request_context() or not _OPTIONS.isdisjoint(values):
        return url_for(endpoint, **values)  # type: ignore[arg-type]
    return _path(request.script_root, endpoint, tuple(values.items()))


@lru_cache(maxsize=PATHS_KEPT)
def _path(root: str, endpoint: str, values: tuple[tuple[str, str | int | None], ...]) -> str:
    """Return a path below `root`, which is that of the request."""
    del root
    return url_for(endpoint, **dict(values))  # type: ignore[arg-type]


def without_slash() -> str | None:
    """Return the URL of the request without the slash at its end, if only that leads to a view."""
    path = request.path.removesuffix("/")
    adapter = current_app.create_url_adapter(request)
    if path == request.path or adapter is None:
        return None
    try:
        endpoint, values = adapter.match(path, request.method)
    except HTTPException:
        return None
    query = quote(request.query_string, safe=_IN_QUERY)
    return url_for(endpoint, **values) + (f"?{query}" if query else "")


def safe_next_url(address: str | None) -> str:
    """Return the path and query of a URL of this site; otherwise the start page.

    Only URLs that match a route pass, because a foreign host has too many spellings to list.
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


def site_url() -> str:
    """Return the URL of the site for links in mails: SITE_URL, or that of the request."""
    return settings().site_url or request.host_url.rstrip("/")


def current_page() -> str:
    """Return the URL of the page in the browser: for htmx, of the page requesting a fragment."""
    if request.headers.get("HX-Request") == "true":
        return _path_and_query(_split(request.headers.get("HX-Current-URL", "")))
    if request.method in {"GET", "HEAD"}:
        return safe_next_url(request.full_path.rstrip("?"))
    referrer = _split(request.headers.get("Referer", ""))
    return _path_and_query(referrer) if referrer.netloc == request.host else HOME


def _path_and_query(parts: SplitResult) -> str:
    return safe_next_url(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def _split(address: str) -> SplitResult:
    """Return the parts of a URL in a header; those of an empty one if it is invalid."""
    try:
        return urlsplit(address)
    except ValueError:  # `http://[` and the like
        return urlsplit("")
