"""Counting what was done in a season before one of its achievements was added, and closing it.

Events count by themselves. Earlier ones are found in the source rows: users with some are
recounted, some hundreds at a time, at once where there are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.catalogue import rows
from trackflow_web.achievements.metrics import definitions
from trackflow_web.achievements.models import CountingPeriod, Season
from trackflow_web.achievements.recheck import reconcile
from trackflow_web.achievements.standings.season_rules import GRACE
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from trackflow_web.achievements.catalogue.entries import Period


def count_at_once(season: Season) -> bool:
    """Recount the users whose work counts in a season if they are few; return whether all are."""
    if step(season.id):
        return False
    return season.counted_upto is None


def waiting() -> Sequence[int]:
    """Return the ids of seasons for which users are still to be recounted."""
    found = sa.select(Season.id).where(Season.counted_upto.is_not(None), ~Season.draft)
    return db.session.scalars(found.order_by(Season.id)).all()


def step(season_id: int) -> bool:
    """Recount the next users of a season in the running transaction; return whether more follow."""
    found = sa.select(Season).where(Season.id == season_id).with_for_update()
    season = db.session.scalar(found.execution_options(populate_existing=True))
    if season is None or season.counted_upto is None or season.draft:
        return False
    registry = catalogue.latest()
    period = registry.periods.get(season.period)
    metrics = registry.by_period.get(season.period, {}) if period else {}
    chunk = _users_within(metrics, period, season.counted_upto) if period and metrics else []
    if chunk:
        reconcile.reconcile_chunk(chunk)
    season.counted_upto = chunk[-1] if len(chunk) == reconcile.USERS_A_CHUNK else None
    db.session.flush()
    return season.counted_upto is not None


def _users_within(metrics: Iterable[str], period: Period, after: int) -> Sequence[int]:
    """Return the ids of the next users with source rows within a period."""
    found: list[sa.Select[Any]] = []
    for name in metrics:
        rows_of = definitions.BY_NAME[name].rows.subquery()
        found.append(
            sa.select(rows_of.c.user_id).where(
                rows_of.c.at >= period.starts_at,
                rows_of.c.at < period.ends_at,
                rows_of.c.user_id > after,
            )
        )
    users = sa.union(*found).subquery()
    limited = sa.select(users.c.user_id).order_by(users.c.user_id).limit(reconcile.USERS_A_CHUNK)
    return db.session.scalars(limited).all()


def count_ended() -> int:
    """Return how many seasons are to be closed."""
    return len(_ended())


def close_ended() -> None:
    """Close seasons that ended a day ago: their counters stay as they are."""
    for period in _ended():
        rows.close_period(period)


def _ended() -> Sequence[str]:
    return db.session.scalars(
        sa.select(Season.period)
        .join(CountingPeriod, CountingPeriod.id == Season.period)
        .where(
            CountingPeriod.closed_at.is_(None),
            CountingPeriod.ends_at <= clock.now() - GRACE,
            ~Season.draft,
            Season.counted_upto.is_(None),
        )
    ).all()
