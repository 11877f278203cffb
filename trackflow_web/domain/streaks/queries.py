"""Reading the weekly streak: the ledger is worked out from the weeks, whenever it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.models import Visit
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.streaks import rules
from trackflow_web.domain.streaks.models import BreakWeek, ChartingWeek
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.streaks.rules import Ledger

# Twenty years; earlier weeks change nothing that is shown.
MOST_WEEKS = 1_050
DAYS_SHOWN = 60


@dataclass(frozen=True)
class Charted:
    """What a user did first in a week; `title` is empty when the song is gone or not theirs."""

    week: date
    event: str
    at: object
    timezone: str
    title: str


def ledger_of(user: User) -> Ledger:
    """Return the ledger of a user's weeks."""
    charted = sa.select(ChartingWeek.week, ChartingWeek.counts, sa.false().label("is_break")).where(
        ChartingWeek.user_id == user.id
    )
    breaks = sa.select(BreakWeek.week, sa.false(), sa.true()).where(BreakWeek.user_id == user.id)
    rows = db.session.execute(
        charted.union_all(breaks).order_by(sa.desc("week")).limit(MOST_WEEKS)
    ).all()
    return rules.ledger(
        {row.week: bool(row.counts) for row in rows if not row.is_break},
        {row.week for row in rows if row.is_break},
        rules.week_of(clock.now(), user.timezone),
    )


def breaks_of(user_id: int) -> Sequence[date]:
    """Return the Mondays of planned breaks, the latest first."""
    return db.session.scalars(
        sa.select(BreakWeek.week)
        .where(BreakWeek.user_id == user_id)
        .order_by(BreakWeek.week.desc())
        .limit(MOST_WEEKS)
    ).all()


def charted(user_id: int, limit: int) -> dict[date, Charted]:
    """Return what the user did first in each of their latest weeks, by Monday."""
    rows = db.session.execute(
        sa.select(
            ChartingWeek.week,
            ChartingWeek.event,
            ChartingWeek.at,
            ChartingWeek.timezone,
            sa.func.coalesce(Song.title, "").label("title"),
        )
        .outerjoin(
            Song,
            sa.and_(Song.id == ChartingWeek.subject_id, Song.user_id == ChartingWeek.user_id),
        )
        .where(ChartingWeek.user_id == user_id)
        .order_by(ChartingWeek.week.desc())
        .limit(limit)
    )
    return {row.week: Charted(*row) for row in rows}


def latest_days(user_id: int) -> Sequence[Visit]:
    """Return the latest days of the daily streak, newest first."""
    return db.session.scalars(
        sa.select(Visit)
        .where(Visit.user_id == user_id)
        .order_by(Visit.day.desc())
        .limit(DAYS_SHOWN)
    ).all()
