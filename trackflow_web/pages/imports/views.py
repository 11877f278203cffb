"""Imports: begin one, watch it, cancel it, take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, render_template, request, url_for

from trackflow_web.domain.imports import actions, files, queries
from trackflow_web.domain.imports.rules import MOST_ROWS, Outcome
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid, TooMany
from trackflow_web.kernel.text import count_of
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs
from trackflow_web.web.loaders import import_or_404
from trackflow_web.web.out_of_band import show_pending
from trackflow_web.web.pager import pager
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from trackflow_web.domain.imports.models import Import

pages = Blueprint("imports", __name__, url_prefix="/imports")

FIELDS = ("name", "playlist", "status")
# The rows of the largest import there can be.
PAGES = {"least": 1, "most": MOST_ROWS // queries.ROWS_A_PAGE}
# What the page lets one look at; the rest is on its way to one of these.
SHOWN = (Outcome.IMPORTED, Outcome.SKIPPED, Outcome.REMOVED)


@pages.get("/")
@login_required
def index() -> str:
    """One's own imports, and the forms for another."""
    return _index({}, {})


@pages.post("/")
@login_required
def create() -> Response | FlaskResponse:
    """Begin an import of a file or of a Spotify playlist."""
    try:
        item = begin()
    except TooMany as refusal:
        answer = make_response(_index(request.form, {"form": str(refusal)}), 429)
        answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    except Invalid as refusal:
        return make_response(_index(request.form, refusal.errors), 422)
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


@pages.get("/<id:import_id>")
@login_required
def show(import_id: int) -> str:
    """How far an import is and what came of it; a fragment that asks again until it is done."""
    item = import_or_404(import_id)
    context = _context(item)
    if not htmx.is_htmx():
        return render_template("imports/show.html", **context)
    if not item.is_unfinished:
        show_pending()
    return htmx.block("imports/show.html", "standing", **context)


@pages.post("/<id:import_id>/cancel")
@login_required
def cancel(import_id: int) -> Response:
    """Stop an import; it has made no songs until its end."""
    item = import_or_404(import_id)
    stopped = actions.cancel(item)
    flash("Cancelled: no song was imported." if stopped else "It was finished already.")
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


@pages.post("/<id:import_id>/undo")
@login_required
def undo(import_id: int) -> Response:
    """Take back the songs of an import that were not touched since."""
    item = import_or_404(import_id)
    removed = actions.undo(item)
    kept = item.imported - removed
    flash(
        f"Took back {count_of(removed, 'song')}."
        + (f" {count_of(kept, 'song')} stayed or had gone before." if kept else "")
    )
    return htmx.redirect_after_post(url_for("imports.show", import_id=item.id))


def begin() -> Import:
    """Begin the import that the form asks for. Raises Invalid naming its fields, TooMany."""
    form, upload = request.form, request.files.get("file")
    if upload is not None and upload.filename:
        item = actions.begin_file(
            get_current_user(),
            files.read(upload.read()),
            name=form.get("name"),
            filename=files.name_of_file(upload.filename),
            status=form.get("status"),
        )
    elif form.get("playlist"):
        if jobs().tools.spotify is None:
            raise Invalid(playlist="Spotify is not set up on this site. Import a file instead.")
        item = actions.begin_spotify(
            get_current_user(), playlist=form.get("playlist"), status=form.get("status")
        )
    elif "playlist" in form:
        raise Invalid(playlist="This is needed.")
    else:
        raise Invalid(file="Choose a file.")
    jobs().start_import(item.id)
    return item


# --- what the templates get --------------------------------------------------------------------


def _index(form: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "imports/index.html",
        draft={field: form[field] for field in FIELDS if field in form},
        errors=errors,
        imports=queries.imports_of(get_current_user().id),
        connection=queries.find_connection(get_current_user().id),
        spotify_is_set_up=jobs().tools.spotify is not None,
        examples=files.examples(),
        most_rows=MOST_ROWS,
    )


def _context(item: Import) -> dict[str, object]:
    wanted, check = request.args.get("outcome"), Checks()
    outcome = check(text.choice, wanted, "outcome", Outcome) if wanted else None
    page = check(text.whole_number, request.args.get("page"), "page", **PAGES) or 1
    check.finish()
    counts = queries.outcomes(item.id)
    found = queries.list_rows(item.id, outcome=outcome, page=page)

    def address(number: int) -> str:
        return url_for("imports.show", import_id=item.id, outcome=outcome, page=number)

    return {
        "item": item,
        "counts": {str(shown): counts[shown] for shown in SHOWN},
        "outcome": outcome,
        "reasons": queries.reasons(item.id),
        "may_be_undone": queries.may_be_undone(item),
        "listing": {"rows": found.rows, **pager(found, address)},
    }
