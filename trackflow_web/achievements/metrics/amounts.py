"""By how much an event changes a counter."""

from __future__ import annotations

from collections.abc import Callable

from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AchievementUnlocked,
)
from trackflow_web.domain import events
from trackflow_web.domain.songs.models import Milestone
from trackflow_web.kernel.event_types import EventType
from trackflow_web.kernel.events import Event

Amount = Callable[[Event], int]


def up(event: Event) -> int:
    """Return the number of occurrences."""
    return event.n


def down(event: Event) -> int:
    """Return the number of occurrences, negated."""
    return -event.n


def down_if_was(milestone: Milestone) -> Amount:
    """Return an amount of -1 when the deleted song had reached the milestone."""

    def amount(event: Event) -> int:
        payload = event.payload
        return -1 if isinstance(payload, events.SongDeleted) and milestone in payload.was else 0

    return amount


def up_if_was(milestone: Milestone) -> Amount:
    """Return an amount of 1 when the restored song had reached the milestone."""

    def amount(event: Event) -> int:
        payload = event.payload
        return 1 if isinstance(payload, events.SongRestored) and milestone in payload.was else 0

    return amount


def down_if(key: str) -> Amount:
    """Return an amount of -1 when a field of the payload is true."""

    def amount(event: Event) -> int:
        return -1 if getattr(event.payload, key) else 0

    return amount


def up_if(key: str) -> Amount:
    """Return an amount of 1 when a field of the payload is true."""

    def amount(event: Event) -> int:
        return 1 if getattr(event.payload, key) else 0

    return amount


def from_payload(key: str, sign: int = 1) -> Amount:
    """Return the amount in a field of the payload, times `sign`."""

    def amount(event: Event) -> int:
        return sign * int(getattr(event.payload, key))

    return amount


def of_awards(key: str) -> dict[EventType, Amount]:
    """Return by event what a field of an award adds; a revocation subtracts it."""
    return {
        AchievementUnlocked: from_payload(key),
        AchievementRevoked: from_payload(key, -1),
        AchievementRestored: from_payload(key),
    }
