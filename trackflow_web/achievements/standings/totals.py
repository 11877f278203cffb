"""How many users have a place in an open period.

Counting a hundred thousand takes longer than the rest of the page, so a large number is kept in
the process for a minute. A small one, in which one more is noticed, is counted each time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trackflow_web.achievements.standings.windows import Score, Window

LEAST_KEPT = 5_000
KEPT_FOR = timedelta(minutes=1)

_kept: WeakKeyDictionary[Any, dict[tuple[Score, Window], tuple[datetime, int]]]
_kept = WeakKeyDictionary()


def of(kind: Score, window: Window, count: Callable[[], int]) -> int:
    """Return the number that was counted within the last minute, or count."""
    totals = _kept.setdefault(db.engine, {})
    now = clock.now()
    at, users = totals.get((kind, window), (None, 0))
    if at is not None and at <= now < at + KEPT_FOR:
        return users
    # What is outdated goes, so that only periods of the last minute are kept.
    for key in [key for key, (then, _) in list(totals.items()) if now >= then + KEPT_FOR]:
        totals.pop(key, None)
    users = count()
    if users >= LEAST_KEPT:
        totals[kind, window] = (now, users)
    return users
