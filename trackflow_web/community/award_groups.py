"""Groups of achievements: the awards that a user earned on a day."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import UserAchievement
from trackflow_web.community.grouping import DAY, Groups, add_subject, day_key
from trackflow_web.community.models import Kind
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackflow_web.kernel.events import Event

_TABLE: Any = UserAchievement.__table__
_COLUMNS = (
    _TABLE.c.id,
    _TABLE.c.user_id,
    _TABLE.c.achievement_id,
    _TABLE.c.earned_at,
    sa.and_(_TABLE.c.is_public, _TABLE.c.revoked_at.is_(None)).label("is_shown"),
    sa.case((_TABLE.c.backfilled, _TABLE.c.awarded_at)).label("backfilled_at"),
)


def of_users(user_ids: Iterable[int]) -> Groups:
    """Return all groups of these users."""
    return _groups(_read(_TABLE.c.user_id.in_(list(user_ids))))


def of_day(user_id: int, day: str) -> Groups:
    """Return the group of a user's UTC day."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return _groups(_rows(_statement(awards=0, days=1), [], [(user_id, start)]))


def of_events(recorded: Sequence[Event]) -> tuple[set[str], Groups]:
    """Return the keys of the groups that the awards of events are in, and those with subjects.

    One statement reads the awards with all of the days on which they were recorded, which mostly
    are those on which they were earned.
    """
    if not recorded:
        return set(), {}
    starts = sorted({(event.user_id, _start_of(event.created_at)) for event in recorded})
    awards = sorted({(event.user_id, event.subject_id) for event in recorded})
    rows = _rows(_statement(awards=len(awards), days=len(starts)), awards, starts)
    wanted = set(awards)
    keys = {_key(row) for row in rows if (row.user_id, row.achievement_id) in wanted}
    covered = {day_key(user_id, start) for user_id, start in starts}
    found = {key: group for key, group in _groups(rows).items() if key in keys & covered}
    for key in keys - covered:
        _, user_id, day = key.split(":")
        found |= of_day(int(user_id), day)
    return keys, found


def _start_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _read(*which: sa.ColumnElement[bool]) -> Sequence[Any]:
    return db.session.execute(_select(*which)).all()


def _select(*which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    newest_first = _TABLE.c.earned_at.desc(), _TABLE.c.id.desc()
    return sa.select(*_COLUMNS).where(*which).order_by(*newest_first)


def _rows(
    statement: sa.Select[Any],
    awards: Sequence[tuple[int, int]],
    starts: Sequence[tuple[int, datetime]],
) -> Sequence[Any]:
    """Return the awards of a statement of these (user, achievement) and (user, first moment)."""
    values: dict[str, object] = {}
    for at, (user_id, achievement_id) in enumerate(awards):
        values |= {f"user_{at}": user_id, f"achievement_{at}": achievement_id}
    for at, (user_id, start) in enumerate(starts):
        values |= {f"whose_{at}": user_id, f"start_{at}": start, f"end_{at}": start + DAY}
    return db.session.execute(statement, values).all()


@lru_cache(maxsize=64)
def _statement(*, awards: int, days: int) -> sa.Select[Any]:
    """Return the SELECT of so many awards and days; building it takes longer than running it."""
    table = _TABLE.c
    of_award = [
        sa.and_(
            table.user_id == sa.bindparam(f"user_{at}", type_=table.user_id.type),
            table.achievement_id
            == sa.bindparam(f"achievement_{at}", type_=table.achievement_id.type),
        )
        for at in range(awards)
    ]
    of_day = [
        sa.and_(
            table.user_id == sa.bindparam(f"whose_{at}", type_=table.user_id.type),
            table.earned_at >= sa.bindparam(f"start_{at}", type_=table.earned_at.type),
            table.earned_at < sa.bindparam(f"end_{at}", type_=table.earned_at.type),
        )
        for at in range(days)
    ]
    return _select(sa.or_(*of_award, *of_day))


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
    if row.backfilled_at is None:
        return bool(row.is_shown)
    return bool(row.is_shown) and row.backfilled_at.date() > row.earned_at.date()
