"""Songs: list, show, add, change, move, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, session, url_for

from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk.selection import only
from trackflow_web.domain.packs import song_editing
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import isolate
from trackflow_web.pages.songs import responses, told
from trackflow_web.pages.songs.context import list_context, row_context, song_context
from trackflow_web.pages.songs.filters import Filters, list_of_form
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import refused, sent_fields
from trackflow_web.web.loaders import song_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.domain.songs.models import Song

pages = Blueprint("songs", __name__, url_prefix="/songs")

FIELDS = (
    *("title", "artist", "album", "year", "status", "pack_id", "anyway"),
    *song_editing.DETAIL_FIELDS,
)
# Of the form that adds a song these stay for the next one: without a script in the session.
KEPT = ("status", "pack_id", "template")
LONGEST_KEPT = 20
ADDED = "song_added_with"


@pages.get("/")
@login_required
def index() -> str:
    """Show the songs that one owns or collaborates on: tabs, search, filter, order, pages."""
    context = list_context(Filters.parse(), kept=session.pop(ADDED, None))
    if htmx.is_htmx():
        return htmx.block("songs/index.html", "list", **context)
    return render_template("songs/index.html", **context)


@pages.post("/")
@login_required
def create() -> str | Response:
    """Add a song; the list keeps its tab and order, the form status, pack and template."""
    fields = sent_fields((*FIELDS, "template"))
    filters = list_of_form()
    try:
        song = song_editing.add_song(get_current_user(), **{"title": "", "artist": "", **fields})
    except Invalid as refusal:
        return refused(_render_panel(list_context(filters or Filters(), refusal)), refusal)
    shown = Filters(status=filters.status, sort=filters.sort) if filters else Filters()
    if htmx.is_htmx():
        return _render_panel(list_context(shown, kept=_kept(fields)))
    flash(f"Added {isolate(song.title)}.")
    session[ADDED] = _kept(fields)
    return htmx.redirect_after_post(shown.address())


@pages.get("/<id:song_id>")
@login_required
def show(song_id: int) -> str:
    """Show a song with its parts."""
    return render_template("songs/show.html", **song_context(song_or_404(song_id, may="work")))


@pages.post("/<id:song_id>")
@login_required
def update(song_id: int) -> str | Response:
    """Change a song; fields that are not sent stay as they are."""
    song = song_or_404(song_id, may="own")
    try:
        song_editing.change_song(song, get_current_user(), sent_fields(FIELDS))
    except Invalid as refusal:
        return _refuse_changes(song, refusal)
    if htmx.is_htmx():
        return responses.row_or_details(song)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id))


@pages.get("/<id:song_id>/edit")
@login_required
def edit(song_id: int) -> str:
    """Show the form that changes a song: in place of its row for htmx, else as a page."""
    context = song_context(song_or_404(song_id, may="own"))
    if htmx.is_htmx():
        return render_template("songs/_row_form.html", **context)
    return render_template("songs/edit.html", **context)


@pages.get("/<id:song_id>/row")
@login_required
def row(song_id: int) -> str:
    """Show the row of a song in the list."""
    song = song_or_404(song_id, may="work")
    return render_template("songs/_row.html", **row_context(song, Filters()))


@pages.post("/<id:song_id>/status")
@login_required
def move(song_id: int) -> str | Response:
    """Move a song to Future Plans, WIP or Released."""
    song, user = song_or_404(song_id, may="work"), get_current_user()
    outcome = bulk.move(only(song, user), user, status=request.form.get("status"))
    return responses.moved(song, told.moved(outcome, Status(song.status)))


@pages.post("/<id:song_id>/delete")
@login_required
def delete(song_id: int) -> str | Response:
    """Delete a song; it can be undone for some minutes."""
    song, user = song_or_404(song_id, may="own"), get_current_user()
    outcome = bulk.delete(only(song, user), user)
    return responses.deleted(song_id, told.deleted(outcome))


def _kept(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the form that stay for the next song."""
    return {name: fields[name][:LONGEST_KEPT] for name in KEPT if name in fields}


def _render_panel(context: dict[str, object]) -> str:
    if htmx.is_htmx():
        return htmx.block("songs/index.html", "panel", **context)
    return render_template("songs/index.html", **context)


def _refuse_changes(song: Song, refusal: Invalid) -> Response:
    if "status" in refusal.errors:  # the form has no such field to show the message at
        refusal.errors["form"] = f"status: {refusal.errors['status']}"
    context = song_context(song, refusal)
    if not htmx.is_htmx():
        return refused(render_template("songs/edit.html", **context), refusal)
    if htmx.target() == "song-details":
        return refused(htmx.block("songs/show.html", "details", **context), refusal)
    return refused(render_template("songs/_row_form.html", **context), refusal)
