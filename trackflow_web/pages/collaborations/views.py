"""Who helps with a song or a pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, make_response, render_template, request, url_for

from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.songs import actions as songs
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import count_of
from trackflow_web.pages.packs.views import pack_context
from trackflow_web.pages.songs.views import song_context
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import pack_or_404, song_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.songs.models import Song

pages = Blueprint("collaborations", __name__)


@pages.post("/songs/<id:song_id>/collaborators")
@login_required
def add(song_id: int) -> str | Response:
    """Let somebody help with a song."""
    song = song_or_404(song_id, may="own")
    try:
        songs.add_helper(song, username=request.form.get("username"))
    except Invalid as refusal:
        return make_response(_song_page(song, refusal), 422)
    return _song_page(song) if htmx.is_htmx() else _back_to(song)


@pages.post("/songs/<id:song_id>/collaborators/<id:user_id>/delete")
@login_required
def remove(song_id: int, user_id: int) -> str | Response:
    """The owner lets somebody go, or somebody leaves."""
    song = song_or_404(song_id, may="work")
    if get_current_user().id not in {song.user_id, user_id}:
        abort(403)
    songs.remove_helper(song, user_id)
    if get_current_user().id == user_id:
        flash(f"You no longer help with {song.title}.")
        return htmx.redirect_after_post(url_for("songs.index"))
    return _song_page(song) if htmx.is_htmx() else _back_to(song)


@pages.post("/packs/<id:pack_id>/collaborators")
@login_required
def add_to_pack(pack_id: int) -> str | Response:
    """Let somebody help with every song of a pack."""
    pack = pack_or_404(pack_id)
    try:
        added = packs.add_helper(pack, username=request.form.get("username"))
    except Invalid as refusal:
        context = pack_context(pack, request.form, refusal)
        return make_response(render_template("packs/show.html", **context), 422)
    flash(f"Added to {count_of(added, 'song')}.")
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


def _song_page(song: Song, refusal: Invalid | None = None) -> str:
    context = song_context(song, request.form if refusal else None, refusal)
    if htmx.is_htmx():
        return htmx.block("songs/show.html", "helpers", **context)
    return render_template("songs/show.html", **context)


def _back_to(song: Song) -> Response:
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id, _anchor="song-helpers"))
