"""Recounting from the facts: corrects numbers that drifted and awards what is due.

`plan` only reads; `recheck` does what a plan made under locks says, so that the figures shown
before are the figures done.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue, metrics
from trackflow_web.achievements.awards import Award, give
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats, UserValue
from trackflow_web.domain.people.models import User, Visit
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue import Entry

# Users looked at together: bounds the memory, and every statement's number of bound values.
USERS_A_CHUNK = 500

Numbers = dict[str, Any]


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
    """Hold the users' numbers, in the order in which the engine takes them.

    Whoever moved them already is waited for and then seen; whoever has not, moves them afterwards.
    """
    if db.engine.dialect.name == "sqlite":  # a writing transaction holds the whole file
        return
    for table, order in (
        (UserValue, (UserValue.user_id, UserValue.kind, UserValue.value)),
        (UserStats, (UserStats.user_id,)),
    ):
        db.session.execute(
            sa.select(sa.literal(1))
            .select_from(table)
            .where(table.user_id.in_(chunk))
            .order_by(*order)
            .with_for_update()
        )


# --- reading -----------------------------------------------------------------------------------


def _plan_chunk(chunk: Sequence[int]) -> Plan:
    true_values = _true_values(chunk)
    truth = _true_numbers(chunk, true_values)
    earned = _earned(chunk)
    due = {
        user_id: [
            entry
            for metric, number in truth[user_id].items()
            for entry in catalogue.crossed(metric, 0, number or 0)
            if metric in metrics.BY_NAME and entry.code not in earned[user_id]
        ]
        for user_id in chunk
    }
    for user_id, entries in due.items():
        _add_completionist(truth[user_id], entries, earned[user_id])
    return Plan(
        users=len(chunk),
        awards=_dated(due),
        drift=[*_value_drift(chunk, true_values), *_number_drift(chunk, truth)],
    )


def _true_values(chunk: Sequence[int]) -> dict[tuple[int, str, str], int]:
    """The ledger as the songs have it: (user, kind, value) -> how many songs."""
    true: dict[tuple[int, str, str], int] = {}
    for kind, value in metrics.VALUE_OF_KIND.items():
        rows = db.session.execute(
            sa.select(Song.user_id, value, sa.func.count())
            .where(Song.user_id.in_(chunk), Song.released_at.is_not(None), value.is_not(None))
            .group_by(Song.user_id, value)
        )
        true |= {(user_id, kind, text): n for user_id, text, n in rows}
    return true


def _true_numbers(
    chunk: Sequence[int], true_values: Mapping[tuple[int, str, str], int]
) -> dict[int, Numbers]:
    truth: dict[int, Numbers] = {user_id: dict.fromkeys(_counted(), 0) for user_id in chunk}
    for user_id in chunk:
        truth[user_id] |= {"last_login_date": None, "current_streak": 0}
    for metric in metrics.METRICS:
        if metric.rows is None or metric.distinct:
            continue
        rows = _of(metric.rows, chunk).subquery()
        counted = sa.select(rows.c.user_id, sa.func.count()).group_by(rows.c.user_id)
        for user_id, number in db.session.execute(counted):
            truth[user_id][metric.name] = number
    for user_id, kind, _value in true_values:
        truth[user_id][metrics.DISTINCT[kind]] += 1
    points = (
        sa.select(UserAchievement.user_id, sa.func.sum(UserAchievement.points))
        .where(UserAchievement.user_id.in_(chunk))
        .group_by(UserAchievement.user_id)
    )
    for user_id, total in db.session.execute(points):
        truth[user_id][metrics.TOTAL_POINTS] = int(total)
    for user_id, day, run in db.session.execute(_last_visits(chunk)):
        truth[user_id] |= {"last_login_date": day, "current_streak": run}
    return truth


def _counted() -> list[str]:
    return [metric.name for metric in metrics.METRICS if metric.rows is not None] + [
        metrics.TOTAL_POINTS
    ]


def _of(rows: metrics.Rows, chunk: Sequence[int]) -> metrics.Rows:
    return rows.where(rows.selected_columns.user_id.in_(chunk))


def _last_visits(chunk: Sequence[int]) -> metrics.Rows:
    last = (
        sa.select(Visit.user_id, sa.func.max(Visit.day).label("day"))
        .where(Visit.user_id.in_(chunk))
        .group_by(Visit.user_id)
        .subquery()
    )
    return sa.select(Visit.user_id, Visit.day, Visit.run).join(
        last, sa.and_(last.c.user_id == Visit.user_id, last.c.day == Visit.day)
    )


def _earned(chunk: Sequence[int]) -> dict[int, set[str]]:
    earned: dict[int, set[str]] = defaultdict(set)
    rows = db.session.execute(
        sa.select(UserAchievement.user_id, Achievement.code)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(UserAchievement.user_id.in_(chunk))
    )
    for user_id, code in rows:
        earned[user_id].add(code)
    return earned


def _add_completionist(truth: Numbers, due: list[Entry], earned: set[str]) -> None:
    """Awards that are due now may be the last ones missing for the completionist."""
    number = truth["total_achievements"] + sum(entry.counts_for_completionist for entry in due)
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
        dates = _dates(name, pairs)
        awards += [
            Award(user_id, entry, earned_at=dates.get((user_id, entry.threshold), clock.now()))
            for user_id, entry in pairs
        ]
    return awards


def _dates(name: str, pairs: Sequence[tuple[int, Entry]]) -> dict[tuple[int, int], datetime]:
    rows = metrics.BY_NAME[name].rows
    if rows is None:
        return {}
    counted = _of(rows, sorted({user_id for user_id, _ in pairs})).subquery()
    nth = sa.func.row_number().over(
        partition_by=counted.c.user_id, order_by=(counted.c.at, counted.c.subject_id)
    )
    numbered = sa.select(counted.c.user_id, counted.c.at, nth.label("nth")).subquery()
    thresholds = {entry.threshold for _, entry in pairs}
    found = db.session.execute(
        sa.select(numbered.c.user_id, numbered.c.nth, numbered.c.at).where(
            numbered.c.nth.in_(thresholds)
        )
    )
    return {(user_id, number): at for user_id, number, at in found}


def _number_drift(chunk: Sequence[int], truth: Mapping[int, Numbers]) -> list[Drift]:
    stored = {
        row.user_id: row
        for row in db.session.scalars(
            sa.select(UserStats)
            .where(UserStats.user_id.in_(chunk))
            .execution_options(populate_existing=True)
        )
    }
    return [
        Drift(user_id, name, was, number)
        for user_id in chunk
        for name, number in truth[user_id].items()
        if (was := getattr(stored.get(user_id), name, None)) != number
        if was is not None or number
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
    numbers: dict[int, Numbers] = defaultdict(dict)
    values = []
    for found in drift:
        if ":" in found.name:
            values.append(_value_row(found))
        else:
            numbers[found.user_id][found.name] = found.true
    if values:
        _set_values(values)
    now = clock.now()
    for user_id, columns in sorted(numbers.items()):
        db.session.execute(
            upsert(UserStats)
            .values(user_id=user_id, updated_at=now, **columns)
            .on_conflict_do_update(
                index_elements=[UserStats.user_id], set_={**columns, "updated_at": now}
            )
        )


def _value_row(found: Drift) -> dict[str, Any]:
    kind, _, value = found.name.partition(":")
    return {"user_id": found.user_id, "kind": kind, "value": value, "n": found.true}


def _set_values(rows: Sequence[dict[str, Any]]) -> None:
    """One statement sent with many rows: an import has thousands, each of which would cost."""
    statement = upsert(UserValue)
    statement = statement.on_conflict_do_update(
        index_elements=[UserValue.user_id, UserValue.kind, UserValue.value],
        set_={"n": statement.excluded.n},
    )
    db.session.connection().execute(statement, list(rows))
