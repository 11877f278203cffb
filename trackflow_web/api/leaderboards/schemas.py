"""Response bodies of leaderboards."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from trackflow_web.achievements.standings.windows import Span

if TYPE_CHECKING:
    from trackflow_web.achievements.standings import board


class LeaderboardWanted(BaseModel):
    """Which leaderboard to return."""

    kind: str = Field("points", description="`points`, `achievements`, `releases` or `parts`.")
    period: str = Field("week", description="`week`, `month`, `year` or `all`.")
    start: str | None = Field(None, description="A date in the period; today by default.")
    view: str = Field("around", description="`around`, `followed` or `top`.")
    limit: int = Field(50, ge=1, le=100, description="How many items at most.")
    cursor: str | None = Field(None, description="The value of `next` in the previous part.")


class LeaderboardRow(BaseModel):
    """A user's row; `change` is how many places up since the last closed period."""

    id: int
    place: int | None = Field(description="None where fewer than five users take part.")
    username: str
    score: int
    level: int
    change: int | None


class OwnPlace(BaseModel):
    """The caller's place, or the reason why there is none."""

    place: int | None = None
    score: int = 0
    reason: str | None = None


class Leaderboard(BaseModel):
    """A part of a leaderboard. `end` is the day after the last one; both are None for all time."""

    items: list[LeaderboardRow]
    me: OwnPlace
    users: int
    closed: bool
    start: date | None
    end: date | None
    next: str | None

    @classmethod
    def of(cls, found: board.Board) -> Leaderboard:
        """Return the document of a leaderboard."""
        own, window, is_bounded = found.me, found.window, found.window.span is not Span.ALL
        return cls(
            items=[
                LeaderboardRow(
                    id=row.user_id,
                    place=row.place,
                    username=row.username,
                    score=row.score,
                    level=row.level,
                    change=row.change,
                )
                for row in found.rows
            ],
            me=OwnPlace(place=own.place, score=own.score, reason=own.reason or None),
            users=found.users,
            closed=found.closed,
            start=window.start if is_bounded else None,
            end=window.end if is_bounded else None,
            next=found.following,
        )
