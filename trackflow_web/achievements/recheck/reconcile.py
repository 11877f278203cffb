"""Recounting from the source rows: corrects counters and grants what is due.

`find` only reads; `reconcile_users` does what it finds, under locks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, metrics
from trackflow_web.achievements.awards import completions
from trackflow_web.achievements.awards.grant import Award, backfill, record_backfilled
from trackflow_web.achievements.metrics import distinct_values, period_counters, recount
from trackflow_web.achievements.models import UserStats
from trackflow_web.achievements.recheck import due
from trackflow_web.achievements.recheck.result import Drift, Findings
from trackflow_web.achievements.standings import scores
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db, literal_ids, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trackflow_web.achievements.catalogue.entries import Entry, Period
    from trackflow_web.achievements.catalogue.registry import Registry
    from trackflow_web.achievements.metrics.recount import Counters
    from trackflow_web.achievements.recheck.due import Due

# Users rechecked together: bounds the memory, and the number of bound values in a statement.
USERS_A_CHUNK = 500


def find(user_ids: Sequence[int] | None = None) -> Findings:
    """Return what a recheck of these users (None: everyone) would do now; change nothing."""
    found, registry = Findings(), catalogue.latest()
    for chunk in chunks(user_ids):
        found.add(_find_in_chunk(chunk, registry))
    return found


def reconcile_users(user_ids: Sequence[int] | None = None) -> Findings:
    """Recount these users (None: everyone) and grant what is due; return what was done."""
    done = Findings()
    for chunk in chunks(user_ids):
        done.add(reconcile_chunk(chunk))
    return done


def reconcile_chunk(chunk: Sequence[int]) -> Findings:
    """Recount some users in the running transaction; return what was done."""
    _lock(chunk)
    # After the rows of the users, as in an action: a change of the catalogue waits for this one.
    registry = catalogue.at(db.session.scalar(sa.select(catalogue.HELD_VERSION)))
    values_corrected = distinct_values.correct(chunk)
    counted = recount.counters(chunk)
    drift = _drift(chunk, counted)
    # What is granted below counts in the scores once its event is dispatched.
    score_drift = scores.correct(chunk)
    failpoints.point(failpoints.Point.IN_RECHECK)
    awards = _grant(counted, registry)
    period_drift = _reconcile_periods(chunk, counted, awards, registry)
    record_backfilled(awards)
    completed = completions.backfill(chunk)
    for each in completed:
        counted[each.user_id][metrics.TOTAL_POINTS] += each.points
    changed = {found.user_id for found in drift} | {award.user_id for award in awards}
    changed |= {each.user_id for each in completed}
    _store({user_id: counted[user_id] for user_id in sorted(changed)})
    return Findings(
        users=len(chunk),
        awards=awards,
        completions=completed,
        drift=drift,
        period_drift=period_drift,
        score_drift=score_drift,
        values_corrected=values_corrected,
    )


def chunks(user_ids: Sequence[int] | None) -> Iterator[Sequence[int]]:
    """Return the ids of these users (None: everyone), some hundreds at a time, in their order."""
    if user_ids is not None:
        for start in range(0, len(user_ids), USERS_A_CHUNK):
            yield user_ids[start : start + USERS_A_CHUNK]
        return
    last = 0
    while chunk := db.session.scalars(
        sa.select(User.id).where(User.id > last).order_by(User.id).limit(USERS_A_CHUNK)
    ).all():
        yield chunk
        last = chunk[-1]


def _lock(chunk: Sequence[int]) -> None:
    """Lock the users' counters until the commit; readers do not wait.

    Every change of a counter or a distinct value writes its user's row of `user_stats`, so this row
    is the lock: the recheck waits for earlier writers and sees their changes, and later writers
    wait for the recheck.
    """
    if db.engine.dialect.name == "sqlite":  # a writing transaction locks the whole file
        return
    now = clock.now()
    db.session.execute(
        upsert(UserStats)
        .values([{"user_id": user_id, "updated_at": now} for user_id in sorted(chunk)])
        .on_conflict_do_nothing()
    )
    db.session.execute(
        sa.select(UserStats.user_id)
        .where(UserStats.user_id.in_(literal_ids("user_ids")))
        .order_by(UserStats.user_id)
        .with_for_update(),
        {"user_ids": chunk},
    )


# --- finding -------------------------------------------------------------------------------------


def _find_in_chunk(chunk: Sequence[int], registry: Registry) -> Findings:
    value_drift = distinct_values.drift(chunk)
    counted = recount.counters(chunk, value_drift)
    found = Findings(users=len(chunk), drift=_drift(chunk, counted), value_drift=value_drift)
    for metric, owed in due.by_totals(counted, registry):
        found.awards += _dated(metric, owed)
        _count(counted, owed)
    within = period_counters.recounted(chunk, registry)
    found.period_drift = period_counters.drift(chunk, within)
    for metric, period, owed in due.within_periods(within, chunk, registry):
        found.awards += _dated(metric, owed, period)
    found.score_drift = scores.drift(chunk)
    found.completions = completions.due(chunk)
    return found


def _dated(metric: str, owed: Due, period: Period | None = None) -> list[Award]:
    """Return the awards of what is due, dated by the source rows that reached it."""
    thresholds = {entry.threshold for entries in owed.values() for entry in entries}
    dates = {
        (user_id, threshold): at
        for user_id, at, threshold in db.session.execute(
            recount.reached(metric, thresholds, period), {"user_ids": sorted(owed)}
        ).all()
    }
    return [
        # Awards that the completionist requires may be due only now; then it is earned too.
        Award(user_id, entry, dates.get((user_id, entry.threshold), clock.now()))
        for user_id, entries in owed.items()
        for entry in entries
    ]


def _drift(chunk: Sequence[int], counted: Mapping[int, Counters]) -> list[Drift]:
    table = UserStats.__table__
    names = [*counted[chunk[0]]] if chunk else []
    stored = {
        user_id: counters
        for user_id, *counters in db.session.execute(
            sa.select(table.c.user_id, *(table.c[name] for name in names)).where(
                table.c.user_id.in_(literal_ids("user_ids"))
            ),
            {"user_ids": chunk},
        )
    }
    # A missing row means zeros: no drift, unless there is something to count.
    nothing: list[Any] = [None if name == "last_login_date" else 0 for name in names]
    return [
        Drift(user_id, name, was, number)
        for user_id in chunk
        for (name, number), was in zip(
            counted[user_id].items(), stored.get(user_id, nothing), strict=True
        )
        if was != number
    ]


# --- writing -----------------------------------------------------------------------------------


def _grant(counted: Mapping[int, Counters], registry: Registry) -> list[Award]:
    """Grant what is due by the totals, and add it to `counted`."""
    awards: list[Award] = []
    for metric, owed in due.by_totals(counted, registry):
        granted = backfill(metric, owed)
        awards += granted
        _count(counted, _by_user(granted))
    return awards


def _reconcile_periods(
    chunk: Sequence[int],
    counted: Mapping[int, Counters],
    awards: list[Award],
    registry: Registry,
) -> list[period_counters.PeriodDrift]:
    """Correct the period counters and grant what is due by them; add that to both lists."""
    if not registry.counted_periods:
        return []
    within = period_counters.recounted(chunk, registry)
    drift = period_counters.drift(chunk, within)
    period_counters.correct(drift)
    for metric, period, owed in due.within_periods(within, chunk, registry):
        granted = backfill(metric, owed, period)
        awards += granted
        _count(counted, _by_user(granted))
    return drift


def _by_user(awards: Sequence[Award]) -> Due:
    by_user: dict[int, list[Entry]] = defaultdict(list)
    for award in awards:
        by_user[award.user_id].append(award.entry)
    return by_user


def _count(counted: Mapping[int, Counters], granted: Due) -> None:
    """Add granted entries to the counters of their users."""
    for user_id, entries in granted.items():
        counters = counted[user_id]
        counters[metrics.TOTAL_POINTS] += sum(entry.points for entry in entries)
        counters["total_achievements"] += sum(entry.counts_for_completionist for entry in entries)


def _store(counted: Mapping[int, Counters]) -> None:
    """Write the counters of these users."""
    if not counted:
        return
    statement = upsert(UserStats)
    columns = [*next(iter(counted.values())), "updated_at"]
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[UserStats.user_id],
            set_={name: statement.excluded[name] for name in columns},
        ),
        [
            {"user_id": user_id, "updated_at": clock.now(), **counters}
            for user_id, counters in counted.items()
        ],
    )
