"""Completions of categories: each edition once per user, when they have all of its achievements.

Whether one is due is one SELECT of awards and editions, for an action, a recheck and the check
after every test. An action looks after it has updated its user's row of `user_stats`: of two that
earn the last two achievements at the same time, the later one sees both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.category_models import (
    CategoryCompletion,
    CategoryEdition,
    CategoryMember,
)
from trackflow_web.achievements.events import CategoriesBackfilled, CategoryCompleted
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, literal_ids, upsert
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Completion:
    """An edition that a user has completed, when, and the bonus for it."""

    user_id: int
    category: str
    edition: str
    completed_at: datetime
    points: int


def due(user_ids: Sequence[int]) -> list[Completion]:
    """Return the completions that these users lack; change nothing."""
    return _worth(db.session.execute(_DUE, {"user_ids": user_ids}).all())


def complete(user_ids: Sequence[int], unlocked: Collection[int]) -> None:
    """Record the completions that achievements unlocked just now (their ids) have brought about.

    What was due before is left to a recheck: it was not done now.
    """
    if not unlocked:
        return
    found = db.session.execute(_DUE_NOW, {"user_ids": user_ids, "unlocked": list(unlocked)}).all()
    _record(_insert(_worth(found), backfilled=False), late=False)


def complete_late(user_ids: Sequence[int], *, import_id: int | None = None) -> None:
    """Record what is due to these users since an award of theirs was restored, or their songs.

    `import_id` is the import that had added the songs.
    """
    completed = _insert(due(user_ids), backfilled=True)
    if import_id is not None:
        attribute(completed, import_id)
    _record(completed, late=True)


def _record(completed: Sequence[Completion], *, late: bool) -> None:
    for each in completed:
        payload = CategoryCompleted(
            category=each.category, edition=each.edition, points=each.points, late=late
        )
        record(payload, user_id=each.user_id, subject_id=each.user_id)


def backfill(user_ids: Sequence[int]) -> list[Completion]:
    """Record what these users have completed, with true dates; return what was missing."""
    completed = _insert(due(user_ids), backfilled=True)
    by_user: dict[int, list[Completion]] = defaultdict(list)
    for each in completed:
        by_user[each.user_id].append(each)
    for user_id, those in by_user.items():
        payload = CategoriesBackfilled(
            categories=tuple(each.category for each in those),
            editions=tuple(each.edition for each in those),
            points=sum(each.points for each in those),
        )
        record(payload, user_id=user_id, subject_id=user_id, n=len(those))
    return completed


def attribute(completed: Sequence[Completion], import_id: int) -> None:
    """Record that an import alone has brought these about; its summary shows them."""
    for each in completed:
        db.session.execute(
            sa.update(CategoryCompletion)
            .where(_key(each))
            .values(import_id=import_id, notified=False)
        )


def withdraw(user_id: int, import_id: int) -> None:
    """Delete what an undone import alone had completed and the user has no longer complete."""
    db.session.execute(
        sa.delete(CategoryCompletion).where(
            _of_import(user_id, import_id), _held_of_completion() < _total_of_completion()
        ),
        execution_options={"synchronize_session": False},
    )


def reattribute(user_id: int, import_id: int, *, to: int | None) -> None:
    """Attribute what an undone import had completed and other work keeps to another import."""
    db.session.execute(
        sa.update(CategoryCompletion).where(_of_import(user_id, import_id)).values(import_id=to),
        execution_options={"synchronize_session": False},
    )


def _of_import(user_id: int, import_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(CategoryCompletion.user_id == user_id, CategoryCompletion.import_id == import_id)


def _held_of_completion() -> sa.ColumnElement[int]:
    """Return how many achievements of a completion's edition its user has."""
    return (
        sa.select(sa.func.count())
        .select_from(CategoryMember)
        .join(UserAchievement, UserAchievement.achievement_id == CategoryMember.achievement_id)
        .where(
            CategoryMember.category == CategoryCompletion.category,
            CategoryMember.edition == CategoryCompletion.edition,
            UserAchievement.user_id == CategoryCompletion.user_id,
            UserAchievement.revoked_at.is_(None),
        )
        .correlate(CategoryCompletion)
        .scalar_subquery()
    )


def _total_of_completion() -> sa.ColumnElement[int]:
    return (
        sa.select(CategoryEdition.total)
        .where(
            CategoryEdition.category == CategoryCompletion.category,
            CategoryEdition.edition == CategoryCompletion.edition,
        )
        .scalar_subquery()
    )


def _key(each: Completion) -> sa.ColumnElement[bool]:
    return sa.and_(
        CategoryCompletion.user_id == each.user_id,
        CategoryCompletion.category == each.category,
        CategoryCompletion.edition == each.edition,
    )


def _worth(rows: Sequence[sa.Row[Any]]) -> list[Completion]:
    """Return completions with their bonus: of a later edition what exceeds earlier ones."""
    paid: dict[tuple[int, str], int] = {}
    found = []
    for row in rows:
        before = paid.setdefault((row.user_id, row.category), int(row.paid))
        points = max(row.points - before, 0)
        paid[row.user_id, row.category] += points
        found.append(Completion(row.user_id, row.category, row.edition, row.at, points))
    return found


def _insert(completed: Sequence[Completion], *, backfilled: bool) -> list[Completion]:
    """Insert completions; return those that did not exist yet: only they are rewarded."""
    if not completed:
        return []
    by_key = {(each.user_id, each.category, each.edition): each for each in completed}
    inserted = db.session.execute(
        upsert(CategoryCompletion)
        .on_conflict_do_nothing()
        .returning(
            CategoryCompletion.user_id, CategoryCompletion.category, CategoryCompletion.edition
        ),
        [
            {
                "user_id": each.user_id,
                "category": each.category,
                "edition": each.edition,
                "completed_at": each.completed_at,
                "awarded_at": clock.now(),
                "points": each.points,
                "backfilled": backfilled,
                # What a recheck finds was not done now: it gets no toast.
                "notified": backfilled,
            }
            for each in (by_key[key] for key in sorted(by_key))
        ],
    )
    return [by_key[user_id, category, edition] for user_id, category, edition in inserted]


# --- the SELECTs, built once -------------------------------------------------------------------

_USER_IDS = literal_ids("user_ids")
_HELD = (
    sa.select(
        UserAchievement.user_id,
        CategoryMember.category,
        CategoryMember.edition,
        sa.func.max(UserAchievement.earned_at).label("at"),
        sa.func.count().label("n"),
    )
    .join(CategoryMember, CategoryMember.achievement_id == UserAchievement.achievement_id)
    .where(UserAchievement.user_id.in_(_USER_IDS), UserAchievement.revoked_at.is_(None))
    .group_by(UserAchievement.user_id, CategoryMember.category, CategoryMember.edition)
    .subquery()
)
_PAID = (
    sa.select(sa.func.coalesce(sa.func.sum(CategoryCompletion.points), 0))
    .where(
        CategoryCompletion.user_id == _HELD.c.user_id,
        CategoryCompletion.category == _HELD.c.category,
    )
    .scalar_subquery()
)
_IS_COMPLETED = sa.exists().where(
    CategoryCompletion.user_id == _HELD.c.user_id,
    CategoryCompletion.category == _HELD.c.category,
    CategoryCompletion.edition == _HELD.c.edition,
)
# An edition is completed while it is current.
_DUE = (
    sa.select(
        _HELD.c.user_id,
        _HELD.c.category,
        _HELD.c.edition,
        _HELD.c.at,
        CategoryEdition.points,
        _PAID.label("paid"),
    )
    .join(
        CategoryEdition,
        sa.and_(
            CategoryEdition.category == _HELD.c.category,
            CategoryEdition.edition == _HELD.c.edition,
        ),
    )
    .where(
        _HELD.c.n == CategoryEdition.total,
        sa.or_(CategoryEdition.superseded_at.is_(None), _HELD.c.at < CategoryEdition.superseded_at),
        ~_IS_COMPLETED,
    )
    .order_by(_HELD.c.user_id, _HELD.c.category, CategoryEdition.starts_at, _HELD.c.edition)
)
_DUE_NOW = _DUE.where(
    CategoryEdition.superseded_at.is_(None),
    sa.exists().where(
        CategoryMember.category == _HELD.c.category,
        CategoryMember.edition == _HELD.c.edition,
        CategoryMember.achievement_id.in_(literal_ids("unlocked")),
    ),
)
