"""Which entries users are due by recounted counters. Reads awards, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import metrics
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.kernel.database import db, literal_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trackflow_web.achievements.catalogue.entries import Entry, Period
    from trackflow_web.achievements.catalogue.registry import Registry
    from trackflow_web.achievements.metrics.period_counters import Key
    from trackflow_web.achievements.metrics.recount import Counters

Due = dict[int, list["Entry"]]


def by_totals(counted: Mapping[int, Counters], registry: Registry) -> Iterator[tuple[str, Due]]:
    """Return metric by metric what each user is due; the metric that counts awards comes last.

    The caller adds what was granted to `counted` on the way.
    """
    earned = _earned(list(counted))
    for metric in metrics.METRICS:
        due = {
            user_id: missing
            for user_id, counters in counted.items()
            if (
                missing := [
                    entry
                    for entry in registry.crossed(metric.name, 0, counters[metric.name])
                    if (user_id, registry.ids.get(entry.code)) not in earned
                ]
            )
        }
        if due:
            yield metric.name, due


def within_periods(
    counted: Mapping[Key, Mapping[int, int]], chunk: Sequence[int], registry: Registry
) -> Iterator[tuple[str, Period, Due]]:
    """Return by metric and period what each user is due by the counters within it."""
    earned = _earned(chunk) if counted else set()
    for (metric, period), counts in counted.items():
        due = {
            user_id: missing
            for user_id, n in counts.items()
            if (
                missing := [
                    entry
                    for entry in registry.crossed(metric, 0, n, period)
                    if (user_id, registry.ids.get(entry.code)) not in earned
                ]
            )
        }
        if due:
            yield metric, registry.periods[period], due


def _earned(chunk: Sequence[int]) -> set[tuple[int, int | None]]:
    """Return the user ids and achievement ids of awards; a revoked one is not granted again."""
    rows = db.session.execute(
        sa.select(UserAchievement.user_id, UserAchievement.achievement_id).where(
            UserAchievement.user_id.in_(literal_ids("user_ids"))
        ),
        {"user_ids": chunk},
    ).all()
    return {(user_id, achievement_id) for user_id, achievement_id in rows}
