"""Reading numbers and awards for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, metrics, next_up
from trackflow_web.achievements.models import (
    Achievement,
    RecheckRun,
    UserAchievement,
    UserStats,
)
from trackflow_web.achievements.next_up import Opening
from trackflow_web.achievements.showcase import Badge
from trackflow_web.domain.authoring import statistics as authoring
from trackflow_web.domain.packs import queries as packs
from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

RUNS_SHOWN = 20


@dataclass(frozen=True)
class Owners:
    """How many people have each achievement, by code, and how many people there are."""

    by_code: dict[str, int]
    users: int

    @classmethod
    def unknown(cls) -> Owners:
        """For pages that do not say who else has what."""
        return cls(by_code={}, users=0)


@dataclass(frozen=True)
class Receipt:
    """One thing that counted: what, which and since when."""

    label: str
    subject_type: str
    subject_id: int
    at: datetime


def numbers_of(user_id: int) -> dict[str, int]:
    """The user's numbers by metric, points and streaks included; 0 for who has none yet."""
    names = [*metrics.BY_NAME, metrics.TOTAL_POINTS, "current_streak"]
    table = UserStats.__table__
    row = db.session.execute(
        sa.select(*(table.c[name] for name in names)).where(table.c.user_id == user_id)
    ).one_or_none()
    return dict(zip(names, row or [0] * len(names), strict=True))


def earned_by(user_id: int) -> dict[str, datetime]:
    """When the user earned what, by code; without what was revoked."""
    rows = db.session.execute(
        sa.select(Achievement.code, UserAchievement.earned_at)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id, UserAchievement.revoked_at.is_(None))
    ).all()
    return {row.code: row.earned_at for row in rows}


def badges_of(user_id: int, *, hidden_too: bool) -> list[Badge]:
    """What the user earned, newest first; to everybody else only what they show.

    One that was retired is kept by who earned it, and its points with it; one that was revoked is
    not.
    """
    found = (
        sa.select(
            Achievement.code,
            UserAchievement.earned_at,
            UserAchievement.points,
            UserAchievement.pin,
        )
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id == user_id, UserAchievement.revoked_at.is_(None))
        .order_by(UserAchievement.earned_at.desc(), Achievement.position)
    )
    if not hidden_too:
        found = found.where(UserAchievement.is_public)
    rows = db.session.execute(found).all()
    entries = catalogue.entries_of([row.code for row in rows])
    return [Badge(entries[row.code], row.earned_at, row.points, row.pin) for row in rows]


def openings(user_id: int, needed: Mapping[str, int]) -> list[Opening]:
    """The songs and packs with the fewest open parts, as many of each metric as are needed."""
    nearest = {next_up.SONGS: authoring.fewest_parts, next_up.PACKS: packs.fewest_parts}
    selects = [
        sa.select(sa.literal(metric).label("metric"), nearest[metric](user_id, number).subquery())
        for metric, number in needed.items()
    ]
    if not selects:
        return []
    return [Opening(*row) for row in db.session.execute(sa.union_all(*selects))]


def owners() -> Owners:
    """How many people show each achievement: without the banned, the hidden and the revoked."""
    users = sa.select(sa.func.count(User.id)).where(User.banned_at.is_(None)).scalar_subquery()
    rows = db.session.execute(
        sa.select(Achievement.code, sa.func.count(User.id), users)
        .select_from(Achievement)
        .outerjoin(
            UserAchievement,
            sa.and_(
                UserAchievement.achievement_id == Achievement.id,
                UserAchievement.is_public,
                UserAchievement.revoked_at.is_(None),
            ),
        )
        .outerjoin(User, sa.and_(User.id == UserAchievement.user_id, User.banned_at.is_(None)))
        .group_by(Achievement.code)
    ).all()
    return Owners(by_code={code: count for code, count, _ in rows}, users=rows[0][2] if rows else 0)


def receipt(user_id: int, metric: str, limit: int) -> Sequence[Receipt]:
    """The first `limit` things of the user that count for a metric, oldest first."""
    rows = metrics.BY_NAME[metric].rows
    counted = rows.where(rows.selected_columns.user_id == user_id).subquery()
    found = (
        sa.select(counted.c.label, counted.c.subject_type, counted.c.subject_id, counted.c.at)
        .order_by(counted.c.at, counted.c.subject_id)
        .limit(limit)
    )
    return [Receipt(*row) for row in db.session.execute(found)]


def ids() -> dict[str, int]:
    """The id of every achievement by code."""
    return catalogue.ids()


def recheck_runs() -> Sequence[RecheckRun]:
    """The latest rechecks that administrators ran, newest first."""
    return db.session.scalars(
        sa.select(RecheckRun).order_by(RecheckRun.id.desc()).limit(RUNS_SHOWN)
    ).all()
