"""Users per second of a recheck of everyone, and how close that is to the floor.

Cold: nothing was counted yet, every award is due, and each is dated by the song that reached it.
The floor is one statement that only counts the songs and inserts the due awards. The large set is
the small one, twenty times.
"""

from __future__ import annotations

import random
import resource
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import sqlalchemy as sa

from bench.site import DATABASES, site
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.site import Site

FEW, TIMES, SONGS_EACH = 1_000, 20, 100
START = datetime(2024, 1, 1, 12, tzinfo=UTC)
ROUNDS = 3
WITH_CATEGORIES = "seconds, nothing due, with categories / without"
GOALS = {
    "SQLite: users per second, nothing due": ">= 5,000",
    "SQLite: users per second, cold": ">= 5,000",
    "SQLite: cold / floor": ">= 0.5",
    f"SQLite: users per second, {TIMES} times as many / few": ">= 0.8",
    f"SQLite: peak memory, MB more for {TIMES} times as many": "flat",
    "PostgreSQL: nothing due / cold": ">= 3",
    f"SQLite: {WITH_CATEGORIES}": "<= 1.5",
    f"PostgreSQL: {WITH_CATEGORIES}": "<= 1.5",
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return users per second on both databases; on SQLite also for many users."""
    few, times = (20, 2) if quick else (FEW, TIMES)
    figures: dict[str, object] = {"users, songs each": f"{few:,}, {SONGS_EACH}"}
    for kind, name in DATABASES.items():
        with site(kind=kind) as made:
            _fill(made, few)
            found = _few(made, few)
            if kind == "sqlite":
                found |= _many(made, few, times)
        figures |= {f"{name}: {label}": figure for label, figure in found.items()}
    return figures


def _few(made: Site, users: int) -> dict[str, object]:
    floor = _best(lambda: _floor(made))
    cold, awards = _recheck(made)
    warm = _best(lambda: _recheck(made)[0])
    return {
        "awards granted": f"{awards:,}",
        "users per second, floor": f"{users / floor:,.0f}",
        "users per second, cold": f"{users / cold:,.0f}",
        "users per second, nothing due": f"{users / warm:,.0f}",
        "cold / floor": round(floor / cold, 3),
        "nothing due / floor": round(floor / warm, 3),
        "nothing due / cold": round(cold / warm, 1),
        WITH_CATEGORIES: round(_best(lambda: _recheck(made)[0]) / _without_categories(made), 3),
    }


def _without_categories(made: Site) -> float:
    with patch.object(recheck.completions, "backfill", return_value=[]):
        return _best(lambda: _recheck(made)[0])


def _many(made: Site, few: int, times: int) -> dict[str, object]:
    """Recheck the new users of the large set, then measure a recheck of all of them."""
    before = _best(lambda: _recheck(made)[0]) / few
    peak = _peak()
    for number in range(1, times):
        _copy(made, few, number)
    _recheck(made)
    after = _recheck(made)[0] / (few * times)
    return {
        f"users per second, {TIMES} times as many / few": round(before / after, 2),
        f"peak memory, MB more for {TIMES} times as many": f"{_peak() - peak:.0f}",
    }


def _best(action: Callable[[], float]) -> float:
    return min(action() for _ in range(ROUNDS))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _recheck(made: Site) -> tuple[float, int]:
    """Recheck like `flask achievements recheck`, without its pauses; return seconds and awards."""
    awards = 0
    start = time.perf_counter()
    with made.app.app_context():
        chunks = list(recheck.chunks(None))
    for chunk in chunks:
        with made.working():
            awards += len(recheck.reconcile_chunk(chunk).awards)
    return time.perf_counter() - start, awards


# --- the floor -----------------------------------------------------------------------------------

_COUNTERS = {
    "total_songs": "created_at",
    "total_planned": "planned_at",
    "total_started": "started_at",
    "total_released": "released_at",
    "total_finished": "finished_at",
}
_DIFFERENT = {
    "distinct_artists": "artist_key",
    "distinct_years": "year",
    "distinct_decades": "year / 10",
}
_FLOOR = " UNION ALL ".join(
    [
        f"SELECT user_id, '{metric}' AS metric, COUNT({column}) AS n FROM songs GROUP BY user_id"  # noqa: S608 -- named above
        for metric, column in _COUNTERS.items()
    ]
    + [
        f"SELECT user_id, '{metric}', COUNT(DISTINCT {value}) FROM songs"  # noqa: S608 -- named above
        " WHERE released_at IS NOT NULL GROUP BY user_id"
        for metric, value in _DIFFERENT.items()
    ]
)


def _floor(made: Site) -> float:
    """Return the seconds of the one statement; its awards are discarded."""
    with made.app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE floor_awards (user_id BIGINT, achievement_id BIGINT,"
            " PRIMARY KEY (user_id, achievement_id))"
        )
        start = time.perf_counter()
        connection.exec_driver_sql(
            "INSERT INTO floor_awards SELECT counted.user_id, achievements.id"  # noqa: S608 -- named above
            f" FROM ({_FLOOR}) AS counted JOIN achievements"
            " ON achievements.metric = counted.metric AND achievements.threshold <= counted.n"
        )
        seconds = time.perf_counter() - start
        connection.rollback()
    return seconds


# --- test users ---------------------------------------------------------------------------------


def _fill(made: Site, users: int) -> None:
    """Insert the rows directly, because creating them is not measured."""
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
        with made.working():
            db.session.execute(sa.insert(Song), list(_songs_of(number)))


def _copy(made: Site, users: int, number: int) -> None:
    """Copy all users and their songs once."""
    more = number * users
    with made.working():
        for table, renamed in ((User, ("username", "username_key", "email")), (Song, ())):
            columns = [column for column in table.__table__.columns if column.name != "id"]
            moved = {"user_id": Song.user_id + more} if table is Song else {}
            moved |= {name: table.__table__.c[name] + f"-{number}" for name in renamed}
            source = [moved.get(column.name, column) for column in columns]
            names = [column.name for column in columns]
            whose = table.__table__.c["user_id" if table is Song else "id"]
            if table is User:
                names, source = ["id", *names], [whose + more, *source]
            db.session.execute(
                sa.insert(table.__table__).from_select(
                    names, sa.select(*source).where(whose.between(1, users))
                )
            )


def _songs_of(user_id: int) -> Iterator[dict[str, object]]:
    dice = random.Random(user_id)
    for number in range(SONGS_EACH):
        added = START + timedelta(hours=dice.randrange(24 * 365))
        # A third each: planned, WIP, released.
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
