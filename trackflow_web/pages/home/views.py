"""The landing page, the first steps of new users, the keyboard shortcuts, the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template, request, url_for
from flask_login import current_user

from trackflow_web.domain.people import profile
from trackflow_web.domain.people.models import Theme
from trackflow_web.kernel import text
from trackflow_web.pages.home.dashboard import dashboard_context
from trackflow_web.web import htmx, theme
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.session import login_required
from trackflow_web.web.urls import safe_next_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("home", __name__)


@pages.get("/")
def index() -> str | Response:
    """Show the landing page to anonymous visitors, and to users their dashboard."""
    if current_user.is_authenticated:
        return render_template("home/dashboard.html", **dashboard_context(get_current_user()))
    return render_template("home/landing.html")


@pages.get("/shortcuts")
def shortcuts() -> str:
    """List the keyboard shortcuts; for htmx without the page around them."""
    if htmx.is_htmx():
        return htmx.block("home/shortcuts.html", "shortcuts", is_dialog=True)
    return render_template("home/shortcuts.html", is_dialog=False)


@pages.get("/theme")
def choose_theme() -> str:
    """Offer the themes to visitors without an account; members have a switch in their menu."""
    return render_template("home/theme.html", next_url=safe_next_url(request.args.get("next")))


@pages.post("/theme")
def keep_theme() -> Response:
    """Keep the chosen theme in this browser; an account keeps its own."""
    chosen = text.choice(request.form.get("theme"), "theme", Theme)
    if current_user.is_authenticated:
        profile.change_profile(get_current_user(), theme=chosen)
    response = make_response(htmx.redirect_after_post(safe_next_url(request.form.get("next"))))
    return theme.remember(response, chosen)


@pages.post("/checklist/hide")
@login_required
def hide_checklist() -> str | Response:
    """Dismiss the first steps."""
    profile.hide_checklist(get_current_user())
    if htmx.is_htmx():
        return ""
    return htmx.redirect_after_post(url_for("songs.index"))
