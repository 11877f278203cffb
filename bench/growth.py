"""What the engine adds to a release, and what recounting would, for few and for many songs.

One is the release alone: adding a song as Released with nobody following.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bench.site import site
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

    from bench.site import Site
    from trackflow_web.kernel.unit_of_work import Listener

SIZES = (100, 10_000, 100_000)
ARTISTS = 500
RELEASES = 200
RECOUNTS = 5
ROWS_AT_ONCE = 1000


def measure(*, quick: bool) -> dict[str, object]:
    """For each number of songs: the release with the engine, and a full recount of its user."""
    sizes, releases = (SIZES[:1], 10) if quick else (SIZES, RELEASES)
    figures: dict[str, object] = {}
    with site() as made:
        for size in sizes:
            with made.app.app_context():
                engine, recount = _compare(made, size, releases)
            figures[f"{size:,} songs"] = (
                f"with engine {engine:.2f}, with a recount instead {1 + recount:.2f}"
            )
    return figures


def _compare(made: Site, size: int, releases: int) -> tuple[float, float]:
    """The release with the engine and the recount alone, both in releases alone."""
    user_id = _add_person_with_songs(made, size)
    alone, told = [], []
    for number in range(releases):
        alone.append(_timed(lambda n=number: _release(user_id, f"alone {n}", ())))
        told.append(_timed(lambda n=number: _release(user_id, f"told {n}", made.listeners)))
    recounts = [_timed(lambda: recheck.plan([user_id])) for _ in range(RECOUNTS)]
    return median(told) / median(alone), median(recounts) / median(alone)


def _release(user_id: int, title: str, listeners: Sequence[Listener]) -> None:
    with unit_of_work(listeners):
        user = db.session.get_one(User, user_id)
        songs.add_song(user, title=title, artist="Bench", year=1999, status=Status.RELEASED)


def _timed(deed: Callable[[], object]) -> float:
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start


def _add_person_with_songs(made: Site, size: int) -> int:
    """Somebody whose songs were written straight into the table, then recounted."""
    with unit_of_work(made.listeners):
        name = f"bench{size}"
        user = people.register(username=name, email=f"{name}@example.org", password=f"{name} songs")
        rows = [_song_row(user.id, number) for number in range(size)]
        for first in range(0, size, ROWS_AT_ONCE):
            db.session.execute(sa.insert(Song), rows[first : first + ROWS_AT_ONCE])
    with unit_of_work(made.listeners):
        recheck.recheck([user.id])
    return user.id


def _song_row(user_id: int, number: int) -> dict[str, object]:
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
