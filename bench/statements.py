"""Additional SQL statements of an action with the achievement handler, compared with none.

BEGIN, COMMIT and savepoints are not counted. Events are written with and without the handler.
Counted on both databases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.site import DATABASES, Visitor, two_sites
from tests.support.charter import statements_of

if TYPE_CHECKING:
    from bench.site import Site

SONGS_BEFORE = 260  # past the last threshold of 250
EVENT_STATEMENTS = "INSERT INTO activities"
# Of the notification of an award, which is measured by itself.
NOT_COUNTED = (EVENT_STATEMENTS, "INSERT INTO notification", "UPDATE notifications")
ACTIONS = {
    "counters change, nothing due": "<= 1",
    "distinct values change too, nothing due": "<= 2",
    "additional, if an award is due": "<= 2",
}
GOALS = {
    f"{database}: {action}": goal
    for database in DATABASES.values()
    for action, goal in ACTIONS.items()
} | {f"{database}: additional commits": "0" for database in DATABASES.values()}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the difference in statements for the same actions on both sites."""
    del quick  # it is quick anyway
    figures: dict[str, object] = {}
    for kind, name in DATABASES.items():
        with two_sites(kind) as sites:
            (counts, commits), (without, commits_without) = (_counts(each) for each in sites)
        more = [one - other for one, other in zip(counts, without, strict=True)]
        # The statements of an award come on top of those of the counters.
        more[2] -= more[0]
        figures |= {f"{name}: {action}": n for action, n in zip(ACTIONS, more, strict=True)}
        figures[f"{name}: additional commits"] = commits - commits_without
    return figures


def _counts(site: Site) -> tuple[list[int], int]:
    """Return the number of statements of each action, and the commits of all of them."""
    old_hand, newcomer = Visitor(site, "old-hand"), Visitor(site, "newcomer")
    old_hand.add_songs(range(SONGS_BEFORE), by_way_of=("wip", "released"))
    (song,) = old_hand.add_songs(range(SONGS_BEFORE, SONGS_BEFORE + 1), by_way_of=("future",))
    (first_song,) = newcomer.add_songs(range(1), by_way_of=("future",))
    newcomer.client.get("/songs/")  # shows pending toasts, so that they are not counted below
    counts, commits = [], 0
    for visitor, song_id, status in (
        (old_hand, song, "wip"),
        (old_hand, song, "released"),
        (newcomer, first_song, "wip"),
    ):
        with statements_of(site.app) as seen:
            visitor.submit(song_id, status)
        counts.append(sum(not text.startswith(NOT_COUNTED) for text in seen))
        commits += seen.commits
    return counts, commits
