"""Reading seasons: their states follow the clock, their achievements are rows of the catalogue."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.models import Achievement, CountingPeriod, Season
from trackflow_web.achievements.standings.season_rules import (
    PROMISES,
    Rerun,
    SeasonFields,
    State,
    edition_of,
    is_slug,
    state_of,
)
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

# More seasons than anybody will ever plan; a list of them needs no pages.
MOST_LISTED = 500
DAY = 86_400


@dataclass(frozen=True)
class SeasonalAchievement:
    """An achievement of a season, and how many users have it."""

    code: str
    name: str
    description: str
    icon: str
    metric: str
    threshold: int
    rarity: Rarity
    points: int
    holders: int


@dataclass(frozen=True)
class ShownSeason(SeasonFields):
    """A season with its achievements, at a moment."""

    id: int
    period: str
    sequence: int
    changed_at: datetime
    now: datetime
    achievements: Sequence[SeasonalAchievement]

    @property
    def state(self) -> State:
        """Return its state now."""
        return state_of(self.starts_at, self.ends_at, self.now, draft=self.draft)

    @property
    def edition(self) -> str:
        """Return its year."""
        return edition_of(self.starts_at, self.ends_at)

    @property
    def promise(self) -> str:
        """Return whether it returns, in words."""
        return PROMISES[self.rerun]

    @property
    def countdown(self) -> str:
        """Return how long until it starts or ends: `ends in 3 days`; when it is over, that."""
        if self.state is State.OVER:
            return "over"
        if self.state is State.RUNNING:
            return f"ends in {_in_words(self.ends_at - self.now)}"
        return f"starts in {_in_words(self.starts_at - self.now)}"


def _in_words(left: timedelta) -> str:
    """Return a span of time, rounded up: `3 days`, `5 hours`, `20 minutes`."""
    seconds = max(0, int(left.total_seconds()))
    if seconds > 2 * DAY:
        return count_of(-(-seconds // DAY), "day")
    if seconds > 2 * 3600:
        return count_of(-(-seconds // 3600), "hour")
    return count_of(max(1, -(-seconds // 60)), "minute")


_SEASONS = sa.select(Season, CountingPeriod.starts_at, CountingPeriod.ends_at).join(
    CountingPeriod, CountingPeriod.id == Season.period
)


def find(slug: str, *, drafts_too: bool = False) -> ShownSeason | None:
    """Return a season, or None; a draft only for administrators."""
    if not is_slug(slug):
        return None
    conditions = [Season.slug == slug] + ([] if drafts_too else [~Season.draft])
    return next(iter(_read(_SEASONS.where(*conditions))), None)


def of_period(period: str | None) -> ShownSeason | None:
    """Return the announced season of an achievement with this period; None without one."""
    if period is None:
        return None
    return next(iter(_read(_SEASONS.where(Season.period == period, ~Season.draft))), None)


def listed(*, drafts_too: bool = False) -> list[ShownSeason]:
    """Return the seasons: those that run, those to come, then those that are over."""
    found = _read(_SEASONS if drafts_too else _SEASONS.where(~Season.draft))
    order = [State.RUNNING, State.ANNOUNCED, State.DRAFT, State.OVER]
    return sorted(found, key=lambda season: (order.index(season.state), _nearest(season)))


def running() -> list[ShownSeason]:
    """Return the seasons that run now, the one that ends first at the front."""
    now = clock.now()
    inside = [~Season.draft, CountingPeriod.starts_at <= now, CountingPeriod.ends_at > now]
    return _read(_SEASONS.where(*inside).order_by(CountingPeriod.ends_at, Season.id))


def _nearest(season: ShownSeason) -> float:
    if season.state is State.OVER:
        return -season.ends_at.timestamp()
    at = season.ends_at if season.state is State.RUNNING else season.starts_at
    return at.timestamp()


def _read(statement: sa.Select[Season, datetime, datetime]) -> list[ShownSeason]:
    rows = db.session.execute(statement.limit(MOST_LISTED)).all()
    achievements = _achievements([row.Season.period for row in rows]) if rows else {}
    now = clock.now()
    return [
        ShownSeason(
            id=row.Season.id,
            slug=row.Season.slug,
            name=row.Season.name,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            rerun=Rerun(row.Season.rerun),
            draft=row.Season.draft,
            period=row.Season.period,
            sequence=row.Season.sequence,
            changed_at=row.Season.changed_at,
            now=now,
            achievements=achievements.get(row.Season.period, ()),
        )
        for row in rows
    ]


def _achievements(periods: Iterable[str]) -> dict[str, list[SeasonalAchievement]]:
    rows = db.session.scalars(
        sa.select(Achievement)
        .where(Achievement.period.in_(list(periods)), Achievement.retired_at.is_(None))
        .order_by(Achievement.position, Achievement.id)
    ).all()
    holders = holder_counts.of_each().by_code if rows else {}
    found: dict[str, list[SeasonalAchievement]] = defaultdict(list)
    for row in rows:
        found[str(row.period)].append(
            SeasonalAchievement(
                code=row.code,
                name=row.name,
                description=row.description,
                icon=row.icon,
                metric=str(row.metric),
                threshold=row.threshold,
                rarity=Rarity(row.rarity),
                points=row.points,
                holders=holders.get(row.code, 0),
            )
        )
    return found
