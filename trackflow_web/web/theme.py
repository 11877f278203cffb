"""Light or dark: what the user has chosen, else what a cookie says, else what the device wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g, request
from flask_login import current_user

from trackflow_web.domain.people.models import Theme

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

COOKIE = "theme"
SECONDS_KEPT = 365 * 24 * 3600
FROM_COOKIE = "theme_from_cookie"


def init_app(app: Flask) -> None:
    """Give the templates `theme()`."""
    app.jinja_env.globals["theme"] = current_theme


def current_theme() -> str:
    """Return the theme of this page."""
    if FROM_COOKIE not in g and current_user.is_authenticated:
        return str(current_user.theme)
    return str(kept())


def kept() -> Theme:
    """Return the theme that this browser keeps."""
    name = request.cookies.get(COOKIE, "")
    return Theme(name) if name in set(Theme) else Theme.AUTO


def ask_nobody() -> None:
    """Take the theme of this page from the cookie: the database may be the error."""
    setattr(g, FROM_COOKIE, True)


def remember(response: Response, theme: str) -> Response:
    """Keep the theme in this browser, for pages without a user."""
    response.set_cookie(
        COOKIE,
        theme,
        max_age=SECONDS_KEPT,
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )
    return response
