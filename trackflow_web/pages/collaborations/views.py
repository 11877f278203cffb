"""The collaborators of a song or a pack: add or invite, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.songs import collaborators
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.kernel.text import count_of
from trackflow_web.pages.packs.views import pack_context
from trackflow_web.pages.songs import told
from trackflow_web.pages.songs.context import song_context
from trackflow_web.web import htmx, messages
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import settings
from trackflow_web.web.forms import errors_of, refused
from trackflow_web.web.loaders import pack_or_404, song_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.songs.models import Song
    from trackflow_web.web.forms import Refusal

pages = Blueprint("collaborations", __name__)


@pages.post("/songs/<id:song_id>/collaborators")
@login_required
def add(song_id: int) -> str | Response:
    """Add a collaborator to a song, or invite them."""
    song, limits = song_or_404(song_id, may="own"), settings().limit_invitations
    try:
        collaborators.add_collaborator(song, username=request.form.get("username"), limits=limits)
    except (Invalid, TooMany) as refusal:
        return refused(_song_page(song, refusal), refusal)
    return _song_page(song) if htmx.is_htmx() else _back_to(song)


@pages.post("/songs/<id:song_id>/collaborators/<id:user_id>/delete")
@login_required
def remove(song_id: int, user_id: int) -> str | Response:
    """Remove a collaborator from a song, withdraw an invitation to it, or leave it."""
    song = song_or_404(song_id, may="work")
    outcome = bulk.remove_collaborator(song, get_current_user(), user_id)
    if get_current_user().id == user_id:
        messages.show_on_next_page(told.left(outcome))
        return htmx.redirect_after_post(url_for("songs.index"))
    if htmx.is_htmx():
        return _song_page(song) + messages.toast(told.collaborator_removed(outcome))
    messages.show_on_next_page(told.collaborator_removed(outcome))
    return _back_to(song)


@pages.post("/packs/<id:pack_id>/collaborators")
@login_required
def add_to_pack(pack_id: int) -> str | Response:
    """Add a collaborator to every song of a pack, or invite them to all of it."""
    pack, limits = pack_or_404(pack_id), settings().limit_invitations
    try:
        added = packs.add_collaborator(pack, username=request.form.get("username"), limits=limits)
    except (Invalid, TooMany) as refusal:
        context = pack_context(pack, request.form, refusal) | _shown_at_name(refusal)
        return refused(render_template("packs/show.html", **context), refusal)
    flash(
        f"Invited {added.user.username}."
        if added.invited
        else f"Added to {count_of(added.songs, 'song')}."
    )
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


@pages.post("/packs/<id:pack_id>/collaborators/<id:user_id>/delete")
@login_required
def withdraw_from_pack(pack_id: int, user_id: int) -> Response:
    """Withdraw an invitation to a whole pack."""
    pack = pack_or_404(pack_id)
    packs.withdraw_invitation(pack, user_id)
    flash("Invitation withdrawn.")
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


def _song_page(song: Song, refusal: Refusal | None = None) -> str:
    context = song_context(song, refusal) | _shown_at_name(refusal)
    if htmx.is_htmx():
        return htmx.block("songs/show.html", "helpers", **context)
    return render_template("songs/show.html", **context)


def _shown_at_name(refusal: Refusal | None) -> dict[str, object]:
    """Return the messages of a refusal, that of a limit at the field with the name."""
    return {"errors": errors_of(refusal, field="username")}


def _back_to(song: Song) -> Response:
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id, _anchor="song-helpers"))
