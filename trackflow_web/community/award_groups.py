"""Groups of achievements: the awards that a user earned on a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import UserAchievement
from trackflow_web.community.grouping import DAY, Groups, add_subject, day_key
from trackflow_web.community.models import Kind
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackflow_web.kernel.events import Event

_COLUMNS = (
    UserAchievement.id,
    UserAchievement.user_id,
    UserAchievement.achievement_id,
    UserAchievement.earned_at,
    UserAchievement.awarded_at,
    UserAchievement.backfilled,
    UserAchievement.is_public,
    UserAchievement.revoked_at,
)


def of_users(user_ids: Iterable[int]) -> Groups:
    """Return all groups of these users."""
    return _groups(_read(UserAchievement.user_id.in_(list(user_ids))))


def of_day(user_id: int, day: str) -> Groups:
    """Return the group of a user's UTC day."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return _groups(_read(UserAchievement.user_id == user_id, _is_on(start)))


def of_events(recorded: Sequence[Event]) -> tuple[set[str], Groups]:
    """Return the keys of the groups that the awards of events are in, and those with subjects.

    One statement reads the awards with all of the days on which they were recorded, which mostly
    are those on which they were earned.
    """
    if not recorded:
        return set(), {}
    starts = {(event.user_id, _start_of(event.created_at)) for event in recorded}
    awards = {(event.user_id, event.subject_id) for event in recorded}
    those = [
        sa.and_(UserAchievement.user_id == user_id, _is_on(start))
        for user_id, start in sorted(starts)
    ]
    pair = sa.tuple_(UserAchievement.user_id, UserAchievement.achievement_id)
    rows = _read(sa.or_(pair.in_(sorted(awards)), *those))
    keys = {_key(row) for row in rows if (row.user_id, row.achievement_id) in awards}
    covered = {day_key(user_id, start) for user_id, start in starts}
    found = {key: group for key, group in _groups(rows).items() if key in keys & covered}
    for key in keys - covered:
        _, user_id, day = key.split(":")
        found |= of_day(int(user_id), day)
    return keys, found


def _start_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _is_on(start: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(UserAchievement.earned_at >= start, UserAchievement.earned_at < start + DAY)


def _read(*which: sa.ColumnElement[bool]) -> Sequence[Any]:
    return db.session.execute(
        sa.select(*_COLUMNS)
        .where(*which)
        .order_by(UserAchievement.earned_at.desc(), UserAchievement.id.desc())
    ).all()


def _groups(rows: Iterable[sa.Row[Any]]) -> Groups:
    found: Groups = {}
    for row in rows:
        if _is_news(row):
            add_subject(found, Kind.ACHIEVEMENT, _key(row), row.user_id, row.earned_at, row.id)
    return found


def _key(row: sa.Row[Any]) -> str:
    return day_key(row.user_id, row.earned_at)


def _is_news(row: sa.Row[Any]) -> bool:
    """Return whether an award is in the feed, if others may see it.

    What was backfilled stands on the day it was earned; on the day itself it would be news of an
    import.
    """
    if row.revoked_at is not None or not row.is_public:
        return False
    return not (row.backfilled and row.awarded_at.date() <= row.earned_at.date())
