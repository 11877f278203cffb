"""Counting the holders of a large community by a job, and what a page pays for the counts.

The community is written straight into the tables. Both pages are of one user without songs, in
turns of two sites; a process has read the counts before, or not ("first page").
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from unittest.mock import patch

import sqlalchemy as sa

from bench.crowd import insert, settle
from bench.site import DATABASES, Site, Visitor, site
from trackflow_web.achievements.awards import holder_counting, holder_counts
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.jobs import holders
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import reading

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = Path(__file__).parents[1] / "docs" / "scaling.md"
USERS, EACH, TURNS = 20_000, 50, 60
PAGE = "/achievements/"
GOALS = {
    f"{name}: {what}": goal
    for name in DATABASES.values()
    for what, goal in {
        "achievements page / of an empty community": "<= 1.1",
        "first page of a process / of an empty community": "<= 1.2",
    }.items()
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the figures of both databases."""
    users, turns = (20, 2) if quick else (USERS, TURNS)
    figures: dict[str, object] = {"users, awards": f"{users:,}, {users * EACH:,}"}
    for kind, name in DATABASES.items():
        with ExitStack() as stack:
            empty, large = (stack.enter_context(site(kind=kind)) for _ in range(2))
            visitors = Visitor(empty, "ann"), Visitor(large, "ann")
            _fill(large, users, kind)
            if quick:
                stack.enter_context(patch.object(holder_counts, "MANY", 0))
            with large.app.app_context():
                counted = _timed(partial(holders.run, large.app.extensions["trackflow.jobs"].tools))
                longest = _longest_part()
            figures[f"{name}: counting, ms per million awards"] = round(
                1000 * counted / (users * EACH / 1_000_000)
            )
            figures[f"{name}: the longest part, ms"] = round(1000 * longest)
            for what, forget in (("achievements page", False), ("first page of a process", True)):
                ratio = _ratio(visitors, turns, forget=forget)
                figures[f"{name}: {what} / of an empty community"] = round(ratio, 2)
    return figures


def _fill(made: Site, users: int, kind: str) -> None:
    """Add users with awards."""
    with made.working():
        crowd = settle(users)
    ids = crowd.ids
    for at in range(0, len(ids), 1_000):
        rows = [
            {
                "user_id": user_id,
                # The first achievements have more holders than the last ones.
                "achievement_id": crowd.achievements[number],
                "earned_at": crowd.now,
                "awarded_at": crowd.now,
                "points": 10,
                "notified": True,
            }
            for user_id in ids[at : at + 1_000]
            for number in range(EACH)
        ]
        with made.working():
            insert(UserAchievement, rows)
    if kind == "postgresql":
        with made.app.app_context(), db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(sa.text("VACUUM ANALYZE user_achievements"))


def _longest_part() -> float:
    """Return the seconds of the longest statement of a count."""
    with reading():
        parts = holder_counting.parts()
    seconds = []
    for ids in parts:
        with reading():
            seconds.append(_timed(partial(holder_counting.count, ids)))
    return max(seconds)


def _ratio(visitors: tuple[Visitor, Visitor], turns: int, *, forget: bool) -> float:
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(turns):
        for which in (0, 1) if turn % 2 else (1, 0):
            if forget:
                holder_counts.forget()
            seconds[which].append(_timed(partial(visitors[which].client.get, PAGE)))
    few, many = map(median, seconds)
    return many / few


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
