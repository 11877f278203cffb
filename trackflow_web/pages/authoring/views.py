"""The parts of a song: set their states; templates of parts that songs do not need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request, url_for

from trackflow_web.domain.authoring import actions, templates
from trackflow_web.domain.authoring.queries import not_needed_in
from trackflow_web.domain.authoring.rules import State
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk import deletion
from trackflow_web.domain.bulk.selection import only
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import isolate
from trackflow_web.pages.songs import responses, told
from trackflow_web.pages.songs.context import parts_context, song_context
from trackflow_web.web import htmx, messages
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import refused
from trackflow_web.web.loaders import part_or_404, song_or_404, template_or_404
from trackflow_web.web.messages import Message
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.songs.models import Song

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
    """Mark the parts that songs of a template do not need."""
    song, user = song_or_404(song_id, may="work"), get_current_user()
    template = request.form.get("template")
    outcome = bulk.apply_template(only(song, user), user, template=template)
    return _changed(song, told.templated(outcome))


@pages.post("/songs/<id:song_id>/templates")
@login_required
def save_template(song_id: int) -> str | Response:
    """Save the parts that a song does not need as a template."""
    song, user = song_or_404(song_id, may="work"), get_current_user()
    not_needed = not_needed_in(song.id)
    try:
        saved = templates.save_template(user, name=request.form.get("name"), not_needed=not_needed)
    except Invalid as refusal:
        return refused(_parts(song, refusal), refusal)
    message = Message(f"Saved the template {isolate(saved.name)}.")
    if htmx.is_htmx():
        return _parts(song) + messages.toast(message)
    return _changed(song, message)


@pages.post("/templates/<id:template_id>/delete")
@login_required
def delete_template(template_id: int) -> Response:
    """Delete a template; it can be undone for some minutes."""
    user = get_current_user()
    outcome = deletion.delete_template(template_or_404(template_id), user)
    messages.show_on_next_page(told.deleted_template(outcome))
    return htmx.redirect_after_post(responses.next_page(url_for("songs.index")))


def _parts(song: Song, refusal: Invalid | None = None) -> str:
    """Return the parts with an error, or the whole page without htmx."""
    context = parts_context(song, refusal)
    if htmx.is_htmx():
        return htmx.block("songs/show.html", "parts", **context)
    return render_template("songs/show.html", **(song_context(song) | context))


def _changed(song: Song, message: Message) -> str | Response:
    """Return the parts of the song's page, or what another place shows of the song."""
    if htmx.is_htmx() and htmx.target() in {"", PARTS}:
        return htmx.block("songs/show.html", "parts", **parts_context(song))
    return responses.changed(song, message, anchor=PARTS)
