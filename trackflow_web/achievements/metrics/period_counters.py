"""Counters of a metric within a period: `user_period_stats`.

An event inside an open period adds to its counter. In two cases the source rows are counted
instead: an event that removes or restores something does not say when that was added; and near
the edge of a period the row and its event may lie on different sides. That is exact because every
caller has updated the user's row of `user_stats` before: a concurrent change of the same user's
counters waits for that row and sees the result.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.events import AchievementRestored, AchievementUnlocked
from trackflow_web.achievements.metrics import definitions, recount
from trackflow_web.achievements.models import UserPeriodStats
from trackflow_web.domain import events
from trackflow_web.kernel.database import db, literal_ids, upsert
from trackflow_web.kernel.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue.entries import Period
    from trackflow_web.achievements.catalogue.registry import Registry

# Far longer than a unit of work lasts, in which a row is written before its event.
NEAR_AN_EDGE = timedelta(minutes=1)
# These restore something that was added earlier, or may do so.
GIVEN_BACK = frozenset(
    {
        AchievementRestored,
        events.CollaborationJoined,
        events.CollaboratorAdded,
        events.FeatureRequestTakenUp,
        events.BugReportTakenUp,
        events.SongRestored,
        events.PackRestored,
        events.SeriesRestored,
    }
)
# A metric and the id of a period.
Key = tuple[str, str]


@dataclass
class PeriodDeltas:
    """The changes of the period counters of one user that some events cause."""

    added: Counter[Key] = field(default_factory=Counter)
    recounted: set[Key] = field(default_factory=set)

    def add(self, registry: Registry, metric: str, amount: int, event: Event) -> None:
        """Add the amount by which an event changes a metric; 0 means an unknown amount."""
        for period in registry.counted_periods.get(metric, ()):
            key = metric, period.id
            if amount <= 0 or _is_given_back(event) or _is_near_an_edge(period, event.created_at):
                self.recounted.add(key)
            elif period.contains(event.created_at):
                self.added[key] += amount


@dataclass(frozen=True)
class PeriodStep:
    """How far a period counter went up: thresholds in (old, new] are reached."""

    metric: str
    period: str
    old: int
    new: int


def _is_given_back(event: Event) -> bool:
    payload = event.payload
    if isinstance(payload, AchievementUnlocked):
        return payload.import_id is not None
    if isinstance(payload, events.SongAuthored):
        return payload.again
    return type(payload) in GIVEN_BACK


def _is_near_an_edge(period: Period, at: datetime) -> bool:
    return any(abs(at - edge) < NEAR_AN_EDGE for edge in (period.starts_at, period.ends_at))


def update(user_id: int, deltas: PeriodDeltas, registry: Registry) -> list[PeriodStep]:
    """Update the period counters of one user in one statement; return old and new values.

    A recounted one counts as risen from 0: existing awards are not granted again.
    """
    if deltas.recounted:
        keys = sorted({*deltas.recounted, *deltas.added})
        rows = db.session.execute(_recount(user_id, keys, registry)).all()
        return [PeriodStep(metric, period, 0, n) for metric, period, n in rows]
    if not deltas.added:
        return []
    keys = sorted(deltas.added)
    values: dict[str, object] = {"user_id": user_id}
    for at, (metric, period) in enumerate(keys):
        values |= {
            f"metric_{at}": metric,
            f"period_{at}": period,
            f"n_{at}": deltas.added[keys[at]],
        }
    rows = db.session.execute(_increment(len(keys)), values).all()
    return [
        PeriodStep(metric, period, n - deltas.added[metric, period], n)
        for metric, period, n in rows
    ]


@lru_cache(maxsize=64)
def _increment(rows: int) -> sa.TextClause:
    """Return the statement that adds to this many counters of one user and returns them."""
    lines = ", ".join(f"(:user_id, :metric_{at}, :period_{at}, :n_{at})" for at in range(rows))
    return sa.text(
        f"INSERT INTO user_period_stats (user_id, metric, period, n) VALUES {lines}"  # noqa: S608 -- numbered names
        " ON CONFLICT (user_id, metric, period) DO UPDATE SET n = user_period_stats.n + excluded.n"
        " RETURNING metric, period, n"
    )


def _recount(user_id: int, keys: Iterable[Key], registry: Registry) -> Any:  # noqa: ANN401 -- an INSERT
    """Return the statement that recounts some counters of one user and returns them."""
    counted = [
        sa.select(
            sa.literal(user_id, sa.BigInteger).label("user_id"),
            sa.literal(metric, sa.String).label("metric"),
            sa.literal(period, sa.String).label("period"),
            sa.select(sa.func.count())
            .select_from(
                recount.source_rows(metric, [user_id], registry.periods[period]).subquery()
            )
            .scalar_subquery()
            .label("n"),
        )
        for metric, period in keys
    ]
    return _write(sa.union_all(*counted).subquery()).returning(
        UserPeriodStats.metric, UserPeriodStats.period, UserPeriodStats.n
    )


def _write(rows: sa.Subquery) -> Any:  # noqa: ANN401 -- an INSERT
    """Return the statement that stores counters as rows have them."""
    statement = upsert(UserPeriodStats).from_select(
        ["user_id", "metric", "period", "n"],
        # Always true; without a WHERE, SQLite parses ON CONFLICT as the ON of a join.
        sa.select(*rows.columns).where(sa.true() == sa.true()),
    )
    return statement.on_conflict_do_update(
        index_elements=[UserPeriodStats.user_id, UserPeriodStats.metric, UserPeriodStats.period],
        set_={"n": statement.excluded.n},
    )


# --- for rechecks --------------------------------------------------------------------------------


@dataclass(frozen=True)
class PeriodDrift:
    """A period counter that differs from its source rows."""

    user_id: int
    metric: str
    period: str
    stored: int
    counted: int


_USER_IDS = literal_ids("user_ids")


def recounted(chunk: Sequence[int], registry: Registry) -> dict[Key, dict[int, int]]:
    """Return the open period counters of these users, recounted: by key and user id, without 0."""
    return {
        (metric, period.id): counts
        for metric, periods in registry.counted_periods.items()
        if metric in definitions.BY_NAME
        for period, counts in _counts(metric, periods, chunk)
    }


def _counts(
    metric: str, periods: Sequence[Period], chunk: Sequence[int]
) -> Iterable[tuple[Period, dict[int, int]]]:
    """Count a metric in all of its periods by one scan of its source rows."""
    found = db.session.execute(_count(metric, tuple(periods)), {"user_ids": chunk}).all()
    for at, period in enumerate(periods, start=1):
        yield period, {row[0]: row[at] for row in found if row[at]}


@lru_cache(maxsize=64)
def _count(metric: str, periods: tuple[Period, ...]) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement, which takes longer to build than to run: a number for each period."""
    rows = recount.source_rows(metric, _USER_IDS).subquery()
    within = [
        sa.func.count(sa.case((sa.and_(rows.c.at >= each.starts_at, rows.c.at < each.ends_at), 1)))
        for each in periods
    ]
    return (
        sa.select(rows.c.user_id, *within)
        .where(
            sa.not_(rows.c.imported),
            rows.c.at >= min(each.starts_at for each in periods),
            rows.c.at < max(each.ends_at for each in periods),
        )
        .group_by(rows.c.user_id)
    )


def drift(chunk: Sequence[int], counted: Mapping[Key, Mapping[int, int]]) -> list[PeriodDrift]:
    """Return the stored counters of these users that differ from the recounted ones."""
    stored = stored_counters(chunk) if counted else {}
    return [
        PeriodDrift(user_id, metric, period, was, is_now)
        for (metric, period), counts in counted.items()
        for user_id in chunk
        if (was := stored.get((user_id, metric, period), 0)) != (is_now := counts.get(user_id, 0))
    ]


def correct(wrong: Sequence[PeriodDrift]) -> None:
    """Store the recounted values of these counters."""
    if not wrong:
        return
    statement = upsert(UserPeriodStats)
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[
                UserPeriodStats.user_id,
                UserPeriodStats.metric,
                UserPeriodStats.period,
            ],
            set_={"n": statement.excluded.n},
        ),
        [
            {"user_id": row.user_id, "metric": row.metric, "period": row.period, "n": row.counted}
            for row in wrong
        ],
    )


def stored_counters(user_ids: Sequence[int]) -> dict[tuple[int, str, str], int]:
    """Return the stored period counters of these users by user id, metric and period."""
    table = UserPeriodStats.__table__
    rows = db.session.execute(
        sa.select(table.c.user_id, table.c.metric, table.c.period, table.c.n).where(
            table.c.user_id.in_(_USER_IDS)
        ),
        {"user_ids": user_ids},
    )
    return {(user_id, metric, period): n for user_id, metric, period, n in rows}
