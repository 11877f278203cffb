"""The achievement handler: updates counters by events and grants what they reach.

Whether a threshold is reached is decided from the value that the atomic upsert returns: concurrent
transactions do not see each other's rows, so a COUNT would miss what they reach together. The cost
is the same for 100 songs and for 100,000: one statement for the counters, one more for distinct
values, one more while a period counts one of the metrics.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, metrics
from trackflow_web.achievements.awards import completions
from trackflow_web.achievements.awards.grant import Award, grant
from trackflow_web.achievements.events import AchievementRestored, AchievementUnlocked
from trackflow_web.achievements.metrics import distinct_values, period_counters
from trackflow_web.achievements.metrics.period_counters import PeriodDeltas
from trackflow_web.achievements.models import UserStats
from trackflow_web.achievements.recheck import withdraw
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.achievements.standings.reached_levels import note_points
from trackflow_web.domain.events import ImportUndone, SongRestored
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db, dialect, insert_into

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Executable

    from trackflow_web.achievements.catalogue.entries import Entry
    from trackflow_web.achievements.catalogue.registry import Registry
    from trackflow_web.kernel.events import Event


@dataclass
class Deltas:
    """The changes of one user that some events cause.

    `counters` are added to columns of `user_stats`, `values` to rows of `user_values`, and
    `assigned` columns are set. With `recount` everything is recounted instead. What they earn is no
    work of today where they restore songs of the import `import_id`.
    """

    events: list[Event] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    values: Counter[tuple[str, str]] = field(default_factory=Counter)
    assigned: dict[str, Any] = field(default_factory=dict)
    recount: bool = False
    import_id: int | None = None


def handle(events: Sequence[Event]) -> None:
    """Update the counters that the events change, and grant what they reach."""
    # The distinct values of every user before the counters of any, each in the order of user ids:
    # two requests that change the same users, or one and a recheck, never wait for each other.
    changed = sorted(_deltas_by_user(events).items())
    distinct = {
        user_id: _update_values(user_id, deltas.values)
        for user_id, deltas in changed
        if not deltas.recount
    }
    reached: dict[int, dict[str, int]] = {}
    version = None
    for user_id, deltas in changed:
        if deltas.recount:
            _recount(user_id, deltas.events)
            continue
        deltas.counters.update(distinct[user_id])
        added = {name: delta for name, delta in deltas.counters.items() if delta}
        # Changed values write the row without a counter too: a recheck locks it.
        if added or deltas.assigned or any(deltas.values.values()):
            # Held after the last row only: a transaction that holds it waits for no row.
            is_last = user_id == changed[-1][0]
            *counters, best, version = _update_counters(
                user_id, added, deltas.assigned, hold=is_last
            )
            reached[user_id] = dict(zip(added, counters, strict=True))
            if added.get(metrics.TOTAL_POINTS, 0) > 0:
                note_points(user_id, reached[user_id][metrics.TOTAL_POINTS], best)
    if reached:
        failpoints.point(failpoints.Point.COUNTERS_UPDATED)
        _grant_due(reached, dict(changed), _registry(version), distinct)
    _complete_categories(events)


def _complete_categories(events: Sequence[Event]) -> None:
    """Record the categories that unlocked or restored achievements complete."""
    unlocked: dict[int, set[int]] = defaultdict(set)
    restored: set[int] = set()
    by_import: dict[int, int] = {}
    for event in events:
        payload = event.payload
        if isinstance(payload, AchievementUnlocked) and payload.import_id is not None:
            by_import[event.user_id] = payload.import_id
        elif isinstance(payload, AchievementUnlocked) and payload.counts:
            unlocked[event.user_id].add(event.subject_id)
        elif isinstance(payload, AchievementRestored):
            restored.add(event.user_id)
    if unlocked:
        completions.complete(sorted(unlocked), set().union(*unlocked.values()))
    if restored:
        completions.complete_late(sorted(restored))
    for user_id, import_id in sorted(by_import.items()):
        completions.complete_late([user_id], import_id=import_id)


def _registry(version: int | None) -> Registry:
    """Return the registry in force until this transaction commits."""
    if version is None:  # the last user had nothing to update
        version = db.session.scalar(sa.select(catalogue.HELD_VERSION))
    return catalogue.at(version)


def reconcile(events: Sequence[Event]) -> None:
    """Recount the users of redelivered events; it may be repeated."""
    by_user: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_user[event.user_id].append(event)
    for user_id in sorted(by_user):
        _recount(user_id, by_user[user_id])


def _recount(user_id: int, events: Sequence[Event]) -> None:
    """Recount a user; attribute awards to an import, or withdraw those that only it earned."""
    found = reconcile_users([user_id])
    import_id = withdraw.import_of(events)
    if import_id is not None:
        withdraw.attribute(found.awards, import_id)
        completions.attribute(found.completions, import_id)
    for event in events:
        if isinstance(event.payload, ImportUndone):
            withdraw.withdraw(user_id, event.subject_id)


def _grant_due(
    reached: dict[int, dict[str, int]],
    changed: dict[int, Deltas],
    registry: Registry,
    distinct: dict[int, Counter[str]],
) -> None:
    """Grant what the new values of the counters reach, for every user."""
    due: list[tuple[int, Entry]] = []
    for user_id, counters in reached.items():
        deltas = changed[user_id].counters
        for name, n in counters.items():
            due += [(user_id, entry) for entry in registry.crossed(name, n - deltas[name], n)]
        if registry.periods:
            within = _period_deltas(changed[user_id], registry, distinct[user_id])
            due += [(user_id, entry) for entry in _reached_within(user_id, within, registry)]
    if due:
        now = clock.now()
        grant(
            [
                Award(user_id, entry, earned_at=now, import_id=changed[user_id].import_id)
                for user_id, entry in due
            ]
        )


# --- what events change --------------------------------------------------------------------------


def _deltas_by_user(events: Sequence[Event]) -> dict[int, Deltas]:
    by_user: dict[int, Deltas] = {}
    for event in events:
        deltas = by_user.setdefault(event.user_id, Deltas())
        deltas.events.append(event)
        for name, amount in _amounts(event):
            deltas.counters[name] += amount
        for kind, value, sign in distinct_values.value_changes(event):
            deltas.values[kind, value] += sign
        deltas.assigned |= metrics.assigned_columns(event)
        deltas.recount |= type(event.payload) in metrics.RECOUNTED
        if isinstance(event.payload, SongRestored | AchievementUnlocked):
            deltas.import_id = event.payload.import_id or deltas.import_id
    return by_user


def _amounts(event: Event) -> Iterator[tuple[str, int]]:
    for name, amount in metrics.DELTAS.get(type(event.payload), ()):
        yield name, amount(event)


def _period_deltas(deltas: Deltas, registry: Registry, distinct: Counter[str]) -> PeriodDeltas:
    """Return what the events change in the counters of the open periods.

    A distinct value counts from the first song with it. One newly released song adds it now; what
    edited, deleted, restored or several songs change is recounted.
    """
    found = PeriodDeltas()
    for event in deltas.events:
        for name, amount in _amounts(event):
            if amount:
                found.add(registry, name, amount, event)
    songs = [event for event in deltas.events if any(distinct_values.value_changes(event))]
    for event in songs:
        signs = {sign for _kind, _value, sign in distinct_values.value_changes(event)}
        is_restored = isinstance(event.payload, SongRestored)
        is_one_release = len(songs) == 1 and signs == {1} and not is_restored
        for name in metrics.DISTINCT.values():
            if distinct[name] or not is_one_release:
                found.add(registry, name, distinct[name] if is_one_release else 0, event)
    return found


def _reached_within(user_id: int, deltas: PeriodDeltas, registry: Registry) -> Iterator[Entry]:
    for step in period_counters.update(user_id, deltas, registry):
        yield from registry.crossed(step.metric, step.old, step.new, step.period)


# --- updating ------------------------------------------------------------------------------------


def _update_values(user_id: int, values: Counter[tuple[str, str]]) -> Counter[str]:
    """Update `user_values`; return by how much the counters of distinct values change."""
    # Sorted for the same reason as the users.
    rows = [(kind, value, delta) for (kind, value), delta in sorted(values.items()) if delta]
    if not rows:
        return Counter()
    parameters: dict[str, object] = {"user_id": user_id}
    for at, (kind, value, delta) in enumerate(rows):
        parameters |= {f"kind_{at}": kind, f"value_{at}": value, f"n_{at}": delta}
    deltas: Counter[str] = Counter()
    for kind, value, n in db.session.execute(_values_statement(len(rows)), parameters):
        before = n - values[kind, value]
        deltas[metrics.DISTINCT[kind]] += (n > 0) - (before > 0)
    return deltas


def _update_counters(
    user_id: int, added: dict[str, int], assigned: dict[str, Any], *, hold: bool
) -> Sequence[Any]:
    """Update the counters in one statement; return the new values of those added to.

    They are followed by the highest level so far and, with `hold`, by the version of the
    catalogue, otherwise by None.
    """
    statement = _counters_statement(dialect(), tuple(added), tuple(assigned), hold=hold)
    parameters = {"user_id": user_id, "updated_at": clock.now(), **added, **assigned}
    return db.session.execute(statement, parameters).one()


# Building one of these takes ten times as long as running it, and few combinations occur.


@lru_cache(maxsize=64)
def _values_statement(rows: int) -> sa.TextClause:
    """Return the statement that adds to this many rows of one user's values and returns them.

    As text, because SQLAlchemy compiles an INSERT of several rows every time.
    """
    lines = ", ".join(f"(:user_id, :kind_{at}, :value_{at}, :n_{at})" for at in range(rows))
    return sa.text(
        f"INSERT INTO user_values (user_id, kind, value, n) VALUES {lines}"  # noqa: S608 -- numbered names
        " ON CONFLICT (user_id, kind, value) DO UPDATE SET n = user_values.n + excluded.n"
        " RETURNING kind, value, n"
    )


@lru_cache(maxsize=256)
def _counters_statement(
    dialect_name: str, added: tuple[str, ...], assigned: tuple[str, ...], *, hold: bool
) -> Executable:
    """Return the upsert that adds to some counters of one user and assigns other columns."""
    table, version = UserStats.__table__, catalogue.HELD_VERSION if hold else sa.null()
    columns = ("user_id", "updated_at", *added, *assigned)
    statement = insert_into(UserStats, dialect_name).values(
        {column: sa.bindparam(column) for column in columns}
    )
    changes = {name: table.c[name] + statement.excluded[name] for name in added}
    changes |= {name: statement.excluded[name] for name in (*assigned, "updated_at")}
    return statement.on_conflict_do_update(
        index_elements=[UserStats.user_id], set_=changes
    ).returning(*(table.c[name] for name in added), table.c.level_best, version)
