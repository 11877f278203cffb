"""What may become a highlight of a week, in the order of the rule."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.standings.windows import midnight
from trackflow_web.community import reception
from trackflow_web.community.models import Highlight, HighlightKind
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import not_held, visible_to_members
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

# Whoever was chosen lets others go first for so long.
PAUSE = timedelta(weeks=8)
# In a smaller community the same few people would take turns.
LEAST_MEMBERS = 5
LEAST_PEOPLE = 2
MOST_CANDIDATES = 10


@dataclass(frozen=True)
class Candidate:
    """What may be chosen; the order of `rank` is that of the rule, the best first."""

    subject_id: int
    user_id: int
    rank: tuple[Any, ...]
    figures: dict[str, Any] = field(default_factory=dict)


def candidates(kind: HighlightKind, week: date, *, newcomer_days: int) -> list[Candidate]:
    """Return what the rule may choose, the best first; nothing in a small community."""
    if _members() < LEAST_MEMBERS:
        return []
    paused = _paused(kind, week)
    found = [each for each in eligible(kind, week) if each.user_id not in paused]
    if kind is HighlightKind.RELEASE:
        found = _by_reception(found, week, newcomer_days)
    return sorted(found, key=lambda each: each.rank)[:MOST_CANDIDATES]


def _by_reception(found: Sequence[Candidate], week: date, newcomer_days: int) -> list[Candidate]:
    """Return releases that enough people reacted to, with what these did first in the rank."""
    said = reception.of_songs([each.subject_id for each in found], week, newcomer_days)
    return [
        replace(
            each,
            rank=(-heard.score, *each.rank),
            figures={**each.figures, "people": heard.people, "score": heard.score},
        )
        for each in found
        if (heard := said.get(each.subject_id)) is not None and heard.people >= LEAST_PEOPLE
    ]


def eligible(kind: HighlightKind, week: date) -> list[Candidate]:
    """Return what was earned or released in a week and is shown, the best first."""
    start, end = midnight(week), midnight(week) + timedelta(weeks=1)
    found = _awards(start, end) if kind is HighlightKind.ACHIEVEMENT else _releases(start, end)
    return sorted(found, key=lambda each: each.rank)


def _members() -> int:
    return holder_counts.of_each().users


def _paused(kind: HighlightKind, week: date) -> set[int]:
    found = sa.select(Highlight.user_id).where(
        Highlight.kind == kind,
        Highlight.start < week,
        Highlight.start >= week - PAUSE,
        Highlight.user_id.is_not(None),
    )
    return {user_id for user_id in db.session.scalars(found) if user_id is not None}


def _awards(start: datetime, end: datetime) -> list[Candidate]:
    holders = holder_counts.of_each()
    rows = db.session.execute(
        sa.select(
            UserAchievement.id,
            UserAchievement.user_id,
            UserAchievement.earned_at,
            UserAchievement.achievement_id,
            Achievement.code,
        )
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .join(User, User.id == UserAchievement.user_id)
        .where(
            UserAchievement.earned_at >= start,
            UserAchievement.earned_at < end,
            ~UserAchievement.backfilled,
            UserAchievement.is_public,
            UserAchievement.revoked_at.is_(None),
            visible_to_members(),
            User.in_feed,
            not_held("achievement", UserAchievement.id),
        )
    ).all()
    return [
        Candidate(
            row.id,
            row.user_id,
            rank=(holders.by_code.get(row.code, 0), row.earned_at, row.id),
            figures={
                "holders": holders.by_code.get(row.code, 0),
                "members": holders.users,
                "achievement_id": row.achievement_id,
                "code": row.code,
            },
        )
        for row in rows
    ]


def _releases(start: datetime, end: datetime) -> list[Candidate]:
    rows: Sequence[Any] = db.session.execute(
        sa.select(Song.id, Song.user_id, Song.released_at, Song.parts_done)
        .join(User, User.id == Song.user_id)
        .where(
            Song.released_at >= start,
            Song.released_at < end,
            Song.status == Status.RELEASED,
            sa.or_(Song.import_id.is_(None), Song.created_at != Song.released_at),
            visible_to_members(),
            User.in_feed,
            not_held("release", Song.id),
        )
    ).all()
    return [
        Candidate(
            row.id,
            row.user_id,
            rank=(-row.parts_done, row.released_at, row.id),
            figures={"parts": row.parts_done},
        )
        for row in rows
    ]
