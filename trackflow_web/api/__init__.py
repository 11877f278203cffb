"""The JSON twin: the same actions and queries for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from trackflow_web.api import (
    achievements,
    admin,
    authoring,
    bugs,
    collaborations,
    features,
    imports,
    openapi,
    packs,
    problems,
    profiles,
    series,
    settings,
    songs,
)
from trackflow_web.api.auth import PUBLIC
from trackflow_web.api.blueprint import api

if TYPE_CHECKING:
    from flask import Flask, Response

__all__ = [
    "achievements",
    "admin",
    "authoring",
    "bugs",
    "collaborations",
    "connect",
    "features",
    "imports",
    "packs",
    "profiles",
    "series",
    "settings",
    "songs",
    "surround",
]

PREFIX = "/api/"


def surround(app: Flask) -> None:
    """What comes first and last around everything under /api/.

    Called before the pages are connected, so that none of theirs answers for an address here.
    """
    app.before_request(_refuse_unknown)
    app.after_request(_keep_private)


def connect(app: Flask) -> None:
    """Give an application its API."""
    app.extensions["csrf"].exempt(api)  # `auth` looks at the token where a cookie speaks
    app.register_blueprint(api)


def _asked() -> bool:
    return f"{request.path}/".startswith(PREFIX)


def _refuse_unknown() -> Response | None:
    """No route means no blueprint, and without one the answer would be a page."""
    return problems.unrouted() if _asked() else None


def _keep_private(response: Response) -> Response:
    """Let no cache keep what was made for somebody."""
    if _asked():
        public = request.endpoint in PUBLIC
        response.headers["Cache-Control"] = openapi.KEPT if public else "no-store"
    return response
