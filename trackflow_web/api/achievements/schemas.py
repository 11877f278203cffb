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
    holders: int | None = Field(None, description="Users who show it, where they were counted.")
    users: int | None = Field(None, description="Of how many users.")
    observed_rarity: str | None = Field(
        None, description="How rare it is among users; None where they are too few to say."
    )


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
    place: int | None = Field(description="The how-manieth you were to earn it, up to 1,000.")
    note: str = Field(description="What an administrator wrote who gave it to you.")


class CategoryProgress(BaseModel):
    """How far the caller is with a category.

    `edition` is the latest one that the caller has completed, else the current one. `bonus` is what
    completing has paid, else what it would pay. `earned` and `total` are of what is in force now.
    """

    id: str = Field(description="The category.")
    category: str
    edition: str
    current_edition: str
    earned: int
    total: int
    complete: bool
    completed_at: datetime | None
    bonus: int
    new_since: int = Field(description="Achievements added since the completed edition.")
    under_review: bool = Field(description="An achievement of the completed edition is revoked.")


class Categories(BaseModel):
    """A part of the categories, in the order of the catalogue."""

    items: list[CategoryProgress]
    next: str | None


class RecheckWanted(BaseModel):
    """The user to recheck."""

    user: str = Field("", description="A username; empty means everyone.")


class Rechecked(BaseModel):
    """The result of a recheck: users checked, awards given, counters corrected."""

    users: int
    awards: int
    drift: int
