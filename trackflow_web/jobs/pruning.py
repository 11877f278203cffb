"""The jobs that delete old entries of the feed and old notifications, some at a time.

What is to go is searched for without the lock of a writer, and deleted in small units of work: on
SQLite nobody waits long. A run that ends with its turn goes on behind the last user; one that was
killed is begun again the next night.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trackflow_web.community import keeping
from trackflow_web.kernel.transactions import reading, unit_of_work
from trackflow_web.notifications import retention

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackflow_web.jobs.tools import Tools

# Rows of one unit of work. Deleting takes about 20 microseconds a row.
ROWS_A_CHUNK = 500
# Seconds. After this long other jobs get their turn.
TURN = 10.0


def prune_feed(tools: Tools, *, after: int = 0, turn: float = TURN) -> int | None:
    """Delete old entries; return the user behind whom to go on, None at the end."""

    def step(first: int, last: int) -> None:
        with reading():
            ids = keeping.too_old(first, last)
        _in_chunks(tools, ids, keeping.delete)

    return _for_users(keeping.next_users, step, after=after, turn=turn)


def prune_notifications(tools: Tools, *, after: int = 0, turn: float = TURN) -> int | None:
    """Delete and fold old notifications; return the user behind whom to go on, None at the end."""

    def step(first: int, last: int) -> None:
        prune_notifications_of(tools, first, last)

    return _for_users(retention.next_users, step, after=after, turn=turn)


def prune_notifications_of(tools: Tools, first: int, last: int) -> int:
    """Delete and fold what is old of these users and between; return how many rows are gone."""
    with reading():
        ids = retention.too_old(first, last)
    gone = _in_chunks(tools, ids, retention.delete)
    with reading():
        groups = retention.to_fold(first, last)
    for group in groups:
        with unit_of_work(tools.handlers):
            gone += retention.fold(group)
    return gone


def _in_chunks(tools: Tools, ids: Sequence[int], delete: Callable[[Sequence[int]], int]) -> int:
    gone = 0
    for at in range(0, len(ids), ROWS_A_CHUNK):
        with unit_of_work(tools.handlers):
            gone += delete(ids[at : at + ROWS_A_CHUNK])
    return gone


def _for_users(
    next_users: Callable[[int], Sequence[int]],
    step: Callable[[int, int], None],
    *,
    after: int,
    turn: float,
) -> int | None:
    until = time.monotonic() + turn
    while True:
        with reading():
            ids = next_users(after)
        if not ids:
            return None
        step(ids[0], ids[-1])
        after = ids[-1]
        if time.monotonic() >= until:
            return after
