"""Album series: list, show, create, delete; link their tracks to songs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template, request, url_for

from trackflow_web.domain.series import actions, queries, rules
from trackflow_web.domain.series.rules import Mismatch
from trackflow_web.domain.songs.queries import choices
from trackflow_web.kernel.errors import Duplicate, Invalid
from trackflow_web.kernel.text import count_of
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import errors_of, refused
from trackflow_web.web.listing import ListArguments, pager, requested_page
from trackflow_web.web.loaders import series_or_404
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response

    from trackflow_web.domain.series.models import Series, Track
    from trackflow_web.domain.songs.models import Song

pages = Blueprint("series", __name__, url_prefix="/series")

# A page offers a few songs for one track and a search for the rest.
MOST_CHOICES = 12
LONGEST_SEARCH = 200  # as long as a title, which is the first search


@dataclass(frozen=True)
class Chooser:
    """The songs to choose from for one track: those that contain `q`."""

    position: int
    q: str
    songs: Sequence[Song]
    most: int = MOST_CHOICES


@pages.get("/")
@login_required
def index() -> str:
    """Show the user's album series and the form for a new one."""
    return _list({}, None, page=requested_page())


@pages.post("/")
@login_required
def create() -> str | Response:
    """Create an album series."""
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
@login_required
def show(series_id: int) -> str:
    """Show an album series with its tracks, and the songs to choose from for one `track`."""
    context = _context(series_or_404(series_id), choosing=True)
    if htmx.is_htmx():
        return htmx.block("series/show.html", "tracks", **context)
    return render_template("series/show.html", **context)


@pages.get("/<id:series_id>/delete")
@login_required
def confirm_delete(series_id: int) -> str:
    """Show the confirmation page of the deletion."""
    return render_template("series/delete.html", series=series_or_404(series_id))


@pages.post("/<id:series_id>/delete")
@login_required
def delete(series_id: int) -> Response:
    """Delete a series; the songs stay."""
    series = series_or_404(series_id)
    actions.delete_series(series)
    flash(f"Deleted {series.album}. The songs are still there.")
    return htmx.redirect_after_post(url_for("series.index"))


@pages.post("/<id:series_id>/tracks/<id:position>")
@login_required
def set_track(series_id: int, position: int) -> str | Response:
    """Link a track to a song, or mark it irrelevant."""
    series = series_or_404(series_id)
    try:
        actions.set_track(
            series,
            position,
            song_id=request.form.get("song_id"),
            irrelevant=bool(request.form.get("irrelevant")),
            anyway=request.form.get("anyway") == "1",
        )
    except Invalid as refusal:
        return _tracks(series, refusal, position)
    return _tracks(series)


@pages.post("/<id:series_id>/link")
@login_required
def link_suggested(series_id: int) -> str | Response:
    """Link every open track to the song of the same title."""
    series = series_or_404(series_id)
    linked = actions.link_suggested(series)
    if not htmx.is_htmx():
        flash(f"Linked {count_of(linked, 'track')}.")
    return _tracks(series)


def _tracks(series: Series, refusal: Invalid | None = None, position: int = 0) -> str | Response:
    if htmx.is_htmx():
        page = htmx.block("series/show.html", "tracks", **_context(series, refusal, position))
        return refused(page, refusal) if refusal else page
    if refusal:
        page = render_template("series/show.html", **_context(series, refusal, position))
        return refused(page, refusal)
    return htmx.redirect_after_post(url_for("series.show", series_id=series.id))


def _context(
    series: Series, refusal: Invalid | None = None, position: int = 0, *, choosing: bool = False
) -> dict[str, object]:
    tracks = queries.tracks_of(series.id)
    return {
        "overview": queries.overview(series.id),
        "series": series,
        "tracks": tracks,
        "suggestions": queries.songs_for_open_tracks(series, tracks),
        # Where and what to link anyway.
        "mismatch": (position, refusal.the_song_id) if isinstance(refusal, Mismatch) else None,
        "chooser": _chooser(series, tracks) if choosing else None,
        "errors": errors_of(refusal),
    }


def _chooser(series: Series, tracks: Sequence[Track]) -> Chooser | None:
    """Return the requested chooser, if any. Raises Invalid naming every bad argument."""
    arguments = ListArguments()
    position = arguments.number("track", most=rules.MOST_TRACKS)
    q = arguments.search(longest=LONGEST_SEARCH)
    arguments.finish()
    track = next((track for track in tracks if track.position == position), None)
    if track is None:
        return None
    # The track's title is the best first search; an emptied one shows the newest songs.
    wanted = q if "q" in request.args else track.title
    found = choices(series.user_id, wanted, limit=MOST_CHOICES)
    return Chooser(track.position, wanted, found)


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
