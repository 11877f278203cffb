"""The feed handler: which entries events change.

It runs inside the action's unit of work, so that an entry appears, changes and disappears with what
it is about. Entries are made from source rows (`groups.py`); an event only says which of them to
look at, and so it does no harm when it is delivered again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AchievementsBackfilled,
    AchievementsShown,
    AchievementsWithdrawn,
    AchievementUnlocked,
)
from trackflow_web.community import grouping, projection
from trackflow_web.domain import events
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackflow_web.kernel.events import Event

# The song of these has another place in the feed now.
SONG_MOVED = (
    events.SongReleased,
    events.SongReleasedAgain,
    events.SongUnreleased,
    events.SongRestored,
    events.CollaboratorAdded,
    events.CollaboratorRemoved,
)
ONE_AWARD = (AchievementUnlocked, AchievementRevoked, AchievementRestored)
ALL_AWARDS = (AchievementsBackfilled, AchievementsWithdrawn, AchievementsShown)
# A chunk of an undone import, or the import itself.
IMPORTS = (events.SongsImported, events.SongsUnimported)
SONGS_A_STATEMENT = 500
USERS_AT_ONCE = 200


def handle(recorded: Sequence[Event]) -> None:
    """Bring the entries that events are about in line with their source rows."""
    awards = [event for event in recorded if isinstance(event.payload, ONE_AWARD)]
    projection.refresh(keys_of(recorded), awards=awards)
    users = sorted({event.user_id for event in recorded if isinstance(event.payload, ALL_AWARDS)})
    for at in range(0, len(users), USERS_AT_ONCE):
        projection.refresh_achievements(users[at : at + USERS_AT_ONCE])


# It does the same however often it runs.
reconcile = handle


def keys_of(recorded: Sequence[Event]) -> set[str]:
    """Return the keys of the groups that events may have changed, except those of one award."""
    keys: set[str] = set()
    songs: set[int] = set()
    for event in recorded:
        payload = event.payload
        if isinstance(payload, SONG_MOVED) and event.subject_type == "song":
            songs.add(event.subject_id)
        else:
            keys.update(_of_event(event, payload))
    keys.update(keys_of_songs(songs))
    return keys


def _of_event(event: Event, payload: object) -> Iterator[str]:
    if isinstance(payload, events.SongDeleted) and payload.released_at is not None:
        yield grouping.song_key(event.user_id, event.subject_id)
        yield grouping.slot_key(event.user_id, payload.released_at)
        if payload.import_id is not None:
            yield grouping.import_key(event.user_id, payload.import_id)
    elif isinstance(payload, IMPORTS) and cast("Any", payload).status == Status.RELEASED:
        yield grouping.import_key(event.user_id, event.subject_id)
    elif isinstance(payload, events.PackCreated | events.PackDeleted | events.PackRestored):
        yield grouping.pack_key(event.user_id, event.subject_id)
    elif isinstance(payload, events.SeriesCreated | events.SeriesDeleted | events.SeriesRestored):
        yield grouping.series_key(event.user_id, event.subject_id)


def keys_of_songs(song_ids: Iterable[int]) -> Iterator[str]:
    """Return the keys of the groups that songs are in, or were until something changed."""
    ids = sorted(song_ids)
    for at in range(0, len(ids), SONGS_A_STATEMENT):
        rows = db.session.execute(
            sa.select(Song.id, Song.user_id, Song.released_at, Song.import_id).where(
                Song.id.in_(ids[at : at + SONGS_A_STATEMENT]), Song.released_at.is_not(None)
            )
        )
        for row in rows:
            yield grouping.song_key(row.user_id, row.id)
            yield grouping.slot_key(row.user_id, row.released_at)
            if row.import_id is not None:
                yield grouping.import_key(row.user_id, row.import_id)
