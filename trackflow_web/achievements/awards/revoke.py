"""Revoking and restoring an award: by an administrator only, with a reason.

The row of the award stays, so that neither an action nor a recheck grants it again. An event
subtracts its points and takes it out of the counters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.catalogue.entries import (
    COMPLETIONIST,
    Entry,
    EntryFields,
    Kind,
    State,
)
from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AwardPayload,
)
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User

SHORTEST_REASON = 3
LONGEST_REASON = 300
NOT_THEIRS = "This user doesn't have this achievement."


@dataclass(frozen=True)
class Revocation:
    """A revoked award: the entry, when it was revoked and why."""

    entry: Entry
    at: datetime
    reason: str


@dataclass(frozen=True)
class AwardRecord(EntryFields):
    """An award as administrators see it; `revoked_at` is None unless it is revoked."""

    achievement_id: int
    entry: Entry
    earned_at: datetime
    worth: int
    backfilled: bool
    revoked_at: datetime | None
    revoked_by: str
    reason: str

    state = State.EARNED

    @property
    def points(self) -> int:
        """Return the points of the day it was earned."""
        return self.worth


def revoke(admin: User, user: User, code: str, *, reason: object) -> bool:
    """Revoke an award of a user; return False if it was already revoked, which keeps its reason.

    Raise NotFound if the user does not have it, Invalid naming `reason`.
    """
    why = _checked(reason)
    award, achievement = _get_for_update(user, code)
    if award.revoked_at is not None:
        return False
    holder_counts.changed([user.id])
    award.revoked_at, award.revoked_reason = clock.now(), why
    award.revoked_by_id, award.revoked_by = admin.id, admin.username
    # No toast shows it any more, and it is no longer pinned.
    award.notified, award.shown_until, award.pin = True, None, None
    _record(AchievementRevoked, award, achievement, admin, reason=why)
    return True


def restore(admin: User, user: User, code: str) -> bool:
    """Restore a revoked award as it was; return False if it was not revoked.

    Raise NotFound if the user does not have it.
    """
    award, achievement = _get_for_update(user, code)
    if award.revoked_at is None:
        return False
    holder_counts.changed([user.id])
    award.revoked_at = award.revoked_reason = None
    award.revoked_by_id = award.revoked_by = None
    _record(AchievementRestored, award, achievement, admin)
    return True


def revoked_of(user_id: int) -> list[Revocation]:
    """Return the revoked awards of the user, the latest first."""
    rows = db.session.execute(
        sa.select(
            Achievement.code,
            UserAchievement.revoked_at,
            UserAchievement.revoked_reason,
            catalogue.VERSION,
        )
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id, UserAchievement.revoked_at.is_not(None))
        .order_by(UserAchievement.revoked_at.desc(), Achievement.position)
    ).all()
    return [
        Revocation(
            catalogue.at(row.catalogue_version).get(row.code),
            row.revoked_at,
            row.revoked_reason or "",
        )
        for row in rows
    ]


def awards_of(user_id: int) -> Sequence[AwardRecord]:
    """Return every award of the user, revoked ones included, newest first."""
    rows = db.session.execute(
        sa.select(Achievement.code, UserAchievement, catalogue.VERSION)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id)
        .order_by(UserAchievement.earned_at.desc(), Achievement.position)
    ).all()
    return [
        AwardRecord(
            achievement_id=award.achievement_id,
            entry=catalogue.at(version).get(code),
            earned_at=award.earned_at,
            worth=award.points,
            backfilled=award.backfilled,
            revoked_at=award.revoked_at,
            revoked_by=award.revoked_by or "",
            reason=award.revoked_reason or "",
        )
        for code, award, version in rows
    ]


def _checked(reason: object) -> str:
    why = text.line(reason, "reason", longest=LONGEST_REASON)
    if len(why) < SHORTEST_REASON:
        raise Invalid(reason=f"Say it in {SHORTEST_REASON} characters or more.")
    return why


def _get_for_update(user: User, code: str) -> tuple[UserAchievement, Achievement]:
    """Return an award and its achievement, locked until the commit; raise NotFound.

    The counters are locked first, as in an action that grants awards, to avoid deadlocks.
    """
    db.session.execute(
        sa.select(UserStats.user_id).where(UserStats.user_id == user.id).with_for_update()
    )
    row = db.session.execute(
        sa.select(UserAchievement, Achievement)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(
            UserAchievement.user_id == user.id,
            Achievement.id == catalogue.id_of(code),
        )
        .with_for_update(of=UserAchievement)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound(NOT_THEIRS)
    return row[0], row[1]


def _record(
    event_type: type[AwardPayload],
    award: UserAchievement,
    achievement: Achievement,
    admin: User,
    **more: Any,  # noqa: ANN401 -- fields of the event type
) -> None:
    counts = (
        achievement.kind == Kind.BUILTIN
        and achievement.retired_at is None
        and achievement.code != COMPLETIONIST
    )
    payload = event_type(code=achievement.code, points=award.points, counts=counts, **more)
    record(payload, user_id=award.user_id, actor_id=admin.id, subject_id=achievement.id)
