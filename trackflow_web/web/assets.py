"""Static files at URLs that change with their content, compressed, and one style sheet.

Files are read once per process and kept in memory, with each requested compressed form.
While templates are reloaded (debug mode) they are read again for every request.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import brotli
from flask import Response, abort, current_app, request
from flask_compress.compat import compression  # zstd is in the standard library only from 3.14 on
from werkzeug.security import safe_join

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

# The style sheets of every page are sent as one file of this name, which is in no folder. A later
# layer wins over an earlier one regardless of selectors; within a layer the order is that of the
# sheets.
BUNDLE = "css/site.css"
LAYERS = {
    "base": ("tokens", "base"),
    "layout": ("layout",),
    "components": ("forms", "components", "rarity"),
    "features": (
        "achievements",
        "songs-list",
        "songs-row",
        "songs-page",
        "songs-forms",
        "packs",
        "invitations",
        "imports",
        "charts",
        "feedback",
        "comments",
        "stats",
        "profiles",
        "releases",
        "proof",
        "credentials",
        "sharing",
        "leaderboards",
        "seasons",
        "community",
        "settings",
        "webhooks",
        "notifications",
        "toasts",
        "pages",
    ),
    "utilities": ("utilities",),
    "print": ("print",),
}
FOREVER = "public, max-age=31536000, immutable"  # a year
REVALIDATE = "no-cache"
# The best levels: each form is made once. Brotli first, because it is the smallest at these.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "zstd": lambda content: compression.zstd.compress(content, 19),
    "gzip": lambda content: gzip.compress(content, mtime=0),
}
COMPRESSIBLE = frozenset({"text/css", "text/javascript", "text/plain", "image/svg+xml"})
# Smaller ones fit into the packet of their headers anyway.
LEAST_BYTES = 500


def init_app(app: Flask) -> None:
    """Add `asset(filename)` and `integrity(filename)` to templates, and serve the files."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["integrity"] = integrity
    app.view_functions["static"] = send


def asset(filename: str) -> str:
    """Return the URL of a file under static/, with the version of its content."""
    version = _load(filename).version
    return f"{request.script_root}{current_app.static_url_path}/{filename}?v={version}"


def integrity(filename: str) -> str:
    """Return what a browser compares a script under static/ with before it runs it."""
    return f"sha384-{base64.b64encode(_load(filename).digest).decode()}"


def send(filename: str) -> Response:
    """Send a file under static/: compressed where the browser accepts that, or a range of it."""
    try:
        file = _load(filename)
    except FileNotFoundError:
        abort(404)
    # A range is one of the bytes as they are.
    encoding = "" if "Range" in request.headers else file.best_encoding()
    content = file.encoded(encoding)
    response = Response(content, mimetype=file.mimetype)
    if file.is_compressible:
        response.vary.add("Accept-Encoding")
    if encoding:
        response.content_encoding = encoding
    response.set_etag(f"{file.version}-{encoding}" if encoding else file.version)
    response.make_conditional(request, accept_ranges=True, complete_length=len(content))
    is_whole = response.status_code == HTTPStatus.OK
    is_version = request.args.get("v") == file.version
    response.headers["Cache-Control"] = FOREVER if is_whole and is_version else REVALIDATE
    if response.status_code == HTTPStatus.NOT_MODIFIED and is_version:
        del response.headers["Cache-Control"]  # the headers sent with the bytes stay valid
    return response


def limit_caching(response: Response) -> Response:
    """Forbid caching of an error page at the URL of a file."""
    if request.endpoint == "static" and response.status_code >= HTTPStatus.BAD_REQUEST:
        response.headers["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True)
class StaticFile:
    """The content of a file under static/ and what follows from it."""

    content: bytes
    mimetype: str
    digest: bytes
    compressed: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, content: bytes, filename: str) -> StaticFile:
        """Return the file of a content; its name determines its type."""
        mimetype = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        return cls(content, mimetype, hashlib.sha384(content).digest())

    @property
    def version(self) -> str:
        """The version in its URL, `v`."""
        return self.digest.hex()[:12]

    @property
    def is_compressible(self) -> bool:
        """Whether it is text of some length."""
        return self.mimetype in COMPRESSIBLE and len(self.content) >= LEAST_BYTES

    def best_encoding(self) -> str:
        """Return the best encoding that the request accepts; empty where it is sent as it is."""
        if not self.is_compressible:
            return ""
        return request.accept_encodings.best_match(ENCODERS) or ""

    def encoded(self, encoding: str) -> bytes:
        """Return the content in an encoding; empty means as it is."""
        if not encoding:
            return self.content
        if encoding not in self.compressed:
            self.compressed[encoding] = ENCODERS[encoding](self.content)
        return self.compressed[encoding]


# Longer ones are no files: asking the system about a name of 256 letters is an error.
LONGEST_NAME = 200


def bundle(folder: str) -> bytes:
    """Return the sheets of css/ in a folder as one, each in its layer."""
    parts = [f"@layer {', '.join(LAYERS)};"]
    for layer, sheets in LAYERS.items():
        for sheet in sheets:
            text = (Path(folder) / "css" / f"{sheet}.css").read_text(encoding="utf-8")
            parts.append(f"@layer {layer} {{\n{text}}}")
    return "\n".join(parts).encode()


def _load(filename: str) -> StaticFile:
    """Return a file under static/. Raises FileNotFoundError."""
    read = _read if current_app.jinja_env.auto_reload else _read_once
    return read(current_app.static_folder or "", filename)


def _read(folder: str, filename: str) -> StaticFile:
    if filename == BUNDLE:
        return StaticFile.of(bundle(folder), filename)
    path = safe_join(folder, filename) if len(filename) <= LONGEST_NAME else None
    if path is None or not Path(path).is_file():
        raise FileNotFoundError(filename)
    return StaticFile.of(Path(path).read_bytes(), filename)


_read_once = functools.cache(_read)
