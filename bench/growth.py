"""Cost of an action and the progress data with 100,000 songs, relative to 100 (ratio of medians).

Measured in turns on one site. For comparison: recounting one user instead of applying deltas.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bench.site import DATABASES, site
from trackflow_web.achievements import progress
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status, draft
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.site import Site

SMALL, GREAT = 100, 100_000
ARTISTS = 500
TURNS = 200
RECOUNTS = 5
ROWS_AT_ONCE = 1000
KINDS = ("release", "progress data", "recount")
GOALS = {
    f"{database}: {kind}, {GREAT:,} songs / {SMALL:,}": "<= 1.10"
    for database in DATABASES.values()
    for kind in KINDS[:2]
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the ratios on both databases."""
    great, turns = (SMALL, 5) if quick else (GREAT, TURNS)
    figures: dict[str, object] = {}
    for kind, name in DATABASES.items():
        with site(kind=kind) as made, made.app.app_context():
            users = [_add_person_with_songs(made, "few", SMALL)]
            users.append(_add_person_with_songs(made, "many", great))
            ratios = (
                _ratio(users, turns, lambda user_id, turn: _release(made, user_id, turn)),
                _ratio(users, turns, lambda user_id, _turn: _progress(user_id)),
                _ratio(users, RECOUNTS, lambda user_id, _turn: recheck.find([user_id])),
            )
        for what, ratio in zip(KINDS, ratios, strict=True):
            figures[f"{name}: {what}, {GREAT:,} songs / {SMALL:,}"] = round(ratio, 2)
    return figures


def _ratio(users: list[int], turns: int, action: Callable[[int, int], object]) -> float:
    """Return the time for the second user relative to the first."""
    seconds: dict[int, list[float]] = {user_id: [] for user_id in users}
    for turn in range(turns):
        for user_id in users if turn % 2 else reversed(users):
            start = time.perf_counter()
            action(user_id, turn)
            seconds[user_id].append(time.perf_counter() - start)
    few, many = (median(seconds[user_id]) for user_id in users)
    return many / few


def _release(made: Site, user_id: int, turn: int) -> None:
    with unit_of_work(made.handlers):
        user = db.session.get_one(User, user_id)
        songs.add_song(user, title=f"New {turn}", artist="Bench", year=1999, status=Status.RELEASED)


def _progress(user_id: int) -> None:
    """Load what /achievements/me/progress shows, except holder counts."""
    progress.of_user(user_id, with_holders=False)
    db.session.rollback()


def _add_person_with_songs(made: Site, name: str, size: int) -> int:
    """Add a user whose songs are inserted directly and then recounted; return the id."""
    with unit_of_work(made.handlers):
        user = people.register(username=name, email=f"{name}@example.org", password=f"{name} songs")
    for first in range(0, size, ROWS_AT_ONCE):
        numbers = range(first, min(size, first + ROWS_AT_ONCE))
        with made.working():
            db.session.execute(sa.insert(Song), [_song_row(user.id, number) for number in numbers])
    with unit_of_work(made.handlers):
        recheck.reconcile_users([user.id])
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
