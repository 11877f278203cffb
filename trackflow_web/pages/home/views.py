"""The landing page, the first steps of new users, the keyboard shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, url_for
from flask_login import current_user

from trackflow_web.domain.people import profile
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("home", __name__)


@pages.get("/")
def index() -> str | Response:
    """Show the landing page to anonymous visitors; redirect signed-in users to their songs."""
    if current_user.is_authenticated:
        return htmx.redirect_after_post(url_for("songs.index"))
    return render_template("home/landing.html")


@pages.get("/shortcuts")
def shortcuts() -> str:
    """List the keyboard shortcuts; for htmx without the page around them."""
    if htmx.is_htmx():
        return htmx.block("home/shortcuts.html", "shortcuts", is_dialog=True)
    return render_template("home/shortcuts.html", is_dialog=False)


@pages.post("/checklist/hide")
@login_required
def hide_checklist() -> str | Response:
    """Dismiss the first steps."""
    profile.hide_checklist(get_current_user())
    if htmx.is_htmx():
        return ""
    return htmx.redirect_after_post(url_for("songs.index"))
