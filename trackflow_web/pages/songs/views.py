"""Songs: the list, one song, and what is done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, flash, make_response, render_template, request, url_for

from trackflow_web.domain.authoring import queries as authoring
from trackflow_web.domain.collaborations.queries import helpers_of
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.queries import packs_of
from trackflow_web.domain.songs import actions, queries, rules
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Duplicate, Invalid
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.loaders import song_or_404
from trackflow_web.web.pager import LIMITS, pager
from trackflow_web.web.session import login_required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from trackflow_web.domain.authoring.rules import Part, State
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.domain.songs.rules import Status

pages = Blueprint("songs", __name__, url_prefix="/songs")

LONGEST_SEARCH = 100
MOST_PACKS = 100  # in the choice of a form
FIELDS = ("title", "artist", "album", "year", "status")
DRAFT_FIELDS = (*FIELDS, "pack_id", "username")


@dataclass(frozen=True)
class Wanted:
    """Which songs a person wants to see."""

    status: Status | None
    q: str
    page: int

    def address(self, page: int) -> str:
        """The address of another page of the same."""
        return url_for("songs.index", status=self.status, q=self.q or None, page=page)


@dataclass(frozen=True)
class PartRow:
    """A part of a song as the page shows it."""

    part: Part
    label: str
    state: State


@pages.get("/")
@login_required
def index() -> str:
    """One's own songs: tabs by state, search, pages."""
    context = _list_context(_wanted())
    if not htmx.is_htmx():
        return render_template("songs/index.html", **context)
    return htmx.block("songs/index.html", "list", **context)


@pages.post("/")
@login_required
def create() -> str | Response:
    """Add a song."""
    form = request.form
    try:
        pack = packs.own_pack(get_current_user(), form.get("pack_id"))
        song = actions.add_song(
            get_current_user(),
            title=form.get("title"),
            artist=form.get("artist"),
            album=form.get("album"),
            year=form.get("year"),
            status=form.get("status") or "future",
        )
        if pack is not None:
            packs.put_song(pack, song_id=song.id, optional=False)
    except Invalid as refusal:
        return _panel(_list_context(_everything(), form, refusal), 422)
    if htmx.is_htmx():
        return _panel(_list_context(_everything()), 200)
    flash(f"Added {song.title}.")
    return htmx.redirect_after_post(url_for("songs.index"))


@pages.get("/<id:song_id>")
@login_required
def show(song_id: int) -> str:
    """One song with its parts."""
    return render_template("songs/show.html", **song_context(song_or_404(song_id, may="work")))


@pages.post("/<id:song_id>")
@login_required
def update(song_id: int) -> str | Response:
    """Say something else of a song; fields that are not sent stay as they are."""
    song = song_or_404(song_id, may="own")
    draft = {field: request.form.get(field, getattr(song, field)) for field in FIELDS}
    try:
        # Before anything of the song changes.
        status = rules.status(draft["status"])
        pack = packs.own_pack(get_current_user(), request.form.get("pack_id"))
        actions.edit_song(
            song,
            get_current_user(),
            title=draft["title"],
            artist=draft["artist"],
            album=draft["album"],
            year=draft["year"],
        )
        actions.move_song(song, get_current_user(), status=status)
        if "pack_id" in request.form:
            packs.place_song(song, pack)
    except Invalid as refusal:
        return _edit_refused(song, request.form, refusal)
    if htmx.is_htmx():
        return _row_or_details(song)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id))


@pages.get("/<id:song_id>/edit")
@login_required
def edit(song_id: int) -> str:
    """The form to edit a song: in place of its row for htmx, else a page."""
    context = song_context(song_or_404(song_id, may="own"))
    if htmx.is_htmx():
        return render_template("songs/_row_form.html", **context)
    return render_template("songs/edit.html", **context)


@pages.get("/<id:song_id>/row")
@login_required
def row(song_id: int) -> str:
    """The row of a song as the list shows it."""
    return render_template("songs/_row.html", song=song_or_404(song_id, may="work"))


@pages.post("/<id:song_id>/status")
@login_required
def move(song_id: int) -> str | Response:
    """Move a song to Future Plans, WIP or Released."""
    song = song_or_404(song_id, may="work")
    actions.move_song(song, get_current_user(), status=request.form.get("status"))
    if htmx.is_htmx():
        return _row_or_details(song)
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id))


@pages.get("/<id:song_id>/delete")
@login_required
def confirm_delete(song_id: int) -> str:
    """Ask once more."""
    return render_template("songs/delete.html", song=song_or_404(song_id, may="own"))


@pages.post("/<id:song_id>/delete")
@login_required
def delete(song_id: int) -> Response:
    """Delete a song."""
    song = song_or_404(song_id, may="own")
    actions.delete_song(song, get_current_user())
    flash(f"Deleted {song.title}.")
    return htmx.redirect_after_post(url_for("songs.index"))


# --- what the templates get --------------------------------------------------------------------


def _wanted() -> Wanted:
    """What the address asks for. Raises Invalid naming every field that will not do."""
    args, check = request.args, Checks()
    status = args.get("status")
    wanted = Wanted(
        status=check(rules.status, status) if status else None,
        q=check(text.line, args.get("q"), "q", longest=LONGEST_SEARCH, required=False),
        page=check(text.whole_number, args.get("page"), "page", **LIMITS) or 1,
    )
    check.finish()
    return wanted


def _everything() -> Wanted:
    return Wanted(status=None, q="", page=1)


def _list_context(
    wanted: Wanted, form: Mapping[str, str] | None = None, refusal: Invalid | None = None
) -> dict[str, object]:
    found = queries.list_songs(
        get_current_user().id, status=wanted.status, q=wanted.q, page=wanted.page
    )
    return {
        "listing": {
            "songs": found.songs,
            "total": found.total,
            **pager(found, wanted.address),
        },
        "counts": queries.count_by_status(get_current_user().id),
        "packs": pack_choices(get_current_user().id),
        "filters": {"status": wanted.status, "q": wanted.q},
        "draft": _draft(form),
        "errors": refusal.errors if refusal else {},
        "duplicate": _duplicate(refusal),
    }


def song_context(
    song: Song, form: Mapping[str, str] | None = None, refusal: Invalid | None = None
) -> dict[str, object]:
    """What the page of a song needs, and after a refusal what was typed and what is wrong."""
    return {
        "song": song,
        "parts": part_rows(song),
        "packs": pack_choices(song.user_id, song.pack_id),
        "helpers": helpers_of(song.id),
        "draft": _draft(form),
        "errors": refusal.errors if refusal else {},
        "duplicate": _duplicate(refusal),
    }


def pack_choices(user_id: int, pack_id: int | None = None) -> list[tuple[int, str]]:
    """The user's latest packs and that of the song, for a form that asks for one.

    Into an older one songs are put on its own page, which has a search.
    """
    found = packs_of(user_id, limit=MOST_PACKS, beside=pack_id)
    return [(pack.id, pack.name) for pack in found]


def part_rows(song: Song) -> list[PartRow]:
    """The parts of a song in the order of the work."""
    states = authoring.states_of(song.id)
    return [PartRow(part, part.label, state) for part, state in states.items()]


def _draft(form: Mapping[str, str] | None) -> dict[str, str]:
    return {field: form[field] for field in DRAFT_FIELDS if form and field in form}


def _duplicate(refusal: Invalid | None) -> Song | None:
    return queries.find_song(refusal.existing_id) if isinstance(refusal, Duplicate) else None


# --- answers -----------------------------------------------------------------------------------


def _panel(context: dict[str, object], status: int) -> FlaskResponse:
    if htmx.is_htmx():
        return make_response(htmx.block("songs/index.html", "panel", **context), status)
    return make_response(render_template("songs/index.html", **context), status)


def _row_or_details(song: Song) -> str:
    """What htmx replaces: the head of the song's page, or its row in the list with the counts."""
    if htmx.target() == "song-details":
        return htmx.block("songs/show.html", "details", **song_context(song))
    counts = queries.count_by_status(get_current_user().id)
    return render_template("songs/_changed_row.html", song=song, counts=counts)


def _edit_refused(song: Song, form: Mapping[str, str], refusal: Invalid) -> FlaskResponse:
    if "status" in refusal.errors:  # the form has no such field to say it beside
        refusal.errors["form"] = f"status: {refusal.errors['status']}"
    context = song_context(song, form, refusal)
    if not htmx.is_htmx():
        return make_response(render_template("songs/edit.html", **context), 422)
    if htmx.target() == "song-details":
        return make_response(htmx.block("songs/show.html", "details", **context), 422)
    return make_response(render_template("songs/_row_form.html", **context), 422)
