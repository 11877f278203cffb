"""Reading how far a user is with each category."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.category_models import (
    CategoryCompletion,
    CategoryEdition,
    CategoryMember,
)
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.progress.tile_data import AchievementProgress


@dataclass(frozen=True)
class Completed:
    """The latest edition of a category that a user has completed.

    `is_under_review` while one of its achievements is revoked. `bonus` is what all editions that
    they have completed were worth.
    """

    edition: str
    completed_at: datetime
    bonus: int
    is_under_review: bool


@dataclass(frozen=True)
class Edition:
    """The current edition of a category."""

    edition: str
    bonus: int


@dataclass(frozen=True)
class CategoryProgress:
    """A category as one user sees it; `earned` and `total` are of what is in force now."""

    category: str
    earned: int
    total: int
    current: Edition
    completed: Completed | None
    new: int

    @property
    def edition(self) -> str:
        """Return the edition that was completed, else the current one."""
        return self.completed.edition if self.completed else self.current.edition

    @property
    def bonus(self) -> int:
        """Return the bonus that was paid, else the one to be had."""
        return self.completed.bonus if self.completed else self.current.bonus

    @property
    def text(self) -> str:
        """Return how far it is: `complete, 2026 edition · 2 new since`."""
        if self.completed is None:
            return f"{self.current.bonus} bonus points when complete"
        new = f" \N{MIDDLE DOT} {self.new} new since" if self.new else ""
        review = " \N{MIDDLE DOT} under review" if self.completed.is_under_review else ""
        return f"complete, {self.completed.edition} edition{new}{review}"


def of_user(user_id: int, tiles: Sequence[AchievementProgress]) -> list[CategoryProgress]:
    """Return how far a user is with each category, in the order of the catalogue.

    `tiles` are all achievements as they see them.
    """
    rows = db.session.execute(_EDITIONS, {"user_id": user_id}).all()
    current = {
        row.category: Edition(row.edition, row.points) for row in rows if row.superseded_at is None
    }
    completed = _completed(rows)
    those: dict[str, list[AchievementProgress]] = {}
    for tile in tiles:
        if tile.entry.counts_for_completionist and tile.category in current:
            those.setdefault(tile.category, []).append(tile)
    return [
        _progress(category, found, current[category], completed.get(category))
        for category, found in those.items()
    ]


def _progress(
    category: str,
    tiles: Sequence[AchievementProgress],
    current: Edition,
    completed: Completed | None,
) -> CategoryProgress:
    is_older = completed is not None and completed.edition != current.edition
    return CategoryProgress(
        category=category,
        earned=sum(tile.state is State.EARNED for tile in tiles),
        total=len(tiles),
        current=current,
        completed=completed,
        new=_new_since(category, completed.edition, current.edition)
        if completed and is_older
        else 0,
    )


def _completed(rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> dict[str, Completed]:
    """Return the latest completed edition of each category, from rows in the order of editions."""
    found: dict[str, Completed] = {}
    for row in rows:
        if row.completed_at is not None:
            before = found.get(row.category)
            found[row.category] = Completed(
                row.edition,
                row.completed_at,
                row.paid + (before.bonus if before else 0),
                bool(row.revoked),
            )
    return found


def _new_since(category: str, completed: str, current: str) -> int:
    """Return how many achievements the current edition has that a completed one had not."""
    parameters = {"category": category, "completed": completed, "current": current}
    return db.session.scalar(_NEW, parameters) or 0


_USER_ID: sa.BindParameter[int] = sa.bindparam("user_id", type_=sa.BigInteger)
_OLD = aliased(CategoryMember)
_NEW = sa.select(sa.func.count()).where(
    CategoryMember.category == sa.bindparam("category"),
    CategoryMember.edition == sa.bindparam("current"),
    ~sa.exists().where(
        _OLD.category == CategoryMember.category,
        _OLD.edition == sa.bindparam("completed"),
        _OLD.achievement_id == CategoryMember.achievement_id,
    ),
)
_IS_REVOKED = (
    sa.exists()
    .where(
        CategoryMember.category == CategoryCompletion.category,
        CategoryMember.edition == CategoryCompletion.edition,
        UserAchievement.achievement_id == CategoryMember.achievement_id,
        UserAchievement.user_id == CategoryCompletion.user_id,
        UserAchievement.revoked_at.is_not(None),
    )
    .correlate(CategoryCompletion)
)
# The current editions, and those that the user has completed.
_EDITIONS = (
    sa.select(
        CategoryEdition.category,
        CategoryEdition.edition,
        CategoryEdition.points,
        CategoryEdition.superseded_at,
        CategoryCompletion.completed_at,
        CategoryCompletion.points.label("paid"),
        sa.case((CategoryCompletion.user_id.is_not(None), _IS_REVOKED), else_=sa.false()).label(
            "revoked"
        ),
    )
    .outerjoin(
        CategoryCompletion,
        sa.and_(
            CategoryCompletion.category == CategoryEdition.category,
            CategoryCompletion.edition == CategoryEdition.edition,
            CategoryCompletion.user_id == _USER_ID,
        ),
    )
    .where(
        sa.or_(
            CategoryEdition.superseded_at.is_(None), CategoryCompletion.completed_at.is_not(None)
        )
    )
    .order_by(CategoryEdition.category, CategoryEdition.starts_at, CategoryEdition.edition)
)
