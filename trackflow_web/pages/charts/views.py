"""Reading chart files: upload, report with evidence, confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.chart_scans import confirming, queries, rules
from trackflow_web.domain.people.charter_names import plain_names
from trackflow_web.domain.songs.rules import Draft
from trackflow_web.integrations.charts import scans
from trackflow_web.integrations.charts.uploads import MOST_BYTES
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import count_of
from trackflow_web.web import error_pages, htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.chart_files import scan_or_404, upload_read
from trackflow_web.web.extensions import jobs
from trackflow_web.web.failures import classify
from trackflow_web.web.forms import refused
from trackflow_web.web.listing import requested
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict
    from werkzeug.wrappers import Response

    from trackflow_web.domain.chart_scans.models import ChartScan, ScannedSong

pages = Blueprint("charts", __name__, url_prefix="/imports/charts")

SONGS_A_PAGE = 20
MOST_PAGES = rules.MOST_SONGS // SONGS_A_PAGE
BOXES = ("song", "part", "skip")
MEGABYTES = MOST_BYTES // 1024 // 1024
TOO_LARGE = f"This upload is larger than {MEGABYTES} MB. Leave the audio out: it isn't read."


@pages.get("")
@login_required
def index() -> str:
    """Show the form for chart files and the latest uploads."""
    return _index({})


@pages.post("")
@login_required
def create() -> Response:
    """Read chart files; nothing is changed before it is confirmed."""
    try:
        scan = scans.begin(get_current_user(), upload_read())
    except Invalid as refusal:
        return refused(_index(refusal.errors), refusal)
    if not scan.is_read:
        jobs().start_chart_scan(scan.id)
    return htmx.redirect_after_post(url_for("charts.show", scan_id=scan.id))


@pages.get("/<id:scan_id>")
@login_required
def show(scan_id: int) -> str:
    """Show the report of an upload; a fragment that polls until everything is read."""
    scan = scan_or_404(scan_id)
    context = _context(scan, {})
    if htmx.is_htmx():
        return htmx.block("charts/show.html", "report", **context)
    return render_template("charts/show.html", **context)


@pages.post("/<id:scan_id>/confirm")
@login_required
def confirm(scan_id: int) -> Response:
    """Add the selected songs, and tick the selected parts."""
    scan, form = scan_or_404(scan_id), request.form
    try:
        wanted = (
            confirming.proposals(scan)
            if form.get("everything") == "1"
            else rules.confirmations(
                form.getlist("song"), form.getlist("part"), form.getlist("skip"), form
            )
        )
        done = confirming.confirm(scan, get_current_user(), wanted, status=form.get("status"))
    except Invalid as refusal:
        page = render_template("charts/show.html", **_context(scan, refusal.errors, sent=form))
        return refused(page, refusal)
    flash(_summary(done))
    if len(done.song_ids) == 1:
        return htmx.redirect_after_post(url_for("songs.show", song_id=done.song_ids[0]))
    return htmx.redirect_after_post(url_for("charts.show", scan_id=scan.id))


@pages.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Response:
    """Return the form with the size limit for an upload that is too large."""
    if request.endpoint != "charts.create" or not current_user.is_authenticated:
        return error_pages.render(classify(error))
    return make_response(_index({"files": TOO_LARGE}), 413)


def _summary(done: confirming.Confirmation) -> str:
    parts = []
    if done.made:
        parts.append(f"{count_of(done.made, 'song')} added.")
    if done.updated:
        parts.append(f"{count_of(done.updated, 'song')} updated.")
    return " ".join(parts) or "These songs were confirmed before."


def _index(errors: Mapping[str, str]) -> str:
    return render_template(
        "charts/index.html",
        errors=errors,
        scans=queries.scans_of(get_current_user().id),
        most_songs=rules.MOST_SONGS,
        most_megabytes=MEGABYTES,
    )


def _context(
    scan: ChartScan, errors: Mapping[str, str], *, sent: MultiDict[str, str] | None = None
) -> dict[str, object]:
    """Return what the report shows: what the files propose, or what a refused form has `sent`."""
    page = requested(lambda arguments: arguments.page(most=MOST_PAGES))
    songs = queries.songs_of(scan.id, after=(page - 1) * SONGS_A_PAGE - 1, limit=SONGS_A_PAGE)
    last = max((scan.songs - 1) // SONGS_A_PAGE + 1, 1)

    def address(number: int) -> str:
        return url_for("charts.show", scan_id=scan.id, page=number)

    return {
        "scan": scan,
        "songs": songs,
        "known": _known(songs),
        "credited": {
            song.position: rules.credited(song.report, plain_names(get_current_user()))
            for song in songs
            if song.report
        },
        "left": queries.count_unconfirmed(scan.id),
        "errors": errors,
        "sent": sent,
        "ticked": {name: set(sent.getlist(name)) for name in BOXES} if sent else None,
        "parts": list(Part),
        "most_songs": rules.MOST_SONGS,
        "page": page,
        "previous": address(page - 1) if page > 1 else None,
        "following": address(page + 1) if page < last else None,
        "pages": last,
    }


def _known(songs: Sequence[ScannedSong]) -> dict[int, int]:
    """Return by position the ids of songs that the user has already."""
    drafts = {
        song.position: Draft(song.report["title"], song.report["artist"], "", None)
        for song in songs
        if song.report and song.report["title"] and song.report["artist"]
    }
    keys = {draft.artist_key for draft in drafts.values()}
    own = queries.own_songs(get_current_user().id, keys) if keys else {}
    found = {at: own.get((draft.artist_key, draft.title_key)) for at, draft in drafts.items()}
    return {at: song.id for at, song in found.items() if song is not None}
