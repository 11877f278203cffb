"""Which messages in Discord events change: what they are about is another thing now, or hidden.

What a message shows is read when it is edited: what is hidden then leaves it, and comes back with
the next edit when everyone may see it again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AchievementsShown,
    AchievementsWithdrawn,
)
from trackflow_web.domain import events
from trackflow_web.domain.moderation.models import ModerationAction
from trackflow_web.domain.moderation.rules import Action
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import Held
from trackflow_web.domain.webhooks import queueing
from trackflow_web.domain.webhooks.models import EventName
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trackflow_web.domain.webhooks.queueing import About
    from trackflow_web.kernel.events import Event

# After these a release is another one to its readers.
CHANGES = (
    events.SongEdited,
    events.SongDetailsChanged,
    events.SongReleasedAgain,
    events.CollaboratorAdded,
    events.CollaboratorRemoved,
    events.PartDone,
)
# After these a release, and its pack, may be hidden or there again.
SONGS = (
    events.SongUnreleased,
    events.SongReleasedAgain,
    events.SongDeleted,
    events.SongRestored,
)
# SQLite uses ids again: what is about a deleted subject has its id with a minus sign.
GONE = {
    events.SongDeleted: EventName.SONG_RELEASED,
    events.PackDeleted: EventName.PACK_RELEASED,
    events.SeriesDeleted: EventName.SERIES_COMPLETED,
}
BACK = {
    events.SongRestored: EventName.SONG_RELEASED,
    events.PackRestored: EventName.PACK_RELEASED,
    events.SeriesRestored: EventName.SERIES_COMPLETED,
}
AWARDS = (AchievementRevoked, AchievementRestored, AchievementsShown, AchievementsWithdrawn)
DECISIONS = (events.ModerationDecided, events.SubjectHeld)
HELD = {
    Held.RELEASE: EventName.SONG_RELEASED,
    Held.PACK: EventName.PACK_RELEASED,
    Held.SERIES: EventName.SERIES_COMPLETED,
}


def handle(recorded: Sequence[Event]) -> None:
    """Queue edits of the messages that events change."""
    changed, hidden = _changed_releases(recorded), _by_subject(_hidden(recorded))
    owners = {user_id for user_id, _ in (*changed, *hidden)}
    if not owners or not (owners := queueing.owners_among(owners)):
        return  # as mostly
    queueing.negate_ids(_of(owners, _by_subject(_named(recorded, BACK, sign=-1))))
    queueing.edit_messages(_of(owners, changed), after=queueing.CHANGES_FOR)
    queueing.edit_messages(_of(owners, hidden))
    queueing.negate_ids(_of(owners, _by_subject(_named(recorded, GONE))))


def _by_subject(found: Iterable[tuple[About, int]]) -> dict[About, set[int]]:
    ids: dict[About, set[int]] = defaultdict(set)
    for about, subject_id in found:
        ids[about].add(subject_id)
    return ids


def _of(owners: set[int], about: Mapping[About, set[int]]) -> dict[About, set[int]]:
    return {key: ids for key, ids in about.items() if key[0] in owners}


def _named(
    recorded: Sequence[Event], names: Mapping[type, EventName], *, sign: int = 1
) -> Iterator[tuple[About, int]]:
    """Return what these kinds of events are about, under the name of what was told of it."""
    for event in recorded:
        if name := names.get(type(event.payload)):
            yield (event.user_id, name), sign * event.subject_id


def _changed_releases(recorded: Sequence[Event]) -> dict[About, set[int]]:
    """Return the ids of changed songs that were released lately, by owner."""
    ids = {
        event.subject_id
        for event in recorded
        if isinstance(event.payload, CHANGES) and event.subject_type == "song"
    }
    loaded = {row.id: row for row in db.session.identity_map.values() if isinstance(row, Song)}
    songs = [loaded[song_id] for song_id in sorted(ids & loaded.keys())]
    if more := ids - loaded.keys():  # usually the action has loaded them
        songs += db.session.scalars(sa.select(Song).where(Song.id.in_(more)))
    since = clock.now() - queueing.EDITED_FOR
    changed: dict[About, set[int]] = defaultdict(set)
    for song in songs:
        is_recent = song.released_at is not None and song.released_at > since
        if song.status == Status.RELEASED and is_recent:
            changed[song.user_id, EventName.SONG_RELEASED].add(song.id)
    return changed


def _hidden(recorded: Sequence[Event]) -> Iterator[tuple[About, int]]:
    """Return what events may have hidden from visitors, or shown; an id of 0 is everything."""
    decided: dict[int, int] = {}
    yield from _named(recorded, GONE | BACK)
    for event in recorded:
        payload: Any = event.payload
        if isinstance(payload, SONGS):
            yield (event.user_id, EventName.SONG_RELEASED), event.subject_id
            if payload.pack_id is not None:
                yield (event.user_id, EventName.PACK_RELEASED), payload.pack_id
        elif isinstance(payload, AWARDS):
            yield (event.user_id, EventName.ACHIEVEMENT_UNLOCKED), 0
        elif isinstance(payload, events.PersonListed):
            yield (event.user_id, None), 0
        elif isinstance(payload, DECISIONS):
            decided[payload.action_id] = event.user_id
    if decided:
        yield from _held(decided)


def _held(decided: dict[int, int]) -> Iterator[tuple[About, int]]:
    """Return what decisions, by their ids with the owners of their subjects, have changed."""
    found = sa.select(ModerationAction).where(ModerationAction.id.in_(list(decided)))
    for entry in db.session.scalars(found):
        owner, name = decided[entry.id], HELD.get(Held(entry.subject_type))
        if entry.action in {Action.SUSPEND, Action.RESTORE} or entry.subject_type == Held.PROFILE:
            yield (owner, None), 0
        elif name:
            yield (owner, name), entry.subject_id
        elif entry.subject_type == Held.ACHIEVEMENT:
            yield (owner, EventName.ACHIEVEMENT_UNLOCKED), 0
        if entry.subject_type == Held.RELEASE:
            pack = sa.select(Song.pack_id).where(Song.id == entry.subject_id)
            yield (owner, EventName.PACK_RELEASED), db.session.scalar(pack) or -1
