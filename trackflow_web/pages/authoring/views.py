"""The parts of a song: set their states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request, url_for

from trackflow_web.domain.authoring import actions
from trackflow_web.pages.songs.context import part_rows
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import part_or_404, song_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

pages = Blueprint("authoring", __name__)


@pages.post("/songs/<id:song_id>/parts/<part>")
@login_required
def mark(song_id: int, part: str) -> str | Response:
    """Set a part to todo, done or not needed."""
    song = song_or_404(song_id, may="work")
    actions.mark_part(song, part_or_404(part), get_current_user(), state=request.form.get("state"))
    if htmx.is_htmx():
        return htmx.block("songs/show.html", "parts", song=song, parts=part_rows(song))
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id, _anchor="song-parts"))
