"""Albums: list, show, create, edit, delete; link their tracks to songs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.bulk import deletion
from trackflow_web.domain.series import actions, editing, planning, queries
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Duplicate, Invalid
from trackflow_web.kernel.text import count_of
from trackflow_web.pages.releases import public
from trackflow_web.pages.series.context import album_context, submitted_track_list
from trackflow_web.pages.songs import told
from trackflow_web.web import htmx, messages
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import errors_of, is_ticked, refused, sent_fields
from trackflow_web.web.held import held_for
from trackflow_web.web.listing import pager, requested_page
from trackflow_web.web.loaders import find_own_series, series_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask.typing import ResponseReturnValue
    from werkzeug.wrappers import Response

    from trackflow_web.domain.series.models import Series

pages = Blueprint("series", __name__, url_prefix="/series")

ABOUT = ("artist", "album", "year")


@pages.get("/")
@login_required
def index() -> str:
    """Show the user's albums and the form for a new one."""
    return _list({}, None, page=requested_page())


@pages.post("/")
@login_required
def create() -> str | Response:
    """Create an album."""
    form = request.form
    try:
        series = actions.create_series(
            get_current_user(),
            artist=form.get("artist"),
            album=form.get("album"),
            year=form.get("year"),
            tracks=form.get("tracks"),
        )
    except Invalid as refusal:
        return refused(_list(form, refusal), refusal)
    return htmx.redirect_after_post(url_for("series.show", series_id=series.id))


@pages.get("/<id:series_id>")
def show(series_id: int) -> ResponseReturnValue:
    """Show an album; `track` offers songs for one track, `edit` the form of the track list.

    Others see its releases.
    """
    series = find_own_series(series_id)
    if series is None:
        return public.album(series_id)
    context = album_context(series, by_address=True)
    if htmx.is_htmx():
        return htmx.block("series/show.html", "tracks", **context)
    held = held_for(Held.SERIES, series.id, series.user_id)
    return render_template("series/show.html", held=held, **context)


@pages.post("/<id:series_id>")
@login_required
def edit(series_id: int) -> str | Response:
    """Change artist, album and year; fields that aren't sent stay as they are."""
    series = series_or_404(series_id)
    before = {name: getattr(series, name) for name in ABOUT}
    try:
        editing.edit_series(series, **{**before, **sent_fields(ABOUT)})
    except Invalid as refusal:
        context = album_context(series, refusal, draft=request.form)
        return refused(render_template("series/show.html", **context), refusal)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("series.show", series_id=series.id))


@pages.post("/<id:series_id>/delete")
@login_required
def delete(series_id: int) -> Response:
    """Delete an album; its songs stay. It can be undone for some minutes."""
    outcome = deletion.delete_album(series_or_404(series_id), get_current_user())
    messages.show_on_next_page(told.deleted_list(outcome))
    return htmx.redirect_after_post(url_for("series.index"))


@pages.post("/<id:series_id>/tracks")
@login_required
def edit_tracks(series_id: int) -> str | Response:
    """Save the track list: rename, reorder, add and remove tracks."""
    series = series_or_404(series_id)
    try:
        wanted = submitted_track_list(series)
        editing.edit_tracks(series, wanted, seen=request.form.get("seen", ""))
    except Invalid as refusal:
        # Positions of a list that has changed meanwhile mean other tracks now.
        is_stale = refusal.errors.get("tracks") == editing.MEANWHILE
        return _tracks(series, refusal, draft={} if is_stale else request.form)
    return _tracks(series, summary="Track list saved.")


@pages.post("/<id:series_id>/tracks/<id:position>")
@login_required
def set_track(series_id: int, position: int) -> str | Response:
    """Link a track to a song, or skip it."""
    series = series_or_404(series_id)
    try:
        actions.set_track(
            series,
            position,
            song_id=request.form.get("song_id"),
            irrelevant=is_ticked("irrelevant"),
            anyway=request.form.get("anyway") == "1",
        )
    except Invalid as refusal:
        return _tracks(series, refusal, position)
    return _tracks(series)


@pages.post("/<id:series_id>/plan")
@login_required
def plan(series_id: int) -> str | Response:
    """Add the missing songs to Future Plans: of one `track`, or of all."""
    series = series_or_404(series_id)
    try:
        position = text.whole_number(request.form.get("track"), "track", least=1, most=10**9)
        planned = planning.plan_tracks(series, get_current_user(), position=position)
    except Invalid as refusal:
        return _tracks(series, refusal)
    return _tracks(series, summary=planned.text)


@pages.post("/<id:series_id>/link")
@login_required
def link_suggested(series_id: int) -> str | Response:
    """Link every open track to the song of the same title."""
    series = series_or_404(series_id)
    linked = actions.link_suggested(series)
    return _tracks(series, summary=f"Linked {count_of(linked, 'track')}.")


def _tracks(
    series: Series,
    refusal: Invalid | None = None,
    position: int = 0,
    *,
    summary: str = "",
    draft: Mapping[str, str] | None = None,
) -> str | Response:
    if refusal is None and not htmx.is_htmx():
        if summary:
            flash(summary)
        return htmx.redirect_after_post(url_for("series.show", series_id=series.id))
    context = album_context(series, refusal, position, summary=summary, track_draft=draft)
    if htmx.is_htmx():
        page = htmx.block("series/show.html", "tracks", **context)
    else:
        page = render_template("series/show.html", **context)
    return refused(page, refusal) if refusal else page


def _list(form: Mapping[str, str], refusal: Invalid | None, *, page: int = 1) -> str:
    duplicate = queries.find_series(refusal.existing_id) if isinstance(refusal, Duplicate) else None
    listing = queries.list_series(get_current_user().id, page=page)
    return render_template(
        "series/index.html",
        overviews=listing.rows,
        pager=pager(listing, lambda other: url_for("series.index", page=other)),
        draft=dict(form),
        errors=errors_of(refusal),
        duplicate=duplicate,
    )
