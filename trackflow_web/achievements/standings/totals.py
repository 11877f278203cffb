"""How many users have a place in an open period, and how many are better than a score.

Counting a hundred thousand takes longer than the rest of the page, so for a large number both are
kept in the process for a minute. A small one, in which one more is noticed, is counted each time.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from trackflow_web.achievements.standings.windows import Score, Window

LEAST_KEPT = 5_000
KEPT_FOR = timedelta(minutes=1)

_kept: WeakKeyDictionary[Any, dict[tuple[Score, Window], tuple[datetime, int]]]
_kept = WeakKeyDictionary()
_ranks: WeakKeyDictionary[Any, dict[tuple[Score, Window], tuple[datetime, Ranks]]]
_ranks = WeakKeyDictionary()


@dataclass(frozen=True)
class Ranks:
    """The scores that occur, the lowest first, and how many users have at least each of them."""

    scores: Sequence[int]
    at_least: Sequence[int]

    @classmethod
    def of(cls, counts: Iterable[tuple[int, int]]) -> Ranks:
        """Return the ranks of scores with the number of users who have each."""
        scores: list[int] = []
        at_least: list[int] = []
        for score, users in sorted(counts, reverse=True):
            scores.append(score)
            at_least.append(users + (at_least[-1] if at_least else 0))
        return cls(scores[::-1], at_least[::-1])

    def better_than(self, score: int) -> int:
        """Return how many users have a better score."""
        at = bisect_right(self.scores, score)
        return self.at_least[at] if at < len(self.scores) else 0


def ranks(
    kind: Score, window: Window, users: int, count: Callable[[], Iterable[tuple[int, int]]]
) -> Ranks | None:
    """Return the ranks among so many users, at most a minute old; None for a small number.

    `count` returns scores with the number of users who have each.
    """
    if users < LEAST_KEPT:
        return None
    kept = _ranks.setdefault(db.engine, {})
    now = clock.now()
    at, found = kept.get((kind, window), (None, None))
    if found is not None and at is not None and at <= now < at + KEPT_FOR:
        return found
    _drop_outdated(kept, now)
    found = Ranks.of(count())
    kept[kind, window] = (now, found)
    return found


def of(kind: Score, window: Window, count: Callable[[], int]) -> int:
    """Return the number that was counted within the last minute, or count."""
    totals = _kept.setdefault(db.engine, {})
    now = clock.now()
    at, users = totals.get((kind, window), (None, 0))
    if at is not None and at <= now < at + KEPT_FOR:
        return users
    _drop_outdated(totals, now)
    users = count()
    if users >= LEAST_KEPT:
        totals[kind, window] = (now, users)
    return users


def forget() -> None:
    """Forget what this process has counted."""
    _kept.clear()
    _ranks.clear()


def _drop_outdated(kept: dict[Any, tuple[datetime, Any]], now: datetime) -> None:
    """Keep only periods of the last minute."""
    for key in [key for key, (then, _) in list(kept.items()) if now >= then + KEPT_FOR]:
        kept.pop(key, None)
