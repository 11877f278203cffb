"""The webhook handler: it queues deliveries in the unit of work of the event.

It writes ids only. Whether everyone may see what happened is decided when it is sent, so that what
was hidden or deleted meanwhile is never sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.events import AchievementUnlocked, LevelReached
from trackflow_web.domain import events
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.webhooks import queueing
from trackflow_web.domain.webhooks.models import EventName
from trackflow_web.domain.webhooks.queueing import Happened
from trackflow_web.kernel.database import db
from trackflow_web.notifications.notices import key_of
from trackflow_web.webhooks import edits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackflow_web.kernel.events import Event

# Imports, undone deletions and rechecks record other events: nobody is told of those.
NAMES = {
    events.SongReleased: EventName.SONG_RELEASED,
    events.SeriesCompleted: EventName.SERIES_COMPLETED,
    AchievementUnlocked: EventName.ACHIEVEMENT_UNLOCKED,
    LevelReached: EventName.LEVEL_REACHED,
}


def handle(recorded: Sequence[Event]) -> None:
    """Queue what happened for the webhooks of whose work it is, and edits of what was told."""
    edits.handle(recorded)
    told = [event for event in recorded if type(event.payload) in NAMES]
    if not told:
        return
    receivers = queueing.receivers_of(sorted({event.user_id for event in told}))
    if not receivers:
        return
    owners = {webhook.user_id for webhook in receivers}
    about = [event for event in told if event.user_id in owners]
    queueing.queue(receivers, [*map(_happened, about), *_packs(about)])


def reconcile(redelivered: Sequence[Event]) -> None:
    """Queue what the first dispatch did not; the same event is queued once."""
    handle([event for event in redelivered if event.delivered_at is None])


def _happened(event: Event) -> Happened:
    payload = event.payload
    subject_id = payload.level if isinstance(payload, LevelReached) else event.subject_id
    name = NAMES[type(payload)]
    return Happened(event.user_id, name, subject_id, key_of(event), event.created_at)


def _packs(released: Sequence[Event]) -> Iterator[Happened]:
    """Return the packs whose last song was released: once for several songs at a time."""
    latest: dict[int, Event] = {}
    for event in released:
        if isinstance(event.payload, events.SongReleased):
            pack_id = event.payload.pack_id
            if pack_id is not None:
                latest[pack_id] = event
    for pack_id in _released_packs(latest):
        event = latest[pack_id]
        key = f"pack:{key_of(event)}"
        yield Happened(event.user_id, EventName.PACK_RELEASED, pack_id, key, event.created_at)


def _released_packs(pack_ids: dict[int, Event]) -> list[int]:
    """Return those packs all of whose songs are Released, but for optional ones."""
    if not pack_ids:
        return []
    unreleased = sa.select(Song.pack_id).where(
        Song.pack_id.in_(list(pack_ids)), Song.status != Status.RELEASED, ~Song.is_optional
    )
    open_packs = set(db.session.scalars(unreleased))
    return [pack_id for pack_id in sorted(pack_ids) if pack_id not in open_packs]
