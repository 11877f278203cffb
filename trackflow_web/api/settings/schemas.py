"""Request and response bodies of the settings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from trackflow_web.achievements.awards.visibility import MOST_PINNED, Move
from trackflow_web.domain.people.models import Announced, Audience

AnnouncedName = Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Announced]})]
AudienceName = Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Audience]})]
MoveName = Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Move]})]


class ShownAchievement(BaseModel):
    """An earned achievement with its visibility and pin."""

    id: int
    code: str
    earned_at: datetime
    public: bool = Field(description="Whether others see it.")
    pin: int | None = Field(description=f"Its place, 1 to {MOST_PINNED}, among those put first.")


class ShownAchievements(BaseModel):
    """A part of your earned achievements, newest first, and your preferences."""

    toasts: Announced = Field(description="Which are announced; `rare` means rare and up.")
    timezone: str
    items: list[ShownAchievement]
    next: str | None


class AchievementPreferences(BaseModel):
    """Your preferences: which achievements are announced, and your time zone."""

    toasts: Announced
    timezone: str


class PreferenceChanges(BaseModel):
    """Settings to change; those left out stay as they are."""

    toasts: AnnouncedName | None = None
    timezone: str | None = None


class Visibility(BaseModel):
    """Whether others see an achievement."""

    public: StrictBool


class PinMove(BaseModel):
    """How to move a pin."""

    move: MoveName


class Privacy(BaseModel):
    """Who sees your profile and future achievements: every member or only you."""

    profile: Audience
    new_achievements: Audience = Field(description="What you earn from now on.")


class PrivacyChanges(BaseModel):
    """Settings to change; those left out stay as they are."""

    profile: AudienceName | None = None
    new_achievements: AudienceName | None = None


class VisibilityChanged(BaseModel):
    """The number of achievements that were made public or private."""

    changed: int


class Export(BaseModel):
    """Everything that is stored about you; further fields are named by their kind."""

    model_config = ConfigDict(extra="allow")

    format: str
    version: int
    exported_at: datetime
    account: dict[str, Any]


class AccountEnd(BaseModel):
    """Your user name and password, to confirm the deletion."""

    username: str
    password: str


class AccountDeleted(BaseModel):
    """The name of the deleted account."""

    deleted: str = Field(description="A user name, free for everybody from now on.")
