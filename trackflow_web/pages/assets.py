"""Static files under addresses that change with their content: a browser can keep them."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, current_app, request, url_for

if TYPE_CHECKING:
    from flask import Flask

A_YEAR = 365 * 24 * 3600


def connect(app: Flask) -> None:
    """Give the templates `asset(filename)`."""
    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        return response


def asset(filename: str) -> str:
    """The address of a file under static/, with a digest of what is in it."""
    path = Path(current_app.static_folder or "") / filename
    return url_for("static", filename=filename, v=_digest(path, path.stat().st_mtime_ns))


@functools.cache
def _digest(path: Path, changed_at: int) -> str:
    del changed_at  # only part of the key: a changed file has another digest
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
