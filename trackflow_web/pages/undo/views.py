"""Undoing what a user did a moment ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, url_for

from trackflow_web.domain.undo import actions
from trackflow_web.pages.songs import told
from trackflow_web.pages.songs.filters import list_of_form
from trackflow_web.pages.songs.responses import next_page, whole_list
from trackflow_web.web import htmx, messages
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("undo", __name__)


@pages.post("/undo/<token>")
@login_required
def undo(token: str) -> Response:
    """Undo a step, and lead back; in the list of songs htmx gets the list."""
    message = told.undone(actions.undo(get_current_user(), token))
    filters = list_of_form() if htmx.is_htmx() else None
    if filters is not None:
        return whole_list(filters, message)
    messages.show_on_next_page(message)
    return htmx.redirect_after_post(next_page(url_for("songs.index")))
