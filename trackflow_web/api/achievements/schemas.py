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
    metric: str | None = Field(description="None for those that administrators grant.")
    kind: str = Field(description="`builtin`, `custom` or `seasonal`.")


class Achievements(BaseModel):
    """A part of the catalogue, in its order."""

    items: list[Achievement]
    next: str | None


class EarnedAchievement(Achievement):
    """An achievement that the caller has."""

    earned_at: datetime


class EarnedAchievements(BaseModel):
    """A part of the caller's earned achievements, newest first."""

    items: list[EarnedAchievement]
    next: str | None


class AchievementProgress(BaseModel):
    """The caller's progress; `percent` is 100 only when the achievement is earned."""

    code: str
    earned: bool
    earned_at: datetime | None
    current: int
    target: int
    percent: int


class AchievementsProgress(BaseModel):
    """A part of the caller's progress, in the order of the catalogue."""

    items: list[AchievementProgress]
    next: str | None


class AchievementInFull(Achievement):
    """An achievement, the caller's progress and its number of holders.

    A revoked achievement is not earned; `revoked_at` and `revoked_reason` say when and why.
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
    """The user to recheck."""

    user: str = Field("", description="A user name; empty means everyone.")


class Rechecked(BaseModel):
    """The result of a recheck: users checked, awards given, counters corrected."""

    users: int
    awards: int
    drift: int
