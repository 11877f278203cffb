"""Songs: list, show, add, change, move, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.packs import song_editing
from trackflow_web.domain.songs import actions, queries
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import isolate
from trackflow_web.pages.songs.context import Filters, list_context, song_context
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import refused, sent_fields
from trackflow_web.web.loaders import song_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.songs.models import Song

pages = Blueprint("songs", __name__, url_prefix="/songs")

FIELDS = ("title", "artist", "album", "year", "status", "pack_id", "anyway")


@pages.get("/")
@login_required
def index() -> str:
    """Show the songs that one owns or collaborates on: tabs by status, search, pages."""
    context = list_context(Filters.parse())
    if htmx.is_htmx():
        return htmx.block("songs/index.html", "list", **context)
    return render_template("songs/index.html", **context)


@pages.post("/")
@login_required
def create() -> str | Response:
    """Add a song."""
    form = request.form
    try:
        song = song_editing.add_song(
            get_current_user(), **{name: form.get(name) for name in FIELDS}
        )
    except Invalid as refusal:
        return refused(_render_panel(list_context(Filters(), refusal)), refusal)
    if htmx.is_htmx():
        return _render_panel(list_context(Filters()))
    flash(f"Added {isolate(song.title)}.")
    return htmx.redirect_after_post(url_for("songs.index"))


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
        return _render_row_or_details(song)
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
    return render_template("songs/_row.html", song=song_or_404(song_id, may="work"))


@pages.post("/<id:song_id>/status")
@login_required
def move(song_id: int) -> str | Response:
    """Move a song to Future Plans, WIP or Released."""
    song = song_or_404(song_id, may="work")
    actions.move_song(song, get_current_user(), status=request.form.get("status"))
    if htmx.is_htmx():
        return _render_row_or_details(song)
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id))


@pages.get("/<id:song_id>/delete")
@login_required
def confirm_delete(song_id: int) -> str:
    """Show the confirmation page of the deletion."""
    return render_template("songs/delete.html", song=song_or_404(song_id, may="own"))


@pages.post("/<id:song_id>/delete")
@login_required
def delete(song_id: int) -> Response:
    """Delete a song."""
    song = song_or_404(song_id, may="own")
    actions.delete_song(song, get_current_user())
    flash(f"Deleted {isolate(song.title)}.")
    return htmx.redirect_after_post(url_for("songs.index"))


def _render_panel(context: dict[str, object]) -> str:
    if htmx.is_htmx():
        return htmx.block("songs/index.html", "panel", **context)
    return render_template("songs/index.html", **context)


def _render_row_or_details(song: Song) -> str:
    """Return what htmx replaces: the head of the song's page, or its row with the list's counts."""
    if htmx.target() == "song-details":
        return htmx.block("songs/show.html", "details", **song_context(song))
    counts = queries.count_by_status(get_current_user().id)
    return render_template("songs/_changed_row.html", song=song, counts=counts)


def _refuse_changes(song: Song, refusal: Invalid) -> Response:
    if "status" in refusal.errors:  # the form has no such field to show the message at
        refusal.errors["form"] = f"status: {refusal.errors['status']}"
    context = song_context(song, refusal)
    if not htmx.is_htmx():
        return refused(render_template("songs/edit.html", **context), refusal)
    if htmx.target() == "song-details":
        return refused(htmx.block("songs/show.html", "details", **context), refusal)
    return refused(render_template("songs/_row_form.html", **context), refusal)
