"""How many users a second a recheck of everyone manages on SQLite.

Cold: nothing was ever counted, every award is due. Then again, with nothing left to do.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bench.site import site
from trackflow_web.achievements import recheck
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.site import Site

SONGS_EACH = 100
START = datetime(2024, 1, 1, 12, tzinfo=UTC)


def measure(*, quick: bool) -> dict[str, object]:
    """Users per second, cold and with nothing due, and how the two compare."""
    users = 20 if quick else 1_000
    with site() as made:
        _fill(made, users)
        cold, awards = _recheck(made)
        warm, left = _recheck(made)
    assert not left
    return {
        "users, songs each": f"{users:,}, {SONGS_EACH}",
        "awards given": f"{awards:,}",
        "users a second, cold": round(users / cold),
        "users a second, nothing due": round(users / warm),
        "cold / nothing due": round(cold / warm, 2),
    }


def _recheck(made: Site) -> tuple[float, int]:
    """As `flask achievements recheck` does it; gives the seconds and the number of awards."""
    awards = 0
    start = time.perf_counter()
    with made.app.app_context():
        chunks = list(recheck.chunks(None))
    for chunk in chunks:
        with made.working():
            awards += len(recheck.recheck_chunk(chunk).awards)
    return time.perf_counter() - start, awards


def _fill(made: Site, users: int) -> None:
    """Write the rows directly: what is measured is not how they came to be."""
    with made.working():
        db.session.execute(
            sa.insert(User),
            [
                {
                    "id": number,
                    "username": f"user-{number}",
                    "email": f"{number}@example.org",
                    "password_hash": "-",
                    "session_stamp": "-",
                    "is_admin": False,
                    "timezone": "UTC",
                    "created_at": START,
                }
                for number in range(1, users + 1)
            ],
        )
        for number in range(1, users + 1):
            db.session.execute(sa.insert(Song), list(_songs_of(number)))


def _songs_of(user_id: int) -> Iterator[dict[str, object]]:
    dice = random.Random(user_id)
    for number in range(SONGS_EACH):
        added = START + timedelta(hours=dice.randrange(24 * 365))
        # A third each: planned only, in work, released.
        steps = number % 3
        artist = f"artist{dice.randrange(400)}"
        yield {
            "user_id": user_id,
            "title": f"Song {number}",
            "title_key": f"song{number}",
            "artist": artist,
            "artist_key": artist,
            "search_key": f"song {number} {artist}",
            "album": "",
            "year": dice.randrange(1955, 2026),
            "status": ("future", "wip", "released")[steps],
            "parts_done": 0,
            "parts_skipped": 0,
            "planned_at": added,
            "started_at": added + timedelta(days=3) if steps > 0 else None,
            "released_at": added + timedelta(days=9) if steps > 1 else None,
            "finished_at": added + timedelta(days=9) if steps > 1 else None,
            "created_at": added,
            "updated_at": added,
        }
