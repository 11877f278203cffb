"""Taking an achievement back, and giving it back: by an administrator only, with a reason.

The row of the award stays, so that neither an action nor a recheck gives it again. Its points and
its place among the others go, by a fact like everything that moves a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.catalogue.registry import Entry
from trackflow_web.achievements.events import (
    AchievementRestored,
    AchievementRevoked,
    AwardPayload,
)
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats
from trackflow_web.achievements.progress.tile_data import EntryFields, State
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.domain.people.models import User

SHORTEST_REASON = 3
LONGEST_REASON = 300
NOT_THEIRS = "They have no such achievement."


@dataclass(frozen=True)
class Revocation:
    """What somebody does not have any more, since when and why."""

    entry: Entry
    at: datetime
    reason: str


@dataclass(frozen=True)
class AwardRecord(EntryFields):
    """An award as administrators see it; `revoked_at` is empty while it stands."""

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
        """Those of the day it was earned."""
        return self.worth


def revoke(admin: User, user: User, code: str, *, reason: object) -> bool:
    """Take an achievement from a user; gives False when somebody did that already.

    The first reason stays then. Raises NotFound, Invalid naming `reason`.
    """
    why = _checked(reason)
    award, achievement = _held(user, code)
    if award.revoked_at is not None:
        return False
    award.revoked_at, award.revoked_reason = clock.now(), why
    award.revoked_by_id, award.revoked_by = admin.id, admin.username
    # What waits to be announced is not announced any more, and nothing that is gone stays first.
    award.notified, award.shown_until, award.pin = True, None, None
    _record(AchievementRevoked, award, achievement, admin, reason=why)
    holder_counts.changed()
    return True


def restore(admin: User, user: User, code: str) -> bool:
    """Give a revoked achievement back, as it was; gives False when it was not revoked.

    Raises NotFound.
    """
    award, achievement = _held(user, code)
    if award.revoked_at is None:
        return False
    award.revoked_at = award.revoked_reason = None
    award.revoked_by_id = award.revoked_by = None
    _record(AchievementRestored, award, achievement, admin)
    holder_counts.changed()
    return True


def revoked_of(user_id: int) -> list[Revocation]:
    """What was taken from the user, the latest first."""
    rows = db.session.execute(
        sa.select(Achievement.code, UserAchievement.revoked_at, UserAchievement.revoked_reason)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id, UserAchievement.revoked_at.is_not(None))
        .order_by(UserAchievement.revoked_at.desc(), Achievement.position)
    ).all()
    entries = catalogue.entries_of(row.code for row in rows)
    return [Revocation(entries[row.code], row.revoked_at, row.revoked_reason or "") for row in rows]


def awards_of(user_id: int) -> Sequence[AwardRecord]:
    """Everything the user has or had, newest first."""
    rows = db.session.execute(
        sa.select(Achievement.code, UserAchievement)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id)
        .order_by(UserAchievement.earned_at.desc(), Achievement.position)
    ).all()
    entries = catalogue.entries_of(code for code, _ in rows)
    return [
        AwardRecord(
            achievement_id=award.achievement_id,
            entry=entries[code],
            earned_at=award.earned_at,
            worth=award.points,
            backfilled=award.backfilled,
            revoked_at=award.revoked_at,
            revoked_by=award.revoked_by or "",
            reason=award.revoked_reason or "",
        )
        for code, award in rows
    ]


def _checked(reason: object) -> str:
    why = text.line(reason, "reason", longest=LONGEST_REASON)
    if len(why) < SHORTEST_REASON:
        raise Invalid(reason=f"Say it in {SHORTEST_REASON} characters or more.")
    return why


def _held(user: User, code: str) -> tuple[UserAchievement, Achievement]:
    """The award, which others wait to change until the commit.

    The numbers first, as an action has it that announces awards: nobody waits in a circle.
    """
    db.session.execute(
        sa.select(UserStats.user_id).where(UserStats.user_id == user.id).with_for_update()
    )
    row = db.session.execute(
        sa.select(UserAchievement, Achievement)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(
            UserAchievement.user_id == user.id,
            Achievement.id == catalogue.ids().get(code, 0),  # 0 is nothing's
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
    **more: str,
) -> None:
    counts = (
        achievement.built_in
        and achievement.retired_at is None
        and achievement.code != catalogue.COMPLETIONIST
    )
    payload = event_type(code=achievement.code, points=award.points, counts=counts, **more)
    record(payload, user_id=award.user_id, actor_id=admin.id, subject_id=achievement.id)
