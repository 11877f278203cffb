"""Responses to an action on one song: its row, or the head of its page, or the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, request, url_for

from trackflow_web.pages.songs.context import counts_context, row_context, song_context
from trackflow_web.pages.songs.filters import Filters, list_of_form
from trackflow_web.web import htmx, messages
from trackflow_web.web.urls import safe_next_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

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

    A row that has left its tab says where it went.
    """
    if htmx.target() == "song-details":
        return htmx.block("songs/show.html", "details", **song_context(song))
    filters = list_of_form() or Filters()
    context = row_context(song, filters)
    gone = message is not None and filters.status not in {None, song.status}
    return render_template(
        "songs/_changed_row.html",
        **context,
        message=message if gone else None,
        next_url=filters.page_address(filters.page),
    )


def deleted(song_id: int, message: Message) -> str | Response:
    """Return what takes the place of a deleted row: nothing, with the list's counts."""
    if not htmx.is_htmx() or htmx.target() != f"song-{song_id}":
        messages.show_on_next_page(message)
        return htmx.redirect_after_post(next_page(url_for("songs.index")))
    return counts_alone(list_of_form() or Filters()) + messages.toast(message)


def counts_alone(filters: Filters) -> str:
    """Return the counts of the list as out-of-band swaps."""
    return render_template("songs/_counts.html", **counts_context(filters))


def next_page(otherwise: str) -> str:
    """Return the page that the form names, else another one."""
    address = request.form.get("next")
    return safe_next_url(address) if address else otherwise
