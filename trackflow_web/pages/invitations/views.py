"""Invitations to songs and packs: list, accept, decline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, url_for

from trackflow_web.domain.invitations import actions, queries
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import isolate
from trackflow_web.pages.songs.context import list_context
from trackflow_web.pages.songs.filters import Filters, list_of_form
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import errors_of, refused
from trackflow_web.web.listing import pager, requested_page
from trackflow_web.web.loaders import invitation_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("invitations", __name__, url_prefix="/invitations")


@pages.get("/")
@login_required
def index() -> str:
    """Show the user's pending invitations."""
    return _render(page=requested_page())


@pages.post("/<id:invitation_id>/accept")
@login_required
def accept(invitation_id: int) -> str | Response:
    """Accept an invitation."""
    received = invitation_or_404(invitation_id)
    try:
        actions.accept(received.invitation, get_current_user())
    except Invalid as refusal:
        return refused(_render_answered(refusal), refusal)
    if htmx.is_htmx():
        return _render_answered()
    flash(f"You're now collaborating on {isolate(received.name)}.")
    return htmx.redirect_after_post(url_for("songs.index"))


@pages.post("/<id:invitation_id>/decline")
@login_required
def decline(invitation_id: int) -> str | Response:
    """Decline an invitation."""
    received = invitation_or_404(invitation_id)
    try:
        actions.decline(received.invitation)
    except Invalid as refusal:
        return refused(_render_answered(refusal), refusal)
    if htmx.is_htmx():
        return _render_answered()
    flash(f"Declined the invitation to {isolate(received.name)}.")
    return htmx.redirect_after_post(url_for("invitations.index"))


def _render(refusal: Invalid | None = None, *, page: int = 1) -> str:
    listing = queries.list_pending(get_current_user().id, page=page)
    context = {
        "invitations": listing.rows,
        "pager": pager(listing, lambda other: url_for("invitations.index", page=other)),
        "errors": errors_of(refusal),
    }
    if htmx.is_htmx():
        return htmx.block("invitations/index.html", "list", **context)
    return render_template("invitations/index.html", **context)


def _render_answered(refusal: Invalid | None = None) -> str:
    """Return what htmx replaces: the list of invitations, or the songs page with some of them."""
    if htmx.is_htmx() and htmx.target() == "songs-panel":
        filters = list_of_form() or Filters()
        return htmx.block("songs/index.html", "panel", **list_context(filters, refusal))
    return _render(refusal)
