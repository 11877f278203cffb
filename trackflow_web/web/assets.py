"""Static files under addresses that change with their content: a browser can keep them."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, current_app, request

if TYPE_CHECKING:
    from flask import Flask

A_YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Give the templates `asset(filename)` and `integrity(filename)`."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["integrity"] = integrity

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        return response


def asset(filename: str) -> str:
    """The address of a file under static/, with a digest of what is in it."""
    version = _digest(filename).hex()[:12]
    return f"{request.script_root}{current_app.static_url_path}/{filename}?v={version}"


def integrity(filename: str) -> str:
    """What a browser compares a script under static/ with before it runs it."""
    return f"sha384-{base64.b64encode(_digest(filename)).decode()}"


def _digest(filename: str) -> bytes:
    """A page has twenty of them, so that a file is read once, but where files change meanwhile."""
    read = _read if current_app.jinja_env.auto_reload else _read_once
    return read(current_app.static_folder or "", filename)


def _read(folder: str, filename: str) -> bytes:
    return hashlib.sha384((Path(folder) / filename).read_bytes()).digest()


_read_once = functools.cache(_read)
