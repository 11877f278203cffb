"""The parts of a song: set their states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from trackflow_web.domain.authoring import actions
from trackflow_web.domain.authoring.rules import State
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.kernel import text
from trackflow_web.pages.songs import responses, told
from trackflow_web.pages.songs.context import parts_context
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import part_or_404, song_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.songs.models import Song
    from trackflow_web.web.messages import Message

pages = Blueprint("authoring", __name__)

PARTS = "song-parts"


@pages.post("/songs/<id:song_id>/parts/<part>")
@login_required
def mark(song_id: int, part: str) -> str | Response:
    """Set a part to todo, done or not needed."""
    song, wanted, user = song_or_404(song_id, may="work"), part_or_404(part), get_current_user()
    state = text.choice(request.form.get("state"), "state", State)
    actions.mark_part(song, wanted, user, state=state)
    return _changed(song, told.marked_one(song, wanted, state))


@pages.post("/songs/<id:song_id>/parts")
@login_required
def apply_template(song_id: int) -> str | Response:
    """Mark the parts that songs of a kind do not need."""
    song, user = song_or_404(song_id, may="work"), get_current_user()
    outcome = bulk.apply_template(song, user, template=request.form.get("template"))
    return _changed(song, told.templated(outcome))


def _changed(song: Song, message: Message) -> str | Response:
    """Return the parts of the song's page, or what another place shows of the song."""
    if htmx.is_htmx() and htmx.target() in {"", PARTS}:
        return htmx.block("songs/show.html", "parts", **parts_context(song))
    return responses.changed(song, message, anchor=PARTS)
