"""Counting the holders of a large community, for a job: in parts, and in as many statements.

A part is some achievements. One statement counts it and reads the ids of the rows that are stored
of it, so that both are from the same moment: storing it deletes exactly those rows. What an action
adds meanwhile stays, and is added to the new count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.awards.holder_changes import IS_COUNTED, IS_MEMBER
from trackflow_web.achievements.awards.holder_counts import NEWEST, VERSION
from trackflow_web.achievements.holder_models import HolderCount, HolderCounting
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, literal_ids, upsert

# A count begins so long after the last one. The job looks once a minute.
LEAST_PAUSE = timedelta(seconds=55)
# So that counting takes a twentieth of a worker at most.
PAUSE_PER_SECOND = 20
# Suspensions end without an action.
LONGEST_PAUSE = timedelta(minutes=10)
# A part has about so many awards: half a second.
AWARDS_A_PART = 1_000_000

_ROW = 1
_AWARDS, _USERS = UserAchievement.__table__, User.__table__


@dataclass(frozen=True)
class Plan:
    """A count to make: its parts, and the state of the community before it."""

    parts: Sequence[Sequence[int]]
    version: int | None
    newest_award: int | None
    newest_user: int | None


@dataclass(frozen=True)
class Part:
    """What was counted of some achievements at one moment; None stands for the users."""

    number: int
    counts: dict[int | None, int]
    replaced: Sequence[int]


def plan() -> Plan | None:
    """Return what is to be counted; None where it is not due, or the community is small."""
    now = db.session.execute(sa.select(VERSION, *NEWEST)).one()
    last = db.session.get(HolderCounting, _ROW)
    if last is None:
        due = (now.newest_award or 0) >= holder_counts.MANY
    else:
        age = clock.now() - last.counted_at
        pause = max(LEAST_PAUSE, timedelta(seconds=last.seconds * PAUSE_PER_SECOND))
        seen = last.version, last.newest_award, last.newest_user
        # A negative one: some clock was ahead.
        due = not timedelta(0) <= age < pause and (
            tuple(now) != seen or age >= LONGEST_PAUSE or not last.awards
        )
    return Plan(parts(), *now) if due else None


def begin() -> None:
    """Let actions note what they change, from now on; a first count comes after that."""
    statement = upsert(HolderCounting).values(
        id=_ROW, number=0, awards=0, seconds=0, counted_at=clock.now()
    )
    db.session.execute(statement.on_conflict_do_nothing())


def count(achievement_ids: Sequence[int]) -> Part:
    """Count the holders of some achievements, and the users, in one statement."""
    rows = db.session.execute(_PART, {"ids": list(achievement_ids)}).all()
    counts: dict[int | None, int] = dict.fromkeys(achievement_ids, 0)
    counts |= {row.id: row.n for row in rows if row.what == "held"}
    counts[None] = next(row.n for row in rows if row.what == "users")
    return Part(
        number=next(row.n for row in rows if row.what == "number"),
        counts=counts,
        replaced=[row.id for row in rows if row.what == "stored"],
    )


def store(part: Part) -> bool:
    """Store a part in place of what it replaces; False if another worker has stored one since."""
    mine = db.session.scalar(
        sa.update(HolderCounting)
        .where(HolderCounting.id == _ROW, HolderCounting.number == part.number)
        .values(number=part.number + 1)
        .returning(HolderCounting.number)
        .execution_options(synchronize_session=False)
    )
    if mine is None:
        return False
    db.session.execute(
        sa.delete(HolderCount)
        .where(HolderCount.id.in_(_IDS))
        .execution_options(synchronize_session=False),
        {"ids": list(part.replaced)},
    )
    rows = [{"achievement_id": key, "n": n} for key, n in part.counts.items()]
    db.session.execute(sa.insert(HolderCount), rows)
    return True


def end(done: Plan, *, seconds: float) -> None:
    """Note that all parts were stored; from now on pages read them."""
    held = sa.select(sa.func.coalesce(sa.func.sum(HolderCount.n), 0)).where(
        HolderCount.achievement_id.is_not(None)
    )
    db.session.execute(
        sa.update(HolderCounting)
        .where(HolderCounting.id == _ROW)
        .values(
            number=HolderCounting.number + 1,
            awards=held.scalar_subquery(),
            version=done.version,
            newest_award=done.newest_award,
            newest_user=done.newest_user,
            seconds=seconds,
            counted_at=clock.now(),
        )
        .execution_options(synchronize_session=False)
    )


def age_in_seconds() -> float:
    """Return how old the stored counts are; 0 where pages do not read them."""
    at = db.session.scalar(
        sa.select(HolderCounting.counted_at).where(HolderCounting.awards >= holder_counts.MANY)
    )
    return max(0.0, (clock.now() - at).total_seconds()) if at else 0.0


_IDS = literal_ids("ids")
_PART = sa.union_all(
    sa.select(
        sa.literal("held").label("what"),
        _AWARDS.c.achievement_id.label("id"),
        sa.func.count().label("n"),
    )
    .where(_AWARDS.c.achievement_id.in_(_IDS), IS_COUNTED)
    .group_by(_AWARDS.c.achievement_id),
    sa.select(sa.literal("users"), sa.null(), sa.func.count()).where(IS_MEMBER),
    sa.select(sa.literal("stored"), HolderCount.id, HolderCount.n).where(
        sa.or_(HolderCount.achievement_id.in_(_IDS), HolderCount.achievement_id.is_(None))
    ),
    sa.select(sa.literal("number"), HolderCounting.id, HolderCounting.number),
)


def parts() -> list[list[int]]:
    """Return the ids of all achievements in parts, by what was counted of them last."""
    rows: Sequence[Any] = db.session.execute(
        sa.select(Achievement.id, sa.func.sum(HolderCount.n).label("n"))
        .outerjoin(HolderCount, HolderCount.achievement_id == Achievement.id)
        .group_by(Achievement.id)
        .order_by(Achievement.id)
    ).all()
    found: list[list[int]] = []
    size = AWARDS_A_PART
    for row in rows:
        # What was never counted may be as many as a part has room for.
        more = AWARDS_A_PART // 8 if row.n is None else int(row.n)
        if size + more > AWARDS_A_PART:
            found.append([])
            size = 0
        found[-1].append(row.id)
        size += more
    return found
