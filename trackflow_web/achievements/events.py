"""Events of achievements."""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class AwardPayload(Payload):
    """The award; `counts` is whether it counts towards the completionist."""

    code: str
    points: int
    counts: bool


@event_type("achievement_unlocked", "achievement")
class AchievementUnlocked(AwardPayload):
    """A user unlocked an achievement by an action."""


@event_type("achievement_revoked", "achievement")
class AchievementRevoked(AwardPayload):
    """An administrator revoked an award."""

    reason: str = ""


@event_type("achievement_restored", "achievement")
class AchievementRestored(AwardPayload):
    """An administrator restored a revoked award."""


@event_type("achievements_backfilled", "user")
class AchievementsBackfilled(Payload):
    """A recheck granted what a user had earned before; `points` is the sum."""

    codes: tuple[str, ...]
    points: int


@event_type("achievements_withdrawn", "import")
class AchievementsWithdrawn(Payload):
    """An undone import took back what it alone had earned."""

    codes: tuple[str, ...]


@event_type("level_reached", "user")
class LevelReached(Payload):
    """A user's points reached a level for the first time; `before` is the highest until then."""

    level: int
    before: int
