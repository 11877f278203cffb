"""The response body of a profile."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.api.achievements.schemas import EarnedAchievement


class Profile(BaseModel):
    """A user's profile; points and level count all achievements, hidden ones too."""

    username: str
    display_name: str
    bio: str = Field(description="Markdown.")
    links: list[str]
    avatar: str = Field(description="The address of the picture.")
    since: datetime
    points: int
    level: int
    achievements: list[EarnedAchievement] = Field(description="Newest first.")
