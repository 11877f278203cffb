"""Toasts of levels and completed categories, which come beside those of awards.

What was reserved with awards is shown again with the same ones only: a response with four messages
has a summary, and one that repeats it must have the same, or the browser would show it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.achievements.models import UserAchievement, UserStats
from trackflow_web.kernel.database import db

RESERVED_FOR = timedelta(seconds=2)
# Older ones are on the achievements page; a toast would come out of nowhere.
OLDEST_SHOWN = timedelta(days=30)


@dataclass(frozen=True)
class CategoryToast:
    """A completed category to announce, and the bonus for it."""

    category: str
    edition: str
    points: int


@dataclass(frozen=True)
class Batch:
    """Awards reserved together, until when; without a time those that were never reserved."""

    reserved_until: datetime | None = None


NEW = Batch()


def reserve_level(user_id: int, batch: Batch, now: datetime) -> int | None:
    """Reserve the level to announce for the current response; no two responses get it at once."""
    return db.session.scalar(
        sa.update(UserStats)
        .where(
            UserStats.user_id == user_id,
            UserStats.level_shown < UserStats.level_best,
            _is_free(user_id, UserStats.level_shown_until, batch, now),
        )
        .values(level_shown_until=now + RESERVED_FOR)
        .returning(UserStats.level_best)
    )


def reserve_categories(user_id: int, batch: Batch, now: datetime) -> tuple[CategoryToast, ...]:
    """Reserve the completed categories to announce; as with levels, only one response gets them."""
    shown_until = CategoryCompletion.shown_until
    rows = db.session.execute(
        sa.update(CategoryCompletion)
        .where(
            CategoryCompletion.user_id == user_id,
            ~CategoryCompletion.notified,
            _is_free(user_id, shown_until, batch, now),
        )
        .values(
            shown_until=now + RESERVED_FOR,
            notified=CategoryCompletion.awarded_at <= now - OLDEST_SHOWN,
        )
        .returning(
            CategoryCompletion.category,
            CategoryCompletion.edition,
            CategoryCompletion.points,
            CategoryCompletion.notified,
        )
        .execution_options(synchronize_session=False)
    ).all()
    return tuple(
        CategoryToast(row.category, row.edition, row.points)
        for row in sorted(rows, key=lambda row: (row.category, row.edition))
        if not row.notified
    )


def _is_free(
    user_id: int,
    shown_until: InstrumentedAttribute[datetime | None],
    batch: Batch,
    now: datetime,
) -> sa.ColumnElement[bool]:
    """Return the condition of what belongs to this batch."""
    if batch.reserved_until is not None:
        return shown_until == batch.reserved_until
    is_with_awards = sa.exists().where(
        UserAchievement.user_id == user_id,
        ~UserAchievement.notified,
        UserAchievement.shown_until == shown_until,
    )
    return sa.or_(shown_until.is_(None), sa.and_(shown_until <= now, ~is_with_awards))
