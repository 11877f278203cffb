"""Packs: list, show, create, rename, delete, release, and their songs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk import deletion
from trackflow_web.domain.collaborations.queries import invited_to, names_beside
from trackflow_web.domain.collaborations.rules import Subject
from trackflow_web.domain.packs import actions, queries
from trackflow_web.domain.songs.queries import choices
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.errors import Duplicate, Invalid
from trackflow_web.pages.releases import public
from trackflow_web.pages.songs import told
from trackflow_web.pages.songs.context import MOST_SUGGESTED
from trackflow_web.web import htmx, messages
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.comments import talk_of
from trackflow_web.web.forms import errors_of, is_ticked, refused
from trackflow_web.web.held import held_in
from trackflow_web.web.listing import ListArguments, pager, requested_page
from trackflow_web.web.loaders import find_own_pack, pack_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.web.forms import Refusal

pages = Blueprint("packs", __name__, url_prefix="/packs")

# A page offers a few songs and a search for the rest, regardless of their number.
MOST_CHOICES = 12


@pages.get("/")
@login_required
def index() -> str:
    """Show the user's packs and the form for a new one."""
    return _list({}, None, page=requested_page())


@pages.post("/")
@login_required
def create() -> str | Response:
    """Create a pack."""
    try:
        pack = actions.create_pack(get_current_user(), name=request.form.get("name"))
    except Invalid as refusal:
        return refused(_list(request.form, refusal), refusal)
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


@pages.get("/<id:pack_id>")
def show(pack_id: int) -> ResponseReturnValue:
    """Show a pack with its songs, and the songs containing `q` that could be added.

    Others see its releases.
    """
    pack, arguments = find_own_pack(pack_id), ListArguments()
    if pack is None:
        return public.pack(pack_id)
    q, page = arguments.search(), arguments.page()
    arguments.finish()
    context = pack_context(pack, q=q, page=page)
    if htmx.is_htmx():
        return htmx.block("packs/show.html", "songs", **context)
    talk = talk_of(SubjectType.PACK, pack.id, pack.user_id)
    held = held_in(talk.thread)
    return render_template("packs/show.html", talk=talk, held=held, **context)


@pages.post("/<id:pack_id>")
@login_required
def rename(pack_id: int) -> str | Response:
    """Rename a pack."""
    pack = pack_or_404(pack_id)
    try:
        actions.rename_pack(pack, name=request.form.get("name"))
    except Invalid as refusal:
        return _refuse(pack, refusal)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


@pages.post("/<id:pack_id>/delete")
@login_required
def delete(pack_id: int) -> Response:
    """Delete a pack; its songs stay. It can be undone for some minutes."""
    outcome = deletion.delete_pack(pack_or_404(pack_id), get_current_user())
    messages.show_on_next_page(told.deleted_list(outcome))
    return htmx.redirect_after_post(url_for("packs.index"))


@pages.post("/<id:pack_id>/songs")
@login_required
def put_song(pack_id: int) -> str | Response:
    """Add a song to a pack, or change whether it is optional there."""
    pack, song_id = pack_or_404(pack_id), request.form.get("song_id")
    try:
        actions.put_song(pack, song_id=song_id, optional=is_ticked("optional"))
    except Invalid as refusal:
        return _refuse(pack, refusal)
    return _songs_response(pack)


@pages.post("/<id:pack_id>/songs/<id:song_id>/delete")
@login_required
def take_song_out(pack_id: int, song_id: int) -> str | Response:
    """Remove a song from a pack."""
    pack = pack_or_404(pack_id)
    message = told.placed(bulk.take_out(pack, song_id, get_current_user()), None)
    if htmx.is_htmx():
        return htmx.block("packs/show.html", "songs", **pack_context(pack)) + messages.toast(
            message
        )
    messages.show_on_next_page(message)
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


@pages.get("/<id:pack_id>/release")
@login_required
def confirm_release(pack_id: int) -> str:
    """Show which songs of a pack will be released, and which parts of them are unfinished."""
    pack = pack_or_404(pack_id)
    return render_template("packs/release.html", pack=pack, songs=queries.unreleased(pack.id))


@pages.post("/<id:pack_id>/release")
@login_required
def release(pack_id: int) -> Response:
    """Release every song of a pack; it can be undone for some minutes."""
    pack = pack_or_404(pack_id)
    messages.show_on_next_page(told.released(bulk.release(pack, get_current_user()), pack.name))
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


def pack_context(
    pack: Pack,
    form: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    q: str = "",
    page: int = 1,
) -> dict[str, object]:
    """Return the context of a pack, with the input and errors of a rejected form."""
    overview = queries.overview(pack.id)
    songs = queries.list_songs(overview, page=page)
    return {
        "pack": pack,
        "overview": overview,
        "songs": songs.rows,
        "pager": pager(
            songs, lambda other: url_for("packs.show", pack_id=pack.id, q=q or None, page=other)
        ),
        "choices": choices(pack.user_id, q, limit=MOST_CHOICES, outside_pack=pack.id),
        "most_choices": MOST_CHOICES,
        "invited": invited_to(Subject(pack_id=pack.id)),
        "known_people": names_beside(pack.user_id, limit=MOST_SUGGESTED),
        "q": q,
        "draft": dict(form or {}),
        "errors": errors_of(refusal),
        "duplicate": _duplicate(refusal),
    }


def _list(form: Mapping[str, str], refusal: Invalid | None, *, page: int = 1) -> str:
    listing = queries.list_packs(get_current_user().id, page=page)
    return render_template(
        "packs/index.html",
        overviews=listing.rows,
        pager=pager(listing, lambda other: url_for("packs.index", page=other)),
        draft=dict(form),
        errors=errors_of(refusal),
        duplicate=_duplicate(refusal),
    )


def _songs_response(pack: Pack) -> str | Response:
    if htmx.is_htmx():
        return htmx.block("packs/show.html", "songs", **pack_context(pack))
    return htmx.redirect_after_post(url_for("packs.show", pack_id=pack.id))


def _refuse(pack: Pack, refusal: Invalid) -> Response:
    context = pack_context(pack, request.form, refusal)
    if htmx.is_htmx() and htmx.target() == "pack-songs":
        return refused(htmx.block("packs/show.html", "songs", **context), refusal)
    return refused(render_template("packs/show.html", **context), refusal)


def _duplicate(refusal: Refusal | None) -> Pack | None:
    return queries.find_pack(refusal.existing_id) if isinstance(refusal, Duplicate) else None
