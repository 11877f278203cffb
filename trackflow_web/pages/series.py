"""Album series: the list, one album, and its tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, flash, make_response, render_template, request, url_for

from trackflow_web.domain.series import actions, queries
from trackflow_web.domain.songs.queries import own_songs
from trackflow_web.kernel.errors import Duplicate, Invalid
from trackflow_web.kernel.text import count_of
from trackflow_web.pages import hx
from trackflow_web.pages.loaders import series_or_404
from trackflow_web.pages.session import login_required, me

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.domain.series.models import Series

pages = Blueprint("series", __name__, url_prefix="/series")


@pages.get("/")
@login_required
def index() -> str:
    """One's own album series and the form for a new one."""
    return _list({}, None)


@pages.post("/")
@login_required
def create() -> str | Response:
    """Create an album series."""
    form = request.form
    try:
        series = actions.create_series(
            me(),
            artist=form.get("artist"),
            album=form.get("album"),
            year=form.get("year"),
            tracks=form.get("tracks"),
        )
    except Invalid as refusal:
        return make_response(_list(form, refusal), 422)
    return hx.go_to(url_for("series.show", series_id=series.id))


@pages.get("/<id:series_id>")
@login_required
def show(series_id: int) -> str:
    """One album with its tracks."""
    return render_template("series/show.html", **_context(series_or_404(series_id)))


@pages.get("/<id:series_id>/delete")
@login_required
def confirm_delete(series_id: int) -> str:
    """Ask once more."""
    return render_template("series/delete.html", series=series_or_404(series_id))


@pages.post("/<id:series_id>/delete")
@login_required
def delete(series_id: int) -> Response:
    """Delete a series; the songs stay."""
    series = series_or_404(series_id)
    actions.delete_series(series)
    flash(f"Deleted {series.album}. The songs are still there.")
    return hx.go_to(url_for("series.index"))


@pages.post("/<id:series_id>/tracks/<id:position>")
@login_required
def set_track(series_id: int, position: int) -> str | Response:
    """Link a track to a song, or mark it irrelevant."""
    series = series_or_404(series_id)
    track = queries.find_track(series.id, position)
    if track is None:
        abort(404)
    try:
        actions.set_track(
            series,
            track,
            song_id=request.form.get("song_id"),
            irrelevant=bool(request.form.get("irrelevant")),
        )
    except Invalid as refusal:
        return _tracks(series, refusal)
    return _tracks(series)


@pages.post("/<id:series_id>/link")
@login_required
def link_suggested(series_id: int) -> str | Response:
    """Link every open track to the song of the same title."""
    series = series_or_404(series_id)
    linked = actions.link_suggested(series)
    if not hx.asked():
        flash(f"Linked {count_of(linked, 'track')}.")
    return _tracks(series)


def _tracks(series: Series, refusal: Invalid | None = None) -> str | Response:
    if hx.asked():
        page = hx.block("series/show.html", "tracks", **_context(series, refusal))
        return make_response(page, 422 if refusal else 200)
    if refusal:
        return make_response(render_template("series/show.html", **_context(series, refusal)), 422)
    return hx.go_to(url_for("series.show", series_id=series.id))


def _context(series: Series, refusal: Invalid | None = None) -> dict[str, object]:
    tracks = queries.tracks_of(series.id)
    relevant = [track for track in tracks if not track.irrelevant]
    return {
        "series": series,
        "tracks": tracks,
        "relevant": len(relevant),
        "released": sum(bool(track.song and track.song.released_at) for track in relevant),
        "suggestions": queries.suggestions(series, tracks),
        "songs": own_songs(series.user_id),
        "errors": refusal.errors if refusal else {},
    }


def _list(form: Mapping[str, str], refusal: Invalid | None) -> str:
    duplicate = queries.find_series(refusal.existing_id) if isinstance(refusal, Duplicate) else None
    return render_template(
        "series/index.html",
        overviews=queries.overviews_of(me().id),
        draft=dict(form),
        errors=refusal.errors if refusal else {},
        duplicate=duplicate,
    )
