"""Source rows of the scores: who did what, when, worth how much, and whether it was imported.

Imported and backfilled work counts for all time only: it was not done in an open period.
"""

from __future__ import annotations

import sqlalchemy as sa

from trackflow_web.achievements.catalogue.entries import Kind
from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.achievements.metrics.sources import Rows
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.standings.windows import Score
from trackflow_web.domain.authoring.models import UNDATED, SongPart
from trackflow_web.domain.songs.models import Song

_NOT_REVOKED = UserAchievement.revoked_at.is_(None)
_RELEASED_BY_IMPORT = sa.and_(Song.import_id.is_not(None), Song.created_at == Song.released_at)


# Achievements of administrators are no part of the contests of open periods.
_CUSTOM = UserAchievement.achievement_id.in_(
    sa.select(Achievement.id).where(Achievement.kind == Kind.CUSTOM)
)


def _awards(worth: sa.ColumnElement[int]) -> Rows:
    return sa.select(
        UserAchievement.user_id.label("user_id"),
        UserAchievement.earned_at.label("at"),
        worth.label("worth"),
        sa.or_(UserAchievement.backfilled, _CUSTOM).label("imported"),
    ).where(_NOT_REVOKED)


def _points() -> Rows:
    """Select the points of awards and the bonuses of completed categories."""
    bonuses = sa.select(
        CategoryCompletion.user_id,
        CategoryCompletion.completed_at,
        CategoryCompletion.points,
        CategoryCompletion.backfilled,
    )
    both = _awards(UserAchievement.points.expression).union_all(bonuses).subquery()
    return sa.select(*(both.c[name].label(name) for name in ("user_id", "at", "worth", "imported")))


SOURCES: dict[Score, Rows] = {
    Score.POINTS: _points(),
    Score.ACHIEVEMENTS: _awards(sa.literal(1)),
    Score.RELEASES: sa.select(
        Song.user_id.label("user_id"),
        Song.released_at.label("at"),
        sa.literal(1).label("worth"),
        _RELEASED_BY_IMPORT.label("imported"),
    ).where(Song.released_at.is_not(None)),
    Score.PARTS: sa.select(
        SongPart.done_by.label("user_id"),
        SongPart.first_done_at.label("at"),
        sa.literal(1).label("worth"),
        sa.false().label("imported"),
    ).where(SongPart.done_by.is_not(None), SongPart.first_done_at > UNDATED),
}
