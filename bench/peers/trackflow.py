"""TrackFlow itself: the domain action and the unit of work of a request."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from bench.peers.worker import serve
from bench.site import site
from trackflow_web.achievements import progress
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs import models as songs_models
from trackflow_web.domain.songs.rules import Status, draft
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from bench.peers.workload import Song, Workload
    from bench.site import Site

ROOT = Path(__file__).parents[2]
STATUSES = (Status.FUTURE, Status.WIP, Status.RELEASED)


class TrackFlow:
    """See worker.Program. Events are recorded with and without achievements."""

    def __init__(self, made: Site) -> None:
        self.app, self.handlers = made.app, made.handlers
        self.others = [each for each in made.handlers if each.name != "achievements"]

    def connection(self) -> sqlite3.Connection:
        """See worker.Program."""
        with self.app.app_context(), db.engine.connect() as connection:
            return cast("sqlite3.Connection", connection.connection.dbapi_connection)

    def add_user(self, user_id: int, songs: Sequence[Song]) -> None:
        """See worker.Program."""
        with self.app.app_context(), unit_of_work(()):
            user = {
                "id": user_id,
                "username": f"user-{user_id}",
                "email": f"{user_id}@example.org",
                "password_hash": "-",
                "session_stamp": "-",
                "is_admin": False,
                "timezone": "UTC",
                "created_at": clock.now(),
            }
            db.session.execute(sa.insert(User), [user])
            if songs:
                rows = [_row(user_id, song) for song in songs]
                db.session.execute(sa.insert(songs_models.Song), rows)

    def act(self, user_id: int, song: Song, *, checked: bool) -> None:
        """See worker.Program."""
        handlers = self.handlers if checked else self.others
        with self.app.app_context(), unit_of_work(handlers):
            user = db.session.get_one(User, user_id)
            actions.add_song(user, title=song.title, artist=song.artist, year=song.year)

    def recheck(self, user_ids: Sequence[int]) -> None:
        """See worker.Program."""
        with self.app.app_context(), unit_of_work(self.handlers):
            recheck.reconcile_users(user_ids)

    def awards(self, user_ids: Sequence[int]) -> list[tuple[int, str]]:
        """See worker.Program."""
        earned = sa.select(UserAchievement.user_id, Achievement.code).join(
            Achievement, Achievement.id == UserAchievement.achievement_id
        )
        with self.app.app_context():
            rows = db.session.execute(earned.where(UserAchievement.user_id.in_(user_ids)))
            return [(user_id, code) for user_id, code in rows]

    def progress(self, user_id: int) -> list[tuple[str, int, int, bool]]:
        """See worker.Program. Without holder counts, which the other programs do not have."""
        with self.app.app_context():
            tiles = progress.of_user(user_id, with_holders=False).tiles
            return [
                (tile.code, tile.current, tile.target, tile.state is State.EARNED) for tile in tiles
            ]


def _row(user_id: int, song: Song) -> dict[str, object]:
    now = clock.now()
    is_released = song.steps == STATUSES.index(Status.RELEASED)
    written = draft(title=song.title, artist=song.artist, album="", year=song.year)
    return {
        "user_id": user_id,
        "title": written.title,
        "artist": written.artist,
        "album": written.album,
        "year": written.year,
        "title_key": written.title_key,
        "artist_key": written.artist_key,
        "search_key": written.search_key,
        "status": STATUSES[song.steps],
        "planned_at": now,
        "started_at": now if song.steps else None,
        "released_at": now if is_released else None,
        "finished_at": now if is_released else None,
        "created_at": now,
        "updated_at": now,
    }


def main() -> None:
    """Serve on a temporary site; the workload is TrackFlow's own catalogue."""
    with chdir(ROOT), site() as made:  # where the migrations are

        def make(given: Workload) -> TrackFlow:
            del given
            return TrackFlow(made)

        serve(make)


if __name__ == "__main__":
    main()
