"""Template context of songs: the list with its filters, and one song with its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import url_for

from trackflow_web.accounts.first_steps import first_steps_of
from trackflow_web.domain.authoring import queries as authoring
from trackflow_web.domain.collaborations.queries import helpers_of, invited_to
from trackflow_web.domain.collaborations.rules import Subject
from trackflow_web.domain.invitations.queries import pending_after
from trackflow_web.domain.packs.queries import pack_names_of
from trackflow_web.domain.songs import queries, rules
from trackflow_web.kernel.errors import Duplicate
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import errors_of, sent_fields
from trackflow_web.web.listing import ListArguments, pager

if TYPE_CHECKING:
    from trackflow_web.accounts.first_steps import FirstSteps
    from trackflow_web.domain.authoring.rules import Part, State
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.domain.songs.rules import Status
    from trackflow_web.web.forms import Refusal

MOST_PACKS = 100  # in a form's choice of packs
MOST_INVITATIONS = 3  # above the list of songs
DRAFT_FIELDS = ("title", "artist", "album", "year", "status", "pack_id", "username")


@dataclass(frozen=True)
class Filters:
    """Which songs a list shows."""

    status: Status | None = None
    q: str = ""
    page: int = 1

    @classmethod
    def parse(cls) -> Filters:
        """Return the filters in the request's query. Raises Invalid naming every bad argument."""
        arguments = ListArguments()
        filters = cls(
            status=arguments.optional("status", rules.status),
            q=arguments.search(),
            page=arguments.page(),
        )
        arguments.finish()
        return filters

    def address(self, page: int) -> str:
        """Return the URL of another page of the same list."""
        return url_for("songs.index", status=self.status, q=self.q or None, page=page)


@dataclass(frozen=True)
class PartRow:
    """A part of a song as the page shows it."""

    part: Part
    label: str
    state: State


def list_context(filters: Filters, refusal: Refusal | None = None) -> dict[str, object]:
    """Return the context of the list, with the input and errors of a rejected form."""
    user_id = get_current_user().id
    counts = queries.count_by_status(user_id)
    total = None if filters.q else counts[filters.status or "all"]
    found = queries.list_songs(
        user_id, status=filters.status, q=filters.q, page=filters.page, total=total
    )
    return {
        "listing": {"songs": found.songs, "total": found.total, **pager(found, filters.address)},
        "counts": counts,
        "first_steps": None if htmx.is_htmx() else _first_steps(counts["all"]),
        "packs": _pack_choices(user_id),
        "invitations": pending_after(user_id, before_id=None, limit=MOST_INVITATIONS + 1),
        "most_invitations": MOST_INVITATIONS,
        "filters": {"status": filters.status, "q": filters.q},
        **_form_context(refusal),
    }


def song_context(song: Song, refusal: Refusal | None = None) -> dict[str, object]:
    """Return the context of a song, with the input and errors of a rejected form."""
    viewer_id = get_current_user().id
    is_own = viewer_id == song.user_id
    return {
        "song": song,
        "parts": part_rows(song),
        "packs": _pack_choices(song.user_id, song.pack_id),
        "helpers": helpers_of(song.id, owner_id=song.user_id, viewer_id=viewer_id),
        "invited": invited_to(Subject(song_id=song.id)) if is_own else (),
        **_form_context(refusal),
    }


def part_rows(song: Song) -> list[PartRow]:
    """Return the parts of a song, in the order of the work."""
    states = authoring.states_of(song.id)
    return [PartRow(part, part.label, state) for part, state in states.items()]


def _pack_choices(user_id: int, pack_id: int | None = None) -> list[tuple[int, str]]:
    """Return id and name of the user's latest packs and of the song's own.

    Songs are added to older packs on the pack's page, which has a search.
    """
    return pack_names_of(user_id, limit=MOST_PACKS, beside=pack_id)


def _first_steps(songs: int) -> FirstSteps | None:
    return first_steps_of(get_current_user(), songs=songs)


def _form_context(refusal: Refusal | None) -> dict[str, object]:
    duplicate = queries.find_song(refusal.existing_id) if isinstance(refusal, Duplicate) else None
    return {
        "draft": sent_fields(DRAFT_FIELDS) if refusal else {},
        "errors": errors_of(refusal),
        "duplicate": duplicate,
    }
