"""Trending artists: more charters than usual, counted by a job."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.visibility import visible_to_members
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

# A trend compares this window with the mean of as many earlier ones of the same length.
WINDOW = timedelta(days=30)
EARLIER_WINDOWS = 6
# An artist is a trend with at least so many charters, and so many times as many as usual.
LEAST_CHARTERS = 3
LEAST_RATIO = 1.35
MOST_RATIO = 6
MOST_TRENDS = 10
# Fewer people than that make no trend.
LEAST_ACTIVE = 10


@dataclass(frozen=True)
class Trend:
    """An artist with more charters than usual."""

    artist: str
    charters: int
    usual: float
    ratio: float


def count(now: datetime) -> dict[str, Any]:
    """Return the artists whose number of charters grew; each charter counts once."""
    since = now - WINDOW
    active = db.session.scalar(
        sa.select(sa.func.count(sa.distinct(Song.user_id)))
        .join(User, User.id == Song.user_id)
        .where(*_worked_on(since, now))
    )
    if (active or 0) < LEAST_ACTIVE:
        return {"active": active or 0, "too_few": True, "artists": []}
    now_by_artist = _charters(since, now, at_least=LEAST_CHARTERS)
    before: Counter[str] = Counter()
    for number in range(EARLIER_WINDOWS):
        end = since - number * WINDOW
        before.update(_charters(end - WINDOW, end, among=list(now_by_artist)))
    trends = _trends(now_by_artist, before)
    names = _names_of_artists([key for key, *_ in trends])
    return {
        "active": active,
        "too_few": False,
        "artists": [[names.get(key, key), a, usual, ratio] for key, a, usual, ratio in trends],
    }


def _trends(charters: dict[str, int], before: Counter[str]) -> list[tuple[str, int, float, float]]:
    """Return artist, charters now, usually, and the ratio, the strongest first."""
    found = []
    for key, number in charters.items():
        usual = before[key] / EARLIER_WINDOWS
        ratio = number / (usual + 1)
        if number >= LEAST_CHARTERS and ratio >= LEAST_RATIO:
            found.append((key, number, round(usual, 1), round(ratio, 2)))
    found.sort(key=lambda each: (-sqrt(each[1]) * min(each[3], MOST_RATIO), each[0]))
    return found[:MOST_TRENDS]


def _worked_on(start: datetime, end: datetime) -> tuple[Any, ...]:
    """Return the conditions of songs started or released in a window, by people who take part."""
    return (
        sa.or_(
            sa.and_(Song.started_at >= start, Song.started_at < end),
            sa.and_(Song.released_at >= start, Song.released_at < end),
        ),
        sa.or_(Song.import_id.is_(None), Song.updated_at != Song.created_at),
        visible_to_members(),
        User.in_feed,
        User.on_boards,
    )


def _charters(
    start: datetime, end: datetime, *, at_least: int = 1, among: Sequence[str] | None = None
) -> dict[str, int]:
    charters = sa.func.count(sa.distinct(Song.user_id))
    found = (
        sa.select(Song.artist_key, charters)
        .join(User, User.id == Song.user_id)
        .where(*_worked_on(start, end))
        .group_by(Song.artist_key)
        .having(charters >= at_least)
    )
    if among is not None:
        found = found.where(Song.artist_key.in_(among))
    return dict(db.session.execute(found).all())


def _names_of_artists(keys: Sequence[str]) -> dict[str, str]:
    """Return how most people write the names of artists."""
    rows = db.session.execute(
        sa.select(Song.artist_key, Song.artist, sa.func.count())
        .where(Song.artist_key.in_(keys))
        .group_by(Song.artist_key, Song.artist)
        .order_by(sa.func.count(), Song.artist.desc())
    )
    return {row.artist_key: row.artist for row in rows}
