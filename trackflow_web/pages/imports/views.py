"""Imports: upload, preview, start, progress, cancel, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from trackflow_web.domain.imports import actions, files, previews, queries
from trackflow_web.domain.imports import undo as undoing
from trackflow_web.domain.imports.files.columns import CHOSEN
from trackflow_web.domain.imports.rules import (
    MOST_BYTES,
    MOST_ROWS,
    TOO_LARGE,
    Outcome,
    Reason,
    State,
)
from trackflow_web.domain.songs import queries as songs
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.kernel.text import count_of
from trackflow_web.web import error_pages, htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs
from trackflow_web.web.failures import classify
from trackflow_web.web.forms import errors_of, refused, sent_fields
from trackflow_web.web.listing import ListArguments, pager
from trackflow_web.web.loaders import import_or_404
from trackflow_web.web.out_of_band import show_pending
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import FileStorage
    from werkzeug.wrappers import Response

    from trackflow_web.domain.imports.models import Import

pages = Blueprint("imports", __name__, url_prefix="/imports")

FIELDS = ("name", "playlist", "status")
# The rows of the largest import there can be.
MOST_PAGES = MOST_ROWS // queries.ROWS_A_PAGE
SIMILAR_SHOWN = 20
NEEDED = "Enter a Spotify playlist."
# Outcomes that the page can filter by; the others are transient.
SHOWN = (Outcome.NEW, Outcome.IMPORTED, Outcome.SKIPPED, Outcome.REMOVED)


@pages.get("/")
@login_required
def index() -> str:
    """Show the user's imports and the forms for a new one."""
    return _index({})


@pages.post("/")
@login_required
def create() -> Response:
    """Create an import of a file or of a Spotify playlist."""
    try:
        item = begin()
    except (Invalid, TooMany) as refusal:
        return refused(_index(errors_of(refusal), sent_fields(FIELDS)), refusal)
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


@pages.get("/<id:import_id>")
@login_required
def show(import_id: int) -> str:
    """Show the progress and outcome of an import; a fragment that polls until it is done."""
    item = import_or_404(import_id)
    context = _context(item)
    if not htmx.is_htmx():
        return render_template("imports/show.html", **context)
    if not item.is_unfinished:
        show_pending()
    return htmx.block("imports/show.html", "standing", **context)


@pages.post("/<id:import_id>/start")
@login_required
def start(import_id: int) -> Response:
    """Start an import from its preview."""
    item = import_or_404(import_id)
    try:
        form = request.form
        previews.start(
            item,
            without_similar=form.get("without_similar") == "1",
            anyway=form.get("anyway") == "1",
        )
    except (Invalid, TooMany) as refusal:
        return refused(_show(item, errors_of(refusal)), refusal)
    jobs().start_import(item.id)
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


@pages.post("/<id:import_id>/columns")
@login_required
def columns(import_id: int) -> Response:
    """Read the file of a preview in another way."""
    item, form = import_or_404(import_id), request.form
    try:
        previews.choose(
            item,
            columns={role: form.get(f"column_{role}") for role in CHOSEN},
            encoding=form.get("encoding"),
            first_is_song=form.get("first_is_song") == "1",
        )
    except Invalid as refusal:
        return refused(_show(item, refusal.errors, chosen=form), refusal)
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


@pages.post("/<id:import_id>/cancel")
@login_required
def cancel(import_id: int) -> Response:
    """Stop an import; it has made no songs until its end."""
    item = import_or_404(import_id)
    stopped = actions.cancel(item)
    flash("Cancelled. No songs were imported." if stopped else "The import had already finished.")
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


@pages.post("/<id:import_id>/undo")
@login_required
def undo(import_id: int) -> Response:
    """Undo an import: a job removes the songs without further work."""
    item = import_or_404(import_id)
    removed = undoing.request(item)
    jobs().start_import(item.id)
    kept = item.imported - removed
    flash(
        f"Removing {count_of(removed, 'song')}."
        + (
            f" {count_of(kept, 'song')} that you've worked on or deleted won't change."
            if kept
            else ""
        )
    )
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


@pages.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Response:
    """Return the form with the size limit for a file that is too large."""
    if request.endpoint != "imports.create" or not current_user.is_authenticated:
        return error_pages.render(classify(error))
    return make_response(_index({"file": TOO_LARGE}), 413)


def begin() -> Import:
    """Start the import of the form. Raises Invalid naming its fields, TooMany."""
    form, upload = request.form, request.files.get("file")
    at_once = form.get("start") == "1"
    if upload is not None and upload.filename:
        return _begin_file(upload, at_once=at_once)
    if form.get("playlist"):
        if jobs().tools.spotify is None:
            raise Invalid(playlist="Spotify isn't set up on this site. Import a file instead.")
        item = actions.begin_spotify(
            get_current_user(),
            playlist=form.get("playlist"),
            status=form.get("status"),
            previewed=not at_once,
        )
        jobs().start_import(item.id)
        return item
    raise Invalid(**({"playlist": NEEDED} if "playlist" in form else {"file": "Choose a file."}))


def _begin_file(upload: FileStorage, *, at_once: bool) -> Import:
    form, content = request.form, upload.read()
    name, status = form.get("name"), form.get("status")
    filename = files.name_of_file(upload.filename)
    if not at_once:
        return previews.begin(
            get_current_user(), content, name=name, filename=filename, status=status
        )
    file = files.read(content, remembered=previews.remembered(get_current_user().id))
    item = actions.begin_file(get_current_user(), file, name=name, filename=filename, status=status)
    jobs().start_import(item.id)
    return item


# --- what the templates get --------------------------------------------------------------------


def _show(
    item: Import, errors: Mapping[str, str], *, chosen: Mapping[str, str] | None = None
) -> str:
    """Return the page with errors; `chosen` are the columns of a form that was refused."""
    context = {**_context(item), "errors": errors, "chosen": chosen}
    return render_template("imports/show.html", **context)


def _index(errors: Mapping[str, str], draft: Mapping[str, str] | None = None) -> str:
    return render_template(
        "imports/index.html",
        draft=draft or {},
        errors=errors,
        imports=queries.imports_of(get_current_user().id),
        connection=queries.find_connection(get_current_user().id),
        spotify_is_set_up=jobs().tools.spotify is not None,
        examples=files.examples(),
        most_rows=MOST_ROWS,
        most_megabytes=MOST_BYTES // 1024 // 1024,
    )


def _context(item: Import) -> dict[str, object]:
    arguments = ListArguments()
    outcome = arguments.choice("outcome", Outcome)
    page = arguments.page(most=MOST_PAGES)
    arguments.finish()
    counts = queries.outcomes(item.id)
    found = queries.list_rows(item.id, outcome=outcome, page=page)

    def address(number: int) -> str:
        return url_for("imports.show", import_id=item.id, outcome=outcome, page=number)

    return {
        "item": item,
        "preview": _preview(item, counts) if item.state == State.PREVIEW else None,
        "errors": {},
        "chosen": None,
        "counts": {str(shown): counts[shown] for shown in SHOWN},
        "outcome": outcome,
        "reasons": queries.reasons(item.id),
        "may_be_undone": queries.may_be_undone(item),
        "listing": {"rows": found.rows, **pager(found, address)},
    }


def _preview(item: Import, counts: Mapping[Outcome, int]) -> dict[str, object]:
    """The preview of an import."""
    file = queries.find_file(item.id)
    similar, similar_total = queries.similar_rows(item.id, SIMILAR_SHOWN)
    return {
        "new": counts[Outcome.NEW],
        "skipped": counts[Outcome.SKIPPED],
        "room": songs.room_for_more(item.user_id),
        "other_album": dict(queries.reasons(item.id)).get(Reason.OTHER_ALBUM, 0),
        "similar": similar,
        "similar_total": similar_total,
        "file": file,
        "roles": CHOSEN,
        "encodings": list(files.ENCODINGS.items()),
        "encoding_name": files.ENCODINGS.get(file.encoding, file.encoding) if file else "",
    }
