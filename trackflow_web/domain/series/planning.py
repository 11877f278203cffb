"""Adding the missing songs of an album to Future Plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trackflow_web.domain.series import queries
from trackflow_web.domain.series.actions import changed
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Duplicate, NotFound
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.series.models import Series, Track
    from trackflow_web.domain.songs.models import Song


@dataclass(frozen=True)
class Planned:
    """How many songs were added, and how many that were there already were linked."""

    added: int = 0
    linked: int = 0

    @property
    def text(self) -> str:
        """Return it in a sentence."""
        added = f"Added {count_of(self.added, 'song')} to Future Plans"
        if not self.linked:
            return f"{added}." if self.added else "No tracks are missing."
        if not self.added:
            return f"Linked {count_of(self.linked, 'song')} you already had."
        return f"{added} and linked {self.linked:,} you already had."


def plan_tracks(series: Series, owner: User, *, position: int | None = None) -> Planned:
    """Add a song for each open track of an album; with `position` only for that track.

    A track gets the owner's song of its title, or a new one in Future Plans. Raises NotFound
    without such a track, Invalid.
    """
    tracks = queries.tracks_of(series.id)
    if position is not None and all(track.position != position for track in tracks):
        raise NotFound
    found = queries.songs_for_open_tracks(series, tracks)
    wanted = [
        track
        for track in tracks
        if track.song_id is None and not track.irrelevant and position in {None, track.position}
    ]
    chosen, added = _songs_for(series, owner, wanted, found, {track.song_id for track in tracks})
    return _link(series, chosen, added)


def _songs_for(
    series: Series,
    owner: User,
    wanted: Sequence[Track],
    found: Mapping[int, Song],
    taken: set[int | None],
) -> tuple[dict[int, int], set[int]]:
    """Return the id of the song for each track by its position, and the ids of the new songs.

    No song is chosen twice. Songs come before tracks in the order of locks.
    """
    chosen = {each.position: found[each.position].id for each in wanted if each.position in found}
    for song_id in sorted(chosen.values()):
        find_song(song_id, for_update=True)
    used, added = taken | set(chosen.values()), set()
    for track in wanted:
        if track.position not in chosen:
            song_id, is_new = _add_or_find(series, owner, track, used)
            chosen[track.position] = song_id
            used.add(song_id)
            added |= {song_id} if is_new else set()
    return chosen, added


def _add_or_find(
    series: Series, owner: User, track: Track, used: set[int | None]
) -> tuple[int, bool]:
    """Return the id of a song for the track, and whether it is new."""
    fields: dict[str, Any] = {
        "title": track.title,
        "artist": series.artist,
        "album": series.album,
        "year": series.year,
        "status": Status.FUTURE,
    }
    try:
        return songs.add_song(owner, **fields).id, True
    except Duplicate as refusal:
        existing = find_song(refusal.existing_id, for_update=True)
    if existing is not None and existing.id not in used:
        return existing.id, False
    # Two tracks of one title are two songs.
    return songs.add_song(owner, **fields, anyway=True).id, True


def _link(series: Series, chosen: Mapping[int, int], added: set[int]) -> Planned:
    """Link the tracks that are still open to their songs."""
    if not chosen:
        return Planned()
    queries.lock_tracks(series.id)
    linked = []
    for track in queries.tracks_of(series.id):
        if track.position in chosen and track.song_id is None and not track.irrelevant:
            track.song_id = chosen[track.position]
            linked.append(track.song_id)
    db.session.flush()
    changed(series)
    return Planned(added=len(added), linked=len(set(linked) - added))
