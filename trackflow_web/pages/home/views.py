"""The landing page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, url_for
from flask_login import current_user

from trackflow_web.web import htmx

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("home", __name__)


@pages.get("/")
def index() -> str | Response:
    """Show the landing page to anonymous visitors; redirect signed-in users to their songs."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(url_for("songs.index"))
    return render_template("home/landing.html")
