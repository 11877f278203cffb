"""Who finished most this week, counted by a job."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.standings.windows import Span, midnight, window_of
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import PARTS, Status
from trackflow_web.domain.visibility import visible_to_members
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator

# Among fewer nobody is the most active.
LEAST_LISTED = 3
MOST_LISTED = 5
POINTS_OF_A_RELEASE, POINTS_OF_A_PART, POINTS_OF_A_COLLABORATION = 5, 1, 2
MOST_A_DAY = 60
_NOT_IMPORTED = sa.or_(Song.import_id.is_(None), Song.created_at != Song.released_at)


def count(now: datetime) -> dict[str, Any]:
    """Return who finished most this week: user ids and points, the most first."""
    week = window_of(Span.WEEK, now.date())
    start = midnight(week.start)
    by_day: dict[tuple[int, date], int] = defaultdict(int)
    for user_id, day, points in _work(start):
        by_day[user_id, day] += points
    totals: Counter[int] = Counter()
    for (user_id, _day), points in by_day.items():
        totals[user_id] += min(points, MOST_A_DAY)
    listed = _listed(totals)
    users = [[user_id, totals[user_id]] for user_id in listed[:MOST_LISTED]]
    return {
        "week": week.start.isoformat(),
        "people": len(listed),
        "users": users if len(listed) >= LEAST_LISTED else [],
    }


def _work(start: datetime) -> Iterator[tuple[int, date, int]]:
    """Yield who did what on which day, in points: releases, parts, accepted collaborations."""
    releases: Any = sa.select(Song.user_id, Song.released_at).where(
        Song.released_at >= start, Song.status == Status.RELEASED, _NOT_IMPORTED
    )
    for user_id, at in db.session.execute(releases):
        yield user_id, at.date(), POINTS_OF_A_RELEASE
    parts: Any = (
        sa.select(
            SongPart.done_by, SongPart.song_id, sa.func.max(SongPart.first_done_at), sa.func.count()
        )
        .where(SongPart.first_done_at >= start, SongPart.done_by.is_not(None))
        .group_by(SongPart.done_by, SongPart.song_id)
    )
    for user_id, _song_id, at, number in db.session.execute(parts):
        yield user_id, at.date(), POINTS_OF_A_PART * min(number, PARTS)
    joined = sa.select(Collaboration.user_id, Collaboration.created_at).where(
        Collaboration.created_at >= start
    )
    for user_id, at in db.session.execute(joined):
        yield user_id, at.date(), POINTS_OF_A_COLLABORATION


def _listed(totals: Counter[int]) -> list[int]:
    """Return who may be named, the most active first."""
    ids = [user_id for user_id, _ in totals.most_common(200)]
    allowed = set(
        db.session.scalars(
            sa.select(User.id).where(
                User.id.in_(ids), visible_to_members(), User.in_feed, User.on_boards
            )
        )
    )
    return sorted(allowed, key=lambda user_id: (-totals[user_id], user_id))
