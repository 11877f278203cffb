"""The response body of a profile."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.api.achievements.schemas import EarnedAchievement


class Profile(BaseModel):
    """A user's profile; points and level count the shown achievements."""

    username: str
    since: datetime
    points: int
    level: int
    achievements: list[EarnedAchievement] = Field(description="Newest first.")
