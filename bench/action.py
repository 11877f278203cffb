"""Time to move a song with the achievement handler, relative to without (ratio of medians).

Both sites hold the same number of songs, and their users are past every threshold of songs. Every
song is moved on both sites, in turns. The difference is the cost of counting.
"""

from __future__ import annotations

import time
from statistics import median

from bench.site import Visitor, two_sites
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.kernel.text import count_of

SONGS_BEFORE = 260  # past the last threshold of 250
ACTIONS = {"wip": "move to WIP", "released": "move to Released"}
ONE_MOVED, SEVERAL_MOVED = "<= 1.10", "<= 1.20"
GOALS: dict[str, str] = {}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the ratio of an action that changes one counter and of one that changes several."""
    count = 10 if quick else 300
    with two_sites() as sites:
        visitors = [Visitor(site, "bench") for site in sites]
        for visitor in visitors:
            visitor.add_songs(range(SONGS_BEFORE), by_way_of=("wip", "released"))
        numbers = range(SONGS_BEFORE, SONGS_BEFORE + count)
        ids = [visitor.add_songs(numbers, by_way_of=("future",)) for visitor in visitors]
        figures: dict[str, object] = {"songs moved on each site": count}
        for status, name in ACTIONS.items():
            before = _numbers(visitors[0])
            ratio = _ratio(visitors, ids, status)
            after = _numbers(visitors[0])
            moved = sum(after[key] != before[key] for key in before)
            label = f"{name} ({count_of(moved, 'counter')} changed), with the handler / without"
            figures[label] = round(ratio, 3)
            GOALS[label] = ONE_MOVED if moved == 1 else SEVERAL_MOVED
    return figures


def _ratio(visitors: list[Visitor], ids: list[list[int]], status: str) -> float:
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn, pair in enumerate(zip(*ids, strict=True)):
        # The order alternates, so that neither always runs on warm caches.
        for which in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            visitors[which].move(pair[which], status)
            seconds[which].append(time.perf_counter() - start)
    return median(seconds[0]) / median(seconds[1])


def _numbers(visitor: Visitor) -> dict[str, int]:
    with visitor.site.app.app_context():
        return numbers_of(visitor.user.id)
