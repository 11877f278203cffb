"""Request and response bodies of achievements."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class Achievement(BaseModel):
    """An achievement of the catalogue."""

    id: int
    code: str
    name: str
    description: str
    icon: str
    category: str
    group: str
    points: int
    rarity: str
    threshold: int
    metric: str


class Achievements(BaseModel):
    """A piece of the catalogue, in its order."""

    items: list[Achievement]
    next: str | None


class EarnedAchievement(Achievement):
    """An achievement that the caller has."""

    earned_at: datetime


class EarnedAchievements(BaseModel):
    """A piece of what the caller has earned, newest first."""

    items: list[EarnedAchievement]
    next: str | None


class AchievementProgress(BaseModel):
    """How far the caller is; `percent` is 100 only when it is earned."""

    code: str
    earned: bool
    earned_at: datetime | None
    current: int
    target: int
    percent: int


class AchievementsProgress(BaseModel):
    """A piece of how far the caller is, in the order of the catalogue."""

    items: list[AchievementProgress]
    next: str | None


class AchievementInFull(Achievement):
    """An achievement, how far the caller is, and how many have it.

    One that an administrator took back is not earned; since when and why says `revoked_at`.
    """

    earned: bool
    earned_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str
    current: int
    target: int
    percent: int
    holders: int
    users: int


class RecheckWanted(BaseModel):
    """Whom to recheck."""

    user: str = Field("", description="A user name; empty means everyone.")


class Rechecked(BaseModel):
    """What a recheck did: users looked at, awards given, numbers corrected."""

    users: int
    awards: int
    drift: int
