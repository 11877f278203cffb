"""The showcase: rare awards with their evidence, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.catalogue.entries import Entry
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.community.entries import Actor
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import VIEWER, not_held, visible_to
from trackflow_web.kernel.database import db
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

AWARDS_A_PART = 24
RARE = (Rarity.RARE, Rarity.EPIC, Rarity.LEGENDARY)


@dataclass(frozen=True)
class Shown:
    """An award as others see it: whose it is, when it was earned, how many have it."""

    id: int
    owner: Actor
    entry: Entry
    earned_at: datetime
    holders: int
    users: int

    @property
    def share_text(self) -> str:
        """Return how many have it, of how many: `1 of 41 members`."""
        return f"{self.holders} of {count_of(self.users, 'member')}"

    @property
    def evidence(self) -> str:
        """Return what was done for it, in the words of the catalogue."""
        return self.entry.description


@dataclass(frozen=True)
class Part:
    """A part of the showcase; `next` is the award after which it continues."""

    awards: Sequence[Shown]
    next: int | None


def latest(viewer_id: int, *, limit: int = AWARDS_A_PART, before: int | None = None) -> Part:
    """Return the latest rare awards that a viewer may see; backfilled ones are no news."""
    values = {"viewer_id": viewer_id, "before": before, "limit": limit + 1}
    rows = db.session.execute(_latest(is_continued=before is not None), values).all()
    awards = _awards(rows[:limit])
    return Part(awards, rows[limit - 1].id if len(rows) > limit else None)


def awards_by_id(ids: Sequence[int], viewer_id: int) -> dict[int, Shown]:
    """Return those of these awards that a viewer may see."""
    if not ids:
        return {}
    found = _shown().where(UserAchievement.id.in_(ids))
    rows = db.session.execute(found, {"viewer_id": viewer_id}).all()
    return {award.id: award for award in _awards(rows)}


# Building these takes longer than running them, so each is kept.


@lru_cache
def _latest(*, is_continued: bool) -> sa.Select[*tuple[Any, ...]]:
    """Return the latest rare awards that `viewer_id` may see, up to `limit`, after `before`."""
    found = _shown().where(Achievement.rarity.in_(RARE), ~UserAchievement.backfilled)
    if is_continued:
        found = found.where(UserAchievement.id < sa.bindparam("before", type_=sa.BigInteger))
    limit = sa.bindparam("limit", type_=sa.Integer)
    return found.order_by(UserAchievement.id.desc()).limit(limit)


@lru_cache
def _shown() -> sa.Select[*tuple[Any, ...]]:
    """Return the awards that `viewer_id` may see."""
    return (
        sa.select(
            UserAchievement.id,
            UserAchievement.earned_at,
            Achievement.code,
            User.id.label("user_id"),
            User.username,
            User.display_name,
            User.avatar,
            catalogue.VERSION.label("version"),
        )
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .join(User, User.id == UserAchievement.user_id)
        .where(is_shown(), visible_to(VIEWER), User.in_feed)
    )


def is_shown() -> sa.ColumnElement[bool]:
    """Return the condition for awards that others may see, if they may see whose they are."""
    return sa.and_(
        UserAchievement.is_public,
        UserAchievement.revoked_at.is_(None),
        not_held("achievement", UserAchievement.id),
    )


def _awards(rows: Sequence[sa.Row[Any]]) -> list[Shown]:
    if not rows:
        return []
    holders = holder_counts.of_each()
    found = []
    for row in rows:
        entry = catalogue.at(row.version).find(row.code)
        if entry is not None:
            found.append(
                Shown(
                    id=row.id,
                    owner=Actor(row.user_id, row.username, row.display_name, row.avatar),
                    entry=entry,
                    earned_at=row.earned_at,
                    holders=holders.by_code.get(row.code, 0),
                    users=holders.users,
                )
            )
    return found
