"""Context of the page of an album, and the track list that its form sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import request

from trackflow_web.domain.series import queries, rules
from trackflow_web.domain.series.rules import Mismatch, TrackEdit
from trackflow_web.domain.songs.queries import choices
from trackflow_web.domain.songs.rules import LONGEST_NAME
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Duplicate, Invalid
from trackflow_web.kernel.text import YesOrNo
from trackflow_web.web.forms import errors_of, is_ticked
from trackflow_web.web.listing import ListArguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.domain.series.models import Series, Track
    from trackflow_web.domain.songs.models import Song

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


@dataclass(frozen=True)
class View:
    """The open part of the page: the chooser of a track, or the form of the track list."""

    chooser: Chooser | None = None
    is_edited: bool = False


def album_context(
    series: Series,
    refusal: Invalid | None = None,
    position: int = 0,
    *,
    by_address: bool = False,
    summary: str = "",
    draft: Mapping[str, str] | None = None,
    track_draft: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Return what the template of an album needs; `by_address` opens the track in the URL."""
    tracks = queries.tracks_of(series.id)
    view = _view(series, tracks) if by_address else View(is_edited=track_draft is not None)
    duplicate = queries.find_series(refusal.existing_id) if isinstance(refusal, Duplicate) else None
    return {
        "overview": queries.overview(series.id),
        "series": series,
        "tracks": tracks,
        "suggestions": queries.songs_for_open_tracks(series, tracks),
        "missing": sum(track.song_id is None and not track.irrelevant for track in tracks),
        # Where and what to link anyway.
        "mismatch": (position, refusal.the_song_id) if isinstance(refusal, Mismatch) else None,
        "chooser": view.chooser,
        "is_edited": view.is_edited,
        "seen": rules.track_list_version(tracks) if view.is_edited else "",
        "summary": summary,
        "draft": dict(draft or {}),
        "track_draft": dict(track_draft or {}),
        "errors": errors_of(refusal),
        "duplicate": duplicate,
    }


def _view(series: Series, tracks: Sequence[Track]) -> View:
    """Return the query arguments. Raises Invalid naming every invalid one."""
    arguments = ListArguments()
    position = arguments.number("track", most=rules.MOST_TRACKS)
    q = arguments.search(longest=LONGEST_SEARCH)
    is_edited = arguments.choice("edit", YesOrNo) is YesOrNo.YES
    arguments.finish()
    track = next((track for track in tracks if track.position == position), None)
    if track is None:
        return View(is_edited=is_edited)
    # The track's title is the best first search; an emptied one shows the newest songs.
    wanted = q if "q" in request.args else track.title
    found = choices(series.user_id, wanted, limit=MOST_CHOICES)
    return View(chooser=Chooser(track.position, wanted, found))


# --- the form of the track list ------------------------------------------------------------------


def submitted_track_list(series: Series) -> list[TrackEdit]:
    """Return the track list that was sent, in its order. Raises Invalid naming the fields.

    Of each track `title-<position>`, its new place `place-<position>`, `remove-<position>`; `new`
    has the titles to add, one per line. A track of which nothing is sent stays as it is.
    """
    check, form = Checks(), request.form
    kept: list[tuple[int, int, TrackEdit]] = []
    for track in queries.tracks_of(series.id):
        position = track.position
        if is_ticked(f"remove-{position}"):
            continue
        title, place = check(_title, track), check(_place, position)
        # A track that moves up goes before the track at that place, one that moves down after it.
        kept.append((place or 0, (place or 0) - position, TrackEdit(position, title)))
    added = check(_new_titles, form.get("new", ""))
    check.finish()
    in_order = sorted(kept, key=lambda each: (each[0], (each[1] > 0) - (each[1] < 0)))
    return [*(edit for _, _, edit in in_order), *(TrackEdit(None, title) for title in added)]


def _title(track: Track) -> str:
    name = f"title-{track.position}"
    if name not in request.form:
        return track.title
    try:
        return text.line(request.form[name], "title", longest=LONGEST_NAME)
    except Invalid as refusal:
        raise Invalid(**{name: refusal.errors["title"]}) from None


def _place(position: int) -> int:
    name = f"place-{position}"
    try:
        place = text.whole_number(
            request.form.get(name), "position", least=1, most=rules.MOST_TRACKS
        )
    except Invalid as refusal:
        raise Invalid(**{name: refusal.errors["position"]}) from None
    return place or position


def _new_titles(typed: str) -> tuple[str, ...]:
    if not typed.strip():
        return ()
    try:
        return rules.track_titles(typed)
    except Invalid as refusal:
        raise Invalid(new=refusal.errors["tracks"]) from None
