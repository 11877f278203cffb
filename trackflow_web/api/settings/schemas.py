"""Request and response bodies of the settings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from trackflow_web.achievements.awards.visibility import MOST_PINNED, Move
from trackflow_web.domain.people.models import Announced, Audience, Shown, Theme
from trackflow_web.domain.people.profile import FORMER_AUDIENCES, MOST_LINKS

AnnouncedName = Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Announced]})]
AUDIENCES = [*map(str, Audience), *FORMER_AUDIENCES]
AudienceName = Annotated[str, Field(json_schema_extra={"enum": AUDIENCES})]
ShownName = Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Shown]})]
ThemeName = Annotated[str, Field(json_schema_extra={"enum": [str(each) for each in Theme]})]
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


class Profile(BaseModel):
    """What you say about yourself, and how the site looks to you."""

    username: str
    display_name: str = Field(description="Empty: the username is shown.")
    bio: str = Field(description="Markdown, up to 500 characters.")
    links: list[str] = Field(description=f"Up to {MOST_LINKS} addresses.")
    charter_names: list[str] = Field(description="Names that charts credit you by.")
    avatar: str = Field(description="The address of your picture.")
    avatar_upload: str = Field(
        description="`waiting` while an uploaded picture is processed, `failed` if it couldn't be"
        " read, otherwise empty."
    )
    theme: Theme
    shortcuts: bool = Field(description="Whether keyboard shortcuts are on.")


class ProfileChanges(BaseModel):
    """Settings to change; those left out stay as they are."""

    display_name: str | None = None
    bio: str | None = None
    links: list[str] | None = None
    charter_names: list[str] | None = None
    theme: ThemeName | None = None
    shortcuts: StrictBool | None = None


class Privacy(BaseModel):
    """Who sees what."""

    profile: Audience = Field(description="Your profile and what it shows.")
    new_achievements: Shown = Field(description="What you earn from now on.")
    days: bool = Field(description="Whether your profile shows on which days you were here.")
    boards: bool = Field(description="Whether leaderboards will list you.")
    feed: bool = Field(description="Whether the feed will show what you do.")


class PrivacyChanges(BaseModel):
    """Settings to change; those left out stay as they are."""

    profile: AudienceName | None = Field(
        default=None, description="Formerly `public` (now members) and `private` (now me)."
    )
    new_achievements: ShownName | None = None
    days: StrictBool | None = None
    boards: StrictBool | None = None
    feed: StrictBool | None = None


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
    """Your username and password, to confirm the deletion."""

    username: str
    password: str


class AccountDeleted(BaseModel):
    """The name of the deleted account."""

    deleted: str = Field(description="A username; nobody can register it for 90 days.")


class StreakWeek(BaseModel):
    """A week of the ledger, by its Monday."""

    week: date
    verdict: str = Field(
        description="`counted`, `kept`, `frozen`, `break`, `open` (nothing yet) or `missed`."
    )
    streak: int = Field(description="The weekly streak after this week.")
    freezes: int


class WeeklyStreak(BaseModel):
    """The weekly streak; `breaks` are the Mondays of planned breaks, `items` the latest weeks."""

    current: int
    longest: int
    freezes: int
    items: list[StreakWeek]
    breaks: list[date]


class StreakDay(BaseModel):
    """A day with a visit, in the time zone of that time."""

    day: date
    at: datetime
    timezone: str
    streak: int


class DailyStreak(BaseModel):
    """The streak of daily visits."""

    current: int
    longest: int
    items: list[StreakDay]


class Streaks(BaseModel):
    """Both streaks, and why each day and week counted."""

    weeks: WeeklyStreak
    days: DailyStreak


class BreakCancelled(BaseModel):
    """A day of the week whose break is cancelled."""

    week: str = Field(description="A day of the week, such as `2026-07-27`; it has not begun yet.")


class BreakWanted(BaseModel):
    """The first and the last day of a break."""

    first: str = Field(alias="from", description="The first day, such as `2026-07-27`.")
    to: str = Field(description="The last day.")
