"""Recounting from the facts: corrects numbers that drifted and awards what is due.

`plan` only reads; `recheck` does what a plan made under locks says, so that the figures shown
before are the figures done.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.awards.grant import Award, backfill, record_backfilled
from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.metrics import distinct_values, recount
from trackflow_web.achievements.metrics import registry as metrics
from trackflow_web.achievements.models import UserAchievement, UserStats
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db, literal_ids, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trackflow_web.achievements.catalogue.registry import Entry
    from trackflow_web.achievements.metrics.recount import Numbers

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
    """What a recheck finds: awards that are due, numbers and lines of the ledger that are wrong."""

    users: int = 0
    awards: list[Award] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    wrong_lines: int = 0

    @property
    def corrections(self) -> int:
        """How much of what is kept is not what the facts say."""
        return len(self.drift) + self.wrong_lines

    def add(self, other: Plan) -> None:
        """Take another chunk's findings in."""
        self.users += other.users
        self.awards += other.awards
        self.drift += other.drift
        self.wrong_lines += other.wrong_lines


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
    wrong_lines = distinct_values.correct_lines(chunk)
    true = recount.numbers(chunk)
    drift = _drift(chunk, true)
    failpoints.point(failpoints.Point.IN_RECHECK)
    awards = _award(true)
    record_backfilled(awards)
    changed = {found.user_id for found in drift} | {award.user_id for award in awards}
    _keep({user_id: true[user_id] for user_id in sorted(changed)})
    return Plan(users=len(chunk), awards=awards, drift=drift, wrong_lines=wrong_lines)


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
        .where(UserStats.user_id.in_(literal_ids("user_ids")))
        .order_by(UserStats.user_id)
        .with_for_update(),
        {"user_ids": chunk},
    )


# --- what is due and what is wrong -------------------------------------------------------------


def _plan_chunk(chunk: Sequence[int]) -> Plan:
    wrong_lines = distinct_values.wrong_lines(chunk)
    true = recount.numbers(chunk, wrong_lines)
    drift = _drift(chunk, true)
    awards: list[Award] = []
    for metric, due in _due(true):
        thresholds = {entry.threshold for entries in due.values() for entry in entries}
        dates = {
            (user_id, threshold): at
            for user_id, at, threshold in db.session.execute(
                recount.reached(metric, thresholds), {"user_ids": sorted(due)}
            ).all()
        }
        awards += [
            # What the completionist needs may itself only be due: then it is of this moment.
            Award(user_id, entry, dates.get((user_id, entry.threshold), clock.now()))
            for user_id, entries in due.items()
            for entry in entries
        ]
        _count(true, due)
    return Plan(users=len(chunk), awards=awards, drift=drift, wrong_lines=len(wrong_lines))


def _due(true: Mapping[int, Numbers]) -> Iterator[tuple[str, dict[int, list[Entry]]]]:
    """Metric by metric what it owes to whom; the one that counts achievements comes last.

    Whoever goes through this adds what was given to `true` on the way.
    """
    earned, ids = _earned(list(true)), catalogue.ids()
    for metric in metrics.METRICS:
        due = {
            user_id: missing
            for user_id, numbers in true.items()
            if (
                missing := [
                    entry
                    for entry in catalogue.crossed(metric.name, 0, numbers[metric.name])
                    if (user_id, ids.get(entry.code)) not in earned
                ]
            )
        }
        if due:
            yield metric.name, due


def _earned(chunk: Sequence[int]) -> set[tuple[int, int | None]]:
    """Users and the ids of what they have or had: what was revoked is not given again."""
    rows = db.session.execute(
        sa.select(UserAchievement.user_id, UserAchievement.achievement_id).where(
            UserAchievement.user_id.in_(literal_ids("user_ids"))
        ),
        {"user_ids": chunk},
    ).all()
    return {(user_id, achievement_id) for user_id, achievement_id in rows}


def _count(true: Mapping[int, Numbers], due: Mapping[int, Sequence[Entry]]) -> None:
    """Add awards to the numbers of those who have them now."""
    for user_id, entries in due.items():
        numbers = true[user_id]
        numbers[metrics.TOTAL_POINTS] += sum(entry.points for entry in entries)
        numbers["total_achievements"] += sum(entry.counts_for_completionist for entry in entries)


def _drift(chunk: Sequence[int], true: Mapping[int, Numbers]) -> list[Drift]:
    table = UserStats.__table__
    names = [*true[chunk[0]]] if chunk else []
    kept = {
        user_id: numbers
        for user_id, *numbers in db.session.execute(
            sa.select(table.c.user_id, *(table.c[name] for name in names)).where(
                table.c.user_id.in_(literal_ids("user_ids"))
            ),
            {"user_ids": chunk},
        )
    }
    # Who has no row yet has nothing of anything: no drift, unless there is something.
    nothing = [None if name == "last_login_date" else 0 for name in names]
    return [
        Drift(user_id, name, was, number)
        for user_id in chunk
        for (name, number), was in zip(
            true[user_id].items(), kept.get(user_id, nothing), strict=True
        )
        if was != number
    ]


# --- writing -----------------------------------------------------------------------------------


def _award(true: Mapping[int, Numbers]) -> list[Award]:
    """Give what is due, and count it."""
    awards: list[Award] = []
    for metric, due in _due(true):
        given = backfill(metric, due)
        awards += given
        by_user: dict[int, list[Entry]] = defaultdict(list)
        for award in given:
            by_user[award.user_id].append(award.entry)
        _count(true, by_user)
    return awards


def _keep(true: Mapping[int, Numbers]) -> None:
    """Write the numbers of these users as they are."""
    if not true:
        return
    statement = upsert(UserStats)
    columns = [*next(iter(true.values())), "updated_at"]
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[UserStats.user_id],
            set_={name: statement.excluded[name] for name in columns},
        ),
        [
            {"user_id": user_id, "updated_at": clock.now(), **numbers}
            for user_id, numbers in true.items()
        ],
    )
