"""Template context of songs: the list with its filters, and one song with its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trackflow_web.accounts.first_steps import first_steps_of
from trackflow_web.domain.authoring import queries as authoring
from trackflow_web.domain.authoring.rules import GROUPS, Part, State, Template, template_of
from trackflow_web.domain.authoring.sorting import ORDERS, Sort
from trackflow_web.domain.authoring.templates import templates_of
from trackflow_web.domain.collaborations.queries import helpers_of, invited_to, names_beside
from trackflow_web.domain.collaborations.rules import Subject
from trackflow_web.domain.invitations.queries import pending_after
from trackflow_web.domain.packs.queries import pack_names_of
from trackflow_web.domain.songs import queries
from trackflow_web.kernel.errors import Duplicate
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import errors_of, sent_fields
from trackflow_web.web.listing import pager

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.accounts.first_steps import FirstSteps
    from trackflow_web.domain.authoring.models import PartTemplate
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.pages.songs.filters import Filters
    from trackflow_web.web.forms import Refusal

# Names beside a field before anything is typed.
MOST_SUGGESTED = 50
MOST_PACKS = 100  # in a form's choice of packs
MOST_INVITATIONS = 3  # above the list of songs
DRAFT_FIELDS = (
    *("title", "artist", "album", "year", "status", "pack_id", "username", "template"),
    *("notes", "due_on", "video_url", "download_url"),
)
PART_CHOICES = [(str(part), part.label) for part in Part]
SORT_CHOICES = [(str(sort), sort.label) for sort in Sort]
BUILT_IN_TEMPLATES = [(str(template), template.label) for template in Template]


@dataclass(frozen=True)
class PartRow:
    """A part of a song as the page shows it."""

    part: Part
    label: str
    state: State


def list_context(
    filters: Filters,
    refusal: Refusal | None = None,
    *,
    kept: Mapping[str, object] | None = None,
    bulk_error: str = "",
) -> dict[str, object]:
    """Return the context of the list, with the input and errors of a rejected form.

    `kept` are the fields of the form that stay for the next song, after one was added;
    `bulk_error` says why the selected songs were not changed.
    """
    user_id = get_current_user().id
    counts = queries.count_songs(user_id, q=filters.q, only=filters.only)
    found = queries.list_songs(
        user_id,
        status=filters.status,
        q=filters.q,
        page=filters.page,
        total=counts.tabs[filters.status or "all"],
        only=filters.only,
        order=ORDERS[filters.sort],
    )
    return {
        "listing": {"songs": found.songs, **pager(found, filters.page_address)},
        "charts": authoring.charts_of([song.id for song in found.songs]),
        "counts": counts,
        "first_steps": None if htmx.is_htmx() else _first_steps(counts.everything),
        "filters": filters,
        "packs": _pack_choices(user_id),
        "invitations": pending_after(user_id, before_id=None, limit=MOST_INVITATIONS + 1),
        "most_invitations": MOST_INVITATIONS,
        "part_choices": PART_CHOICES,
        "sort_choices": SORT_CHOICES,
        "template_choices": _template_choices(templates_of(user_id)),
        "was_added": kept is not None,
        "bulk_error": bulk_error,
        **_form_context(refusal),
        **({"draft": dict(kept)} if kept is not None else {}),
    }


def row_context(song: Song, filters: Filters) -> dict[str, Any]:
    """Return what the row of one song and the list's counts need."""
    chart = authoring.charts_of([song.id])[song.id]
    return {"song": song, "chart": chart, **counts_context(filters)}


def counts_context(filters: Filters) -> dict[str, Any]:
    """Return what the counts of the list need."""
    counts = queries.count_songs(get_current_user().id, q=filters.q, only=filters.only)
    return {"counts": counts, "filters": filters}


def song_context(song: Song, refusal: Refusal | None = None) -> dict[str, object]:
    """Return the context of a song, with the input and errors of a rejected form."""
    viewer_id = get_current_user().id
    is_own = viewer_id == song.user_id
    return {
        "song": song,
        **parts_context(song),
        "packs": _pack_choices(song.user_id, song.pack_id),
        "helpers": helpers_of(song.id, owner_id=song.user_id, viewer_id=viewer_id),
        "invited": invited_to(Subject(song_id=song.id)) if is_own else (),
        "known_people": names_beside(viewer_id, limit=MOST_SUGGESTED) if is_own else (),
        **_form_context(refusal),
    }


def parts_context(song: Song, refusal: Refusal | None = None) -> dict[str, object]:
    """Return what the parts of a song need: the groups with their parts, and the templates.

    With the name and the errors of a template that was refused.
    """
    states = authoring.states_of(song.id)
    own = templates_of(get_current_user().id)
    return {
        "song": song,
        "groups": [
            (group.label, [PartRow(part, part.label, states[part]) for part in parts])
            for group, parts in GROUPS.items()
        ],
        "template_choices": _template_choices(own),
        "current_template": template_of(states) or _own_template_of(states, own),
        "own_templates": own,
        "wanted_name": sent_fields(("name",)).get("name", "") if refusal else "",
        "template_errors": errors_of(refusal),
    }


def _template_choices(own: Sequence[PartTemplate]) -> list[tuple[str, str]]:
    return BUILT_IN_TEMPLATES + [(template.choice, template.name) for template in own]


def _own_template_of(states: Mapping[Part, State], own: Sequence[PartTemplate]) -> str | None:
    not_needed = {part for part, state in states.items() if state is State.SKIP}
    return next((each.choice for each in own if each.parts == not_needed), None)


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
        # A duplicate is reported once, with a link to the song that is there.
        "errors": {} if duplicate else errors_of(refusal),
        "duplicate": duplicate,
    }
