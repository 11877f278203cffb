"""The JSON twin: the same actions and queries for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from trackflow_web.api.achievements import views as achievements
from trackflow_web.api.admin import views as admin
from trackflow_web.api.authoring import views as authoring
from trackflow_web.api.collaborations import views as collaborations
from trackflow_web.api.core import openapi, problems
from trackflow_web.api.core.auth import PUBLIC
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.feedback import bugs, features
from trackflow_web.api.imports import views as imports
from trackflow_web.api.packs import views as packs
from trackflow_web.api.profiles import views as profiles
from trackflow_web.api.series import views as series
from trackflow_web.api.settings import views as settings
from trackflow_web.api.songs import views as songs

if TYPE_CHECKING:
    from flask import Flask, Response

__all__ = [
    "achievements",
    "admin",
    "authoring",
    "bugs",
    "collaborations",
    "features",
    "imports",
    "init_app",
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


def init_app(app: Flask) -> None:
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
