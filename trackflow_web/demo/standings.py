"""Seasons, streaks and closed leaderboards of the demo community.

Its members earned what they have as they worked, one after another: only the latest awards of the
demo login are still news, and are told as a summary.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.holder_models import HolderCount
from trackflow_web.achievements.models import (
    Achievement,
    CountingPeriod,
    Season,
    UserAchievement,
)
from trackflow_web.achievements.recheck import seasons as closing
from trackflow_web.achievements.standings import finals, scores, season_editing
from trackflow_web.achievements.standings.windows import Span, window_of
from trackflow_web.domain.people.models import User
from trackflow_web.domain.streaks import actions as streaks
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackflow_web.achievements.standings.windows import Window

# How many closed periods of each length there are.
CLOSED = {Span.WEEK: 8, Span.MONTH: 4, Span.YEAR: 1}


@dataclass(frozen=True)
class DemoSeason:
    """A season that starts and ends so many days from now, and its achievements."""

    slug: str
    name: str
    starts: int
    ends: int
    rerun: str
    # Code, name, description, icon, metric, threshold, rarity.
    achievements: tuple[tuple[str, str, str, str, str, int, str], ...]


SEASONS = (
    DemoSeason(
        "encore",
        "Encore season",
        -110,
        -45,
        "yearly",
        (
            ("encore_one", "Curtain call", "Release a song", "\N{CIRCUS TENT}",
             "total_released", 1, "common"),
            ("encore_five", "Standing ovation", "Release 5 songs", "\N{CLAPPING HANDS SIGN}",
             "total_released", 5, "rare"),
        ),
    ),
    DemoSeason(
        "soundcheck",
        "Soundcheck",
        -24,
        18,
        "maybe",
        (
            ("soundcheck_start", "Line check", "Start a song", "\N{CONTROL KNOBS}",
             "total_started", 1, "common"),
            ("soundcheck_release", "Doors open", "Release 3 songs", "\N{ADMISSION TICKETS}",
             "total_released", 3, "uncommon"),
            ("soundcheck_parts", "Full band", "Author 3 songs in full", "\N{MICROPHONE}",
             "total_authored", 3, "epic"),
        ),
    ),
)  # fmt: skip


def add_seasons(now: datetime) -> None:
    """Add the seasons before anything is counted: one that is over, and one that runs."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for each in SEASONS:
        starts_at, ends_at = (midnight + timedelta(days=days) for days in (each.starts, each.ends))
        season_editing.add(
            {
                "slug": each.slug,
                "name": each.name,
                "starts_at": starts_at.isoformat(),
                "ends_at": ends_at.isoformat(),
                "rerun": each.rerun,
                "draft": True,
            }
        )
        for code, name, description, icon, metric, threshold, rarity in each.achievements:
            fields: dict[str, object] = {
                "code": code,
                "name": name,
                "description": description,
                "icon": icon,
                "metric": metric,
                "threshold": threshold,
                "rarity": rarity,
            }
            season_editing.save_achievement(each.slug, fields)
        announced = season_editing.announce(each.slug)
        announced.counted_upto = None  # everybody is counted in a moment


def remove_seasons() -> None:
    """Delete the seasons: the users who may have earned something in them are gone."""
    periods = db.session.scalars(
        sa.select(Season.period).where(Season.slug.in_([each.slug for each in SEASONS]))
    ).all()
    db.session.execute(sa.delete(Season).where(Season.period.in_(periods)))
    of_periods = sa.select(Achievement.id).where(Achievement.period.in_(periods))
    db.session.execute(sa.delete(HolderCount).where(HolderCount.achievement_id.in_(of_periods)))
    db.session.execute(sa.delete(Achievement).where(Achievement.period.in_(periods)))
    db.session.execute(sa.delete(CountingPeriod).where(CountingPeriod.id.in_(periods)))


def settle(still_to_show: Iterable[int], now: datetime) -> None:
    """Date awards as earned live, and close what is over: weeks, months, the finished season."""
    db.session.execute(
        sa.update(UserAchievement)
        .where(
            UserAchievement.id.not_in(list(still_to_show)),
            UserAchievement.earned_at < now.replace(hour=0, minute=0, second=0, microsecond=0),
        )
        .values(backfilled=False, awarded_at=UserAchievement.earned_at)
    )
    streaks.replay()
    user_ids = db.session.scalars(sa.select(User.id).order_by(User.id)).all()
    scores.correct(user_ids)
    scores.count_windows(user_ids, _closed_windows(now))
    finals.close_ended()
    closing.close_ended()


def _closed_windows(now: datetime) -> Sequence[Window]:
    found: list[Window] = []
    for span, count in CLOSED.items():
        window: Window | None = window_of(span, now.date()).previous
        while window is not None and len([each for each in found if each.span is span]) < count:
            if window.is_final(now):
                found.append(window)
            window = window.previous
    return found
