"""Recounting from the facts: corrects numbers that drifted and awards what is due.

`plan` only reads; `recheck` does what a plan made under locks says, so that the figures shown
before are the figures done.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, metrics, truth
from trackflow_web.achievements.awards import Award, give
from trackflow_web.achievements.models import UserStats, UserValue
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock, faults
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trackflow_web.achievements.catalogue import Entry
    from trackflow_web.achievements.truth import Numbers

# Users looked at together: bounds the memory, and every statement's number of bound values.
USERS_A_CHUNK = 500


@dataclass(frozen=True)
class Drift:
    """A number that is not what the facts say."""

    user_id: int
    name: str
    stored: object
    true: object


@dataclass
class Plan:
    """What a recheck finds."""

    users: int = 0
    awards: list[Award] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)

    def add(self, other: Plan) -> None:
        """Take another chunk's findings in."""
        self.users += other.users
        self.awards += other.awards
        self.drift += other.drift


def plan(user_ids: Sequence[int] | None = None) -> Plan:
    """What a recheck of these users (None: everyone) would do now; changes nothing."""
    found = Plan()
    for chunk in chunks(user_ids):
        found.add(_plan_chunk(chunk))
    return found


def recheck(user_ids: Sequence[int] | None = None) -> Plan:
    """Recount these users (None: everyone) and award what is due; gives what was done."""
    done = Plan()
    for chunk in chunks(user_ids):
        done.add(recheck_chunk(chunk))
    return done


def recheck_chunk(chunk: Sequence[int]) -> Plan:
    """Recount some users in the running transaction; gives what was done."""
    _lock(chunk)
    found = _plan_chunk(chunk)
    _correct(found.drift)
    faults.point(faults.Point.IN_RECHECK)
    found.awards = give(found.awards, backfilled=True)
    return found


def chunks(user_ids: Sequence[int] | None) -> Iterator[Sequence[int]]:
    """The ids of these users (None: everyone), some hundreds at a time, in their order."""
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
    """Hold the users' numbers until the commit; who only reads is not kept waiting.

    Whatever moves a number or the ledger writes its user's row of numbers, so that this row is a
    lock for all of them: who wrote it already is waited for and then seen, who has not yet, moves
    them afterwards.
    """
    if db.engine.dialect.name == "sqlite":  # a writing transaction holds the whole file
        return
    now = clock.now()
    db.session.execute(
        upsert(UserStats)
        .values([{"user_id": user_id, "updated_at": now} for user_id in sorted(chunk)])
        .on_conflict_do_nothing()
    )
    db.session.execute(
        sa.select(UserStats.user_id)
        .where(UserStats.user_id.in_(chunk))
        .order_by(UserStats.user_id)
        .with_for_update()
    )


# --- reading -----------------------------------------------------------------------------------


def _plan_chunk(chunk: Sequence[int]) -> Plan:
    true_values = truth.values(chunk)
    true = truth.numbers(chunk, true_values)
    earned = truth.earned(chunk)
    due = {
        user_id: [
            entry
            for metric, number in true[user_id].items()
            for entry in catalogue.crossed(metric, 0, number or 0)
            if metric in metrics.BY_NAME and entry.code not in earned[user_id]
        ]
        for user_id in chunk
    }
    for user_id, entries in due.items():
        _add_completionist(true[user_id], entries, earned[user_id])
    return Plan(
        users=len(chunk),
        awards=_dated(due),
        drift=[*_value_drift(chunk, true_values), *_number_drift(chunk, true)],
    )


def _add_completionist(true: Numbers, due: list[Entry], earned: set[str]) -> None:
    """Awards that are due now may be the last ones missing for the completionist."""
    number = true["total_achievements"] + sum(entry.counts_for_completionist for entry in due)
    codes = {entry.code for entry in due} | earned
    due += [
        entry
        for entry in catalogue.crossed("total_achievements", 0, number)
        if entry.code not in codes
    ]


def _dated(due: Mapping[int, Sequence[Entry]]) -> list[Award]:
    """Each due achievement with the time at which its Nth row came to be."""
    wanted: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    for user_id, entries in due.items():
        for entry in entries:
            wanted[entry.metric].append((user_id, entry))
    awards: list[Award] = []
    for name, pairs in wanted.items():
        dates = truth.dates(name, pairs)
        awards += [
            Award(user_id, entry, earned_at=dates.get((user_id, entry.threshold), clock.now()))
            for user_id, entry in pairs
        ]
    return awards


def _number_drift(chunk: Sequence[int], true: Mapping[int, Numbers]) -> list[Drift]:
    stored = {
        row.user_id: row
        for row in db.session.scalars(
            sa.select(UserStats)
            .where(UserStats.user_id.in_(chunk))
            .execution_options(populate_existing=True)
        )
    }
    nothing = UserStats(**dict.fromkeys(truth.names(), 0), current_streak=0, last_login_date=None)
    return [
        Drift(user_id, name, was, number)
        for user_id in chunk
        for name, number in true[user_id].items()
        # Who has no row yet has nothing of anything: no drift, unless there is something.
        if (was := getattr(stored.get(user_id, nothing), name)) != number
    ]


def _value_drift(
    chunk: Sequence[int], true_values: Mapping[tuple[int, str, str], int]
) -> list[Drift]:
    stored = {
        (user_id, kind, value): n
        for user_id, kind, value, n in db.session.execute(
            sa.select(UserValue.user_id, UserValue.kind, UserValue.value, UserValue.n).where(
                UserValue.user_id.in_(chunk)
            )
        )
    }
    return [
        Drift(key[0], f"{key[1]}:{key[2]}", stored.get(key, 0), true_values.get(key, 0))
        for key in sorted(stored.keys() | true_values.keys())
        if stored.get(key, 0) != true_values.get(key, 0)
    ]


# --- writing -----------------------------------------------------------------------------------


def _correct(drift: Sequence[Drift]) -> None:
    """Write what is true, one statement a number for everybody."""
    values = [_value_row(found) for found in drift if ":" in found.name]
    if values:
        statement = upsert(UserValue)
        db.session.execute(
            statement.on_conflict_do_update(
                index_elements=[UserValue.user_id, UserValue.kind, UserValue.value],
                set_={"n": statement.excluded.n},
            ),
            values,
        )
    numbers: dict[str, list[dict[str, object]]] = defaultdict(list)
    now = clock.now()
    for found in drift:
        if ":" not in found.name:
            row = {"user_id": found.user_id, found.name: found.true, "updated_at": now}
            numbers[found.name].append(row)
    for name, rows in numbers.items():
        statement = upsert(UserStats)
        changed = {column: statement.excluded[column] for column in (name, "updated_at")}
        db.session.execute(
            statement.on_conflict_do_update(index_elements=[UserStats.user_id], set_=changed), rows
        )


def _value_row(found: Drift) -> dict[str, object]:
    kind, _, value = found.name.partition(":")
    return {"user_id": found.user_id, "kind": kind, "value": value, "n": found.true}
