"""Events of achievements."""

from __future__ import annotations

from trackflow_web.kernel.event_types import Payload, event_type, payload_fields


@payload_fields
class AwardPayload(Payload):
    """The award; `counts` is whether it counts towards the completionist.

    A `custom` one is never part of the contests of open periods.
    """

    code: str
    points: int
    counts: bool
    custom: bool = False


@event_type("achievement_unlocked", "achievement")
class AchievementUnlocked(AwardPayload):
    """A user unlocked an achievement by an action, or an administrator has `granted` it.

    One that imported songs brought about when they were restored has their `import_id`: it is no
    work of today.
    """

    granted: bool = False
    import_id: int | None = None


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


@event_type("achievements_withdrawn", "import", "achievement")
class AchievementsWithdrawn(Payload):
    """An undone import took back what it alone had earned, or an administrator undid a grant."""

    codes: tuple[str, ...]


@event_type("achievements_shown", "user")
class AchievementsShown(Payload):
    """A user showed awards to others, or hid them."""


@event_type("level_reached", "user")
class LevelReached(Payload):
    """A user's points reached a level for the first time; `before` is the highest until then."""

    level: int
    before: int


@event_type("category_completed", "user")
class CategoryCompleted(Payload):
    """A user completed an edition of a category; `points` is the bonus.

    A `late` one was brought about by a restored award, not by work.
    """

    category: str
    edition: str
    points: int
    late: bool = False


@event_type("categories_backfilled", "user")
class CategoriesBackfilled(Payload):
    """A recheck or an import found categories that a user has completed; `points` is the sum."""

    categories: tuple[str, ...]
    editions: tuple[str, ...]
    points: int


@event_type("custom_achievement_changed", "achievement")
class CustomAchievementChanged(Payload):
    """An administrator created, changed, reverted, retired or granted a custom achievement."""

    code: str
    status: str
