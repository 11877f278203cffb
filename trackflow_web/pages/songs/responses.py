"""Responses to an action on one song: its row, or the head of its page, or the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response, render_template, request, url_for

from trackflow_web.domain.authoring.rules import State
from trackflow_web.domain.songs.queries import SONGS_A_PAGE
from trackflow_web.pages.songs.context import (
    counts_context,
    list_context,
    row_context,
    song_context,
)
from trackflow_web.pages.songs.filters import Filters, list_of_form
from trackflow_web.web import htmx, messages
from trackflow_web.web.urls import safe_next_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from trackflow_web.domain.authoring.queries import Chart
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.web.messages import Message


def moved(song: Song, message: Message) -> str | Response:
    """Return what htmx replaces, or lead to the song's page: its row may have left the tab."""
    if htmx.is_htmx():
        return row_or_details(song, message)
    messages.show_on_next_page(message)
    return htmx.redirect_after_post(url_for("songs.show", song_id=song.id))


def changed(song: Song, message: Message, *, anchor: str | None = None) -> str | Response:
    """Return what htmx replaces, or lead back to where the form stood, else to the song's page."""
    if htmx.is_htmx():
        return row_or_details(song, message)
    messages.show_on_next_page(message)
    song_page = url_for("songs.show", song_id=song.id, _anchor=anchor)
    return htmx.redirect_after_post(next_page(song_page))


def row_or_details(song: Song, message: Message | None = None) -> str:
    """Return the head of the song's page, or its row with the list's counts.

    A row that has left its tab, or the list of those in which a part is missing, says so.
    """
    if htmx.target() == "song-details":
        return htmx.block("songs/show.html", "details", **song_context(song))
    filters = list_of_form() or Filters()
    context = row_context(song, filters)
    return render_template(
        "songs/_changed_row.html",
        **context,
        message=message,
        has_moved=message is not None and filters.status not in {None, song.status},
        has_part=message is not None and has_part(context["chart"], filters),
        next_url=filters.page_address(filters.page),
    )


def has_part(chart: Chart, filters: Filters) -> bool:
    """Return whether a song has left a list of those in which a part is missing."""
    return filters.missing is not None and chart.state_of(filters.missing) is not State.TODO


def deleted(song_id: int, message: Message) -> str | Response:
    """Return what takes the place of a deleted row: nothing, with the list's counts."""
    if not htmx.is_htmx() or htmx.target() != f"song-{song_id}":
        messages.show_on_next_page(message)
        return htmx.redirect_after_post(next_page(url_for("songs.index")))
    filters = list_of_form() or Filters()
    context = counts_context(filters)
    # The last row of its page: what an empty list says, or the page before it.
    if context["counts"].tabs[filters.status or "all"] <= (filters.page - 1) * SONGS_A_PAGE:
        return whole_list(filters, message)
    return render_template("songs/_counts.html", **context) + messages.toast(message)


def whole_list(filters: Filters, message: Message) -> Response:
    """Return the list, which htmx puts in place of the one on the page."""
    fragment = htmx.block("songs/index.html", "list", **list_context(filters))
    response = make_response(fragment + messages.toast(message))
    response.headers["HX-Retarget"] = "#song-list"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


def next_page(otherwise: str) -> str:
    """Return the page that the form names, else another one."""
    address = request.form.get("next")
    return safe_next_url(address) if address else otherwise
