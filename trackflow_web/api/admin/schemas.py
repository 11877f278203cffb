"""Request and response bodies of administration."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from trackflow_web.achievements import models
from trackflow_web.achievements.awards import revoke as revocations


class RecheckRun(BaseModel):
    """A recheck of everyone: its state, progress and results so far."""

    id: int
    state: str = Field(description="`waiting`, `running`, `done`, `failed` or `cancelled`.")
    total: int | None = Field(description="How many people there were when it began.")
    percent: int
    users: int
    awards: int
    drift: int
    error: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, run: models.RecheckRun) -> RecheckRun:
        """Return the document of a recheck."""
        return cls(
            id=run.id,
            state=run.state,
            total=run.total,
            percent=run.percent,
            users=run.users,
            awards=run.awards,
            drift=run.drift,
            error=run.error,
            asked_at=run.at,
            started_at=run.started_at,
            ended_at=run.ended_at,
        )


class HeldAchievement(BaseModel):
    """An achievement that a user has, or had until it was revoked."""

    id: int
    code: str
    name: str
    earned_at: datetime
    points: int
    backfilled: bool
    revoked_at: datetime | None
    revoked_by: str
    reason: str

    @classmethod
    def of(cls, award: revocations.AwardRecord) -> HeldAchievement:
        """Return the document of an award."""
        return cls(
            id=award.achievement_id,
            code=award.code,
            name=award.name,
            earned_at=award.earned_at,
            points=award.points,
            backfilled=award.backfilled,
            revoked_at=award.revoked_at,
            revoked_by=award.revoked_by,
            reason=award.reason,
        )


class HeldAchievements(BaseModel):
    """All achievements that a user has or had, newest first."""

    username: str
    items: list[HeldAchievement]


class RevocationWanted(BaseModel):
    """The reason for a revocation; the user can read it."""

    reason: str = Field(
        "",
        json_schema_extra={
            "minLength": revocations.SHORTEST_REASON,
            "maxLength": revocations.LONGEST_REASON,
        },
    )
