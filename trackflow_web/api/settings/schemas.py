"""The shapes of the settings: of achievements and of privacy."""

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
    """An earned achievement and how you show it."""

    id: int
    code: str
    earned_at: datetime
    public: bool = Field(description="Whether others see it.")
    pin: int | None = Field(description=f"Its place, 1 to {MOST_PINNED}, among those put first.")


class ShownAchievements(BaseModel):
    """A piece of what you have earned, newest first, and what you are told of."""

    toasts: Announced = Field(description="Which are announced; `rare` means rare and up.")
    timezone: str
    items: list[ShownAchievement]
    next: str | None


class AchievementPreferences(BaseModel):
    """What you are told of."""

    toasts: Announced
    timezone: str


class PreferenceChanges(BaseModel):
    """What to choose anew; what is left out stays as it is."""

    toasts: AnnouncedName | None = None
    timezone: str | None = None


class Visibility(BaseModel):
    """Whether others see it."""

    public: StrictBool


class PinMove(BaseModel):
    """What to do with the pin."""

    move: MoveName


class Privacy(BaseModel):
    """Who sees what: every member (`public`) or only you (`private`)."""

    profile: Audience
    new_achievements: Audience = Field(description="What you earn from now on.")


class PrivacyChanges(BaseModel):
    """What to choose anew; what is left out stays as it is."""

    profile: AudienceName | None = None
    new_achievements: AudienceName | None = None


class VisibilityChanged(BaseModel):
    """How many achievements were made public or private."""

    changed: int


class Export(BaseModel):
    """Everything that is kept about you; the rest is named by its kind."""

    model_config = ConfigDict(extra="allow")

    format: str
    version: int
    exported_at: datetime
    account: dict[str, Any]


class AccountEnd(BaseModel):
    """The proof that it is you and that you mean it."""

    username: str
    password: str


class AccountDeleted(BaseModel):
    """Whose account is gone."""

    deleted: str = Field(description="A user name, free for everybody from now on.")
