"""The response body of a profile."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.api.achievements.schemas import EarnedAchievement


class Profile(BaseModel):
    """What somebody shows of themselves; points and level are those of what is shown."""

    username: str
    since: datetime
    points: int
    level: int
    achievements: list[EarnedAchievement] = Field(description="Newest first.")
