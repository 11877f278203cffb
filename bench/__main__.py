"""What a deed costs, and what the engine adds to it, for people with few and with many songs.

`make bench`, or `python -m bench 100 100000` for other numbers of songs. On an SQLite file of its
own, or on the empty database that DATABASE_URL names.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web import create_app, wiring
from trackflow_web.achievements import recheck
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status, draft
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackflow_web.kernel.unit_of_work import Listener

SIZES = (100, 10_000, 100_000)
ARTISTS = 500
DEEDS = 200
ROWS_AT_ONCE = 1000


def main(sizes: Sequence[int]) -> None:
    """Print one line for each number of songs."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("DATABASE_URL") or f"sqlite:///{Path(folder, 'bench.sqlite3')}"
        app = create_app({"DATABASE_URL": url, "SECRET_KEY": "bench", "PASSWORD_COST": "cheap"})
        for command in (["db", "upgrade"], ["achievements", "sync"]):
            app.test_cli_runner().invoke(args=command, catch_exceptions=False)
        print(
            f"{'songs':>8}  {'alone':>8}  {'with engine':>11}  {'full recheck':>12}   (ms, median)"
        )
        for size in sizes:
            with app.app_context():
                print_line(size)


def print_line(size: int) -> None:
    """Measure for somebody with this many songs."""
    user_id = add_person_with_songs(size)
    whole = timed(lambda: recheck.plan([user_id]))
    alone = [timed(lambda n=n: release(user_id, f"alone {n}", ())) for n in range(DEEDS)]
    with unit_of_work(wiring.LISTENERS):
        recheck.recheck([user_id])  # what the deeds before left uncounted
    told = [
        timed(lambda n=n: release(user_id, f"told {n}", wiring.LISTENERS)) for n in range(DEEDS)
    ]
    middle = statistics.median
    print(f"{size:>8,}  {middle(alone):>8.2f}  {middle(told):>11.2f}  {whole:>12.1f}")


def release(user_id: int, title: str, listeners: Sequence[Listener]) -> None:
    """The deed: a new song, released at once."""
    with unit_of_work(listeners):
        user = db.session.get_one(User, user_id)
        songs.add_song(user, title=title, artist="Bench", year=1999, status=Status.RELEASED)


def timed(deed: Callable[[], object]) -> float:
    """How long it takes, in milliseconds."""
    start = time.perf_counter()
    deed()
    return (time.perf_counter() - start) * 1000


def add_person_with_songs(size: int) -> int:
    """Somebody whose songs were written straight into the table, then recounted."""
    with unit_of_work(wiring.LISTENERS):
        name = f"bench{size}"
        user = people.register(username=name, email=f"{name}@example.org", password=f"{name} songs")
        rows = [song_row(user.id, number) for number in range(size)]
        for first in range(0, size, ROWS_AT_ONCE):
            db.session.execute(sa.insert(Song), rows[first : first + ROWS_AT_ONCE])
    with unit_of_work(wiring.LISTENERS):
        recheck.recheck([user.id])
    return user.id


def song_row(user_id: int, number: int) -> dict[str, object]:
    """One released song."""
    now = clock.now()
    song = draft(
        title=f"Song {number}",
        artist=f"Artist {number % ARTISTS}",
        album="",
        year=1960 + number % 60,
    )
    return {
        "user_id": user_id,
        "title": song.title,
        "artist": song.artist,
        "album": song.album,
        "year": song.year,
        "title_key": song.title_key,
        "artist_key": song.artist_key,
        "search_key": song.search_key,
        "status": Status.RELEASED,
        "released_at": now,
        "created_at": now,
        "updated_at": now,
    }


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or SIZES)
