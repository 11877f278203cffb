"""Response bodies of seasons."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from trackflow_web.achievements.standings.seasons import ShownSeason


class SeasonalAchievement(BaseModel):
    """An achievement that counts only what is done within the season."""

    code: str
    name: str
    description: str
    icon: str
    metric: str
    threshold: int
    rarity: str
    points: int
    holders: int = Field(description="How many people have it.")


class Season(BaseModel):
    """A season, from `starts_at` up to `ends_at`, which is not part of it."""

    id: int
    slug: str
    name: str
    starts_at: datetime
    ends_at: datetime
    state: str = Field(description="`announced`, `running` or `over`.")
    rerun: str = Field(description="`once`, `maybe` or `yearly`.")
    achievements: list[SeasonalAchievement]

    @classmethod
    def of(cls, season: ShownSeason) -> Season:
        """Return the document of a season."""
        return cls(
            id=season.id,
            slug=season.slug,
            name=season.name,
            starts_at=season.starts_at,
            ends_at=season.ends_at,
            state=season.state,
            rerun=season.rerun,
            achievements=[
                SeasonalAchievement(
                    code=each.code,
                    name=each.name,
                    description=each.description,
                    icon=each.icon,
                    metric=each.metric,
                    threshold=each.threshold,
                    rarity=each.rarity,
                    points=each.points,
                    holders=each.holders,
                )
                for each in season.achievements
            ],
        )


class Seasons(BaseModel):
    """A part of the seasons: those that run, those to come, those that are over."""

    items: list[Season]
    next: str | None
