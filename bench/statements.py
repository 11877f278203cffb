"""How many SQL statements more one action takes with the engine plugged in than without."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import event

from bench.site import Visitor, two_sites
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.site import Site

SONGS_BEFORE = 260  # past the last threshold of 250


def measure(*, quick: bool) -> dict[str, object]:
    """Count the same three actions on both sites; savepoints count, BEGIN and COMMIT do not."""
    del quick  # it is as quick as it can be
    with two_sites() as sites:
        with_engine, without = (_counts(site) for site in sites)
    return {
        action: f"{with_engine[action] - without[action]:+d}"
        f" ({with_engine[action]} instead of {without[action]})"
        for action in without
    }


def _counts(site: Site) -> dict[str, int]:
    old_hand, newcomer = Visitor(site, "old-hand"), Visitor(site, "newcomer")
    old_hand.add_songs(range(SONGS_BEFORE), by_way_of=("wip", "released"))
    (song,) = old_hand.add_songs(range(SONGS_BEFORE, SONGS_BEFORE + 1), by_way_of=("future",))
    (first_song,) = newcomer.add_songs(range(1), by_way_of=("future",))
    newcomer.client.get("/songs/")  # shows what waited, so that it is not counted below
    counts = {}
    for action, visitor, song_id, status in (
        ("to WIP, nothing due", old_hand, song, "wip"),
        ("to Released, different values moved, nothing due", old_hand, song, "released"),
        ("to WIP for the first time, an award and its toast", newcomer, first_song, "wip"),
    ):
        with _counting(site) as seen:
            visitor.move(song_id, status)
        counts[action] = len(seen)
    return counts


@contextmanager
def _counting(site: Site) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    with site.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
