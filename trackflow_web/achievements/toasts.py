"""Toasts: awards that no response has shown yet, and which response shows them.

They are stored in the database, so that they survive redirects, other tabs and crashes. A response
that will show them reserves them for a moment and confirms when it was written; otherwise the
reservation expires. Whether they were seen is then unknown, so what was reserved together is sent
again under the same id, which a browser shows only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.achievements.level_toasts import (
    NEW,
    OLDEST_SHOWN,
    RESERVED_FOR,
    Batch,
    CategoryToast,
    reserve_categories,
    reserve_level,
)
from trackflow_web.achievements.levels import name_of_level
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats
from trackflow_web.domain.people.models import Announced
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.catalogue.entries import Entry

MOST_AT_ONCE = 3


@dataclass(frozen=True)
class Toast:
    """One achievement to announce; `id` is that of the award."""

    id: int
    entry: Entry
    earned_at: datetime


@dataclass(frozen=True)
class Toasts:
    """The toasts of one response: up to three, or a summary of all.

    `level` is one that the user has reached and that no toast has announced, `categories` those
    that they have completed; what an import brought about is announced in its summary.
    """

    award_ids: tuple[int, ...]
    shown: tuple[Toast, ...]
    as_summary: bool
    level: int | None = None
    categories: tuple[CategoryToast, ...] = ()
    level_name: str = ""
    is_backfill: bool = False
    user_id: int = 0

    @property
    def count(self) -> int:
        """Return how many achievements are announced."""
        return len(self.shown)

    @property
    def id(self) -> int:
        """Return the id of a summary: that of its first award."""
        return min(self.award_ids)

    @property
    def points(self) -> int:
        """Return the sum of their points."""
        return sum(toast.entry.points for toast in self.shown)

    @property
    def rarest(self) -> Entry:
        """Return the hardest of them; among equals the first."""
        return max((toast.entry for toast in self.shown), key=lambda entry: entry.rarity.rank)


def waiting(user_id: int) -> Batch | None:
    """Return what the next response is to show: new awards, else an expired reservation."""
    parameters = {"owner_id": user_id, "moment": clock.now()}
    row = db.session.execute(_WAITING, parameters).first()
    return None if row is None else Batch(row.shown_until)


def reserve(user_id: int, wanted: Announced = Announced.ALL, *, batch: Batch = NEW) -> Toasts:
    """Reserve a batch for the current response; no two responses get the same.

    Awards without a toast by the user's preference count as shown.
    """
    now = clock.now()
    rows = _take_awards(user_id, wanted, batch, now)
    rows = [row for row in rows if not row.notified]
    fresh = [row for row in rows if now - row.awarded_at < OLDEST_SHOWN]
    shown = [
        Toast(row.id, entry, row.earned_at)
        for row in fresh
        if (entry := catalogue.at(row.catalogue_version).by_id.get(row.achievement_id))
    ]
    shown.sort(key=lambda toast: (toast.earned_at, toast.entry.position))
    is_backfill = bool(shown and any(row.backfilled for row in fresh))
    level = reserve_level(user_id, batch, now) if shown and rows[0].level_to_show else None
    categories = reserve_categories(user_id, batch, now) if shown and rows[0].has_categories else ()
    messages = len(shown) + (level is not None) + len(categories)
    return Toasts(
        award_ids=tuple(row.id for row in rows),
        shown=tuple(shown),
        as_summary=messages > MOST_AT_ONCE or is_backfill,
        level=level,
        categories=categories,
        level_name=name_of_level(level, catalogue.current().level_names) if level else "",
        is_backfill=is_backfill,
        user_id=user_id,
    )


def _take_awards(
    user_id: int, wanted: Announced, batch: Batch, now: datetime
) -> Sequence[sa.Row[Any]]:
    """Reserve the awards of a batch; those without a toast count as shown."""
    # NULL cannot be compared with a parameter, and the statements are cached.
    reserved = _NEVER_RESERVED if batch.reserved_until is None else _RESERVED_UNTIL
    return db.session.execute(
        sa.update(UserAchievement)
        .where(reserved)
        .values(shown_until=now + RESERVED_FOR, notified=_unwanted(wanted))
        .returning(
            UserAchievement.id,
            UserAchievement.achievement_id,
            UserAchievement.earned_at,
            UserAchievement.awarded_at,
            UserAchievement.backfilled,
            UserAchievement.notified,
            catalogue.VERSION,
            _LEVEL_TO_SHOW,
            _HAS_CATEGORIES,
        ),
        {"owner_id": user_id, "until": batch.reserved_until},
    ).all()


def confirm(
    award_ids: Sequence[int],
    *,
    user_id: int = 0,
    level: int | None = None,
    categories: Sequence[CategoryToast] = (),
) -> None:
    """Record that a response with these was written: they are not shown again."""
    db.session.execute(
        sa.update(UserAchievement)
        .where(UserAchievement.id.in_(award_ids))
        .values(notified=True, shown_until=None)
    )
    if level is not None:
        confirm_level(user_id, level)
    if categories:
        confirm_categories(user_id, categories)


def confirm_categories(user_id: int, categories: Sequence[CategoryToast]) -> None:
    """Record that completed categories were announced, or are not wanted to be."""
    of_them = [(each.category, each.edition) for each in categories]
    db.session.execute(
        sa.update(CategoryCompletion)
        .where(
            CategoryCompletion.user_id == user_id,
            sa.tuple_(CategoryCompletion.category, CategoryCompletion.edition).in_(of_them),
        )
        .values(notified=True, shown_until=None)
        .execution_options(synchronize_session=False)
    )


def confirm_level(user_id: int, level: int) -> None:
    """Record that a level was announced, or is not wanted to be."""
    db.session.execute(
        sa.update(UserStats)
        .where(UserStats.user_id == user_id, UserStats.level_shown < level)
        .values(level_shown=level, level_shown_until=None)
    )


def forget_unwanted(user_id: int, wanted: Announced) -> None:
    """Mark awards without a toast by the user's preference as shown, so that none appears later."""
    db.session.execute(
        sa.update(UserAchievement)
        .where(UserAchievement.user_id == user_id, ~UserAchievement.notified, _unwanted(wanted))
        .values(notified=True, shown_until=None)
    )


def _unwanted(wanted: Announced) -> sa.ColumnElement[bool]:
    """Return the condition of awards that get no toast under this preference."""
    if wanted == Announced.ALL:
        return sa.false()
    if wanted == Announced.NONE:
        return sa.true()
    common = [rarity for rarity in Rarity if rarity.rank < Rarity.RARE.rank]
    return UserAchievement.achievement_id.in_(
        sa.select(Achievement.id).where(Achievement.rarity.in_(common))
    )


_NOT_SHOWN = sa.and_(UserAchievement.user_id == sa.bindparam("owner_id"), ~UserAchievement.notified)
_LEVEL_TO_SHOW = (
    sa.select(UserStats.level_best)
    .where(
        UserStats.user_id == sa.bindparam("owner_id"), UserStats.level_best > UserStats.level_shown
    )
    .scalar_subquery()
    .label("level_to_show")
)
_HAS_CATEGORIES = (
    sa.exists()
    .where(CategoryCompletion.user_id == sa.bindparam("owner_id"), ~CategoryCompletion.notified)
    .label("has_categories")
)
_NEVER_RESERVED = sa.and_(_NOT_SHOWN, UserAchievement.shown_until.is_(None))
_RESERVED_UNTIL = sa.and_(_NOT_SHOWN, UserAchievement.shown_until == sa.bindparam("until"))
# Executed by every page and action, and built once: building it takes longer than running it.
_WAITING = (
    sa.select(UserAchievement.shown_until)
    .where(
        _NOT_SHOWN,
        sa.or_(
            UserAchievement.shown_until.is_(None),
            UserAchievement.shown_until <= sa.bindparam("moment"),
        ),
    )
    .order_by(UserAchievement.shown_until.nulls_first())
    .limit(1)
)
