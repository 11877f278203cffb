"""A user at work: actions of one line each, and their results."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import event

from tests.support.people import Person, add_person, working
from trackflow_web.achievements import catalogue, progress
from trackflow_web.achievements.awards.grant import Award, grant
from trackflow_web.achievements.levels import LEVEL_BEST
from trackflow_web.achievements.models import Achievement, UserAchievement, UserStats, UserValue
from trackflow_web.achievements.progress import queries
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.achievements.standings import scores
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from trackflow_web.achievements.progress.tile_data import AchievementProgress
    from trackflow_web.domain.people.models import User

ALL_PARTS = tuple(Part)
SECONDS_FOR_ALL = 60
OF_TRANSACTIONS = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True)
class Charter:
    """A user whose every action is its own unit of work."""

    app: Flask
    person: Person

    @property
    def id(self) -> int:
        return self.person.id

    @property
    def username(self) -> str:
        return self.person.username

    @property
    def password(self) -> str:
        return self.person.password

    @property
    def user(self) -> User:
        return self.person.user

    # --- actions -------------------------------------------------------------------------------

    def add(self, title: str = "One", artist: str = "Metallica", **fields: object) -> int:
        """Add a song; return its id."""
        with working(self.app):
            return songs.add_song(self.user, title=title, artist=artist, **fields).id

    def add_many(self, count: int, start: int = 1, **fields: object) -> list[int]:
        """Add this many songs of one artist, in one unit of work."""
        with working(self.app):
            return [
                songs.add_song(
                    self.user, **{"title": f"Song {number}", "artist": "Metallica", **fields}
                ).id
                for number in range(start, start + count)
            ]

    def find_many(self, count: int) -> None:
        """Insert this many planned songs at once and count them by a recheck."""
        now = clock.now()
        row = {"artist": "Found", "artist_key": "found", "album": "", "search_key": "found"}
        row |= {"user_id": self.id, "status": "future", "parts_done": 0, "parts_skipped": 0}
        row |= {"planned_at": now, "created_at": now, "updated_at": now}
        rows = [{**row, "title": f"{n}", "title_key": f"{n}"} for n in range(count)]
        with working(self.app):
            db.session.execute(sa.insert(songs.Song), rows)
            reconcile_users([self.id])

    def move(self, song_id: int, *statuses: str) -> None:
        for status in statuses:
            with working(self.app):
                songs.move_song(_held(song_id), self.user, status=status)

    def edit(self, song_id: int, **changes: object) -> None:
        with working(self.app):
            song = _held(song_id)
            fields = {name: getattr(song, name) for name in ("title", "artist", "album", "year")}
            songs.edit_song(song, self.user, **{**fields, **changes})

    def mark(self, song_id: int, state: str, parts: Iterable[Part] = ALL_PARTS) -> None:
        for part in parts:
            with working(self.app):
                authoring.mark_part(_held(song_id), part, self.user, state=state)

    def delete(self, song_id: int) -> None:
        with working(self.app):
            songs.delete_song(_held(song_id), self.user)

    def visit(self) -> bool:
        with working(self.app):
            return people.record_visit(self.user)

    def visit_if_due(self) -> bool:
        """Come by as a request does."""
        with working(self.app):
            return people.visit_is_due(self.user) and people.record_visit(self.user)

    def given(self, *codes: str, backfilled: bool = False, at: datetime | None = None) -> None:
        """Has these achievements, of work whose rows are not there."""
        with working(self.app):
            due = [
                Award(self.id, catalogue.latest().get(code), earned_at=at or clock.now())
                for code in codes
            ]
            grant(due)
            if backfilled:
                mine = sa.update(UserAchievement).where(UserAchievement.user_id == self.id)
                db.session.execute(mine.values(backfilled=True))
        with working(self.app):
            scores.correct([self.id])
            stats = sa.update(UserStats).where(UserStats.user_id == self.id)
            db.session.execute(stats.values(level_shown=UserStats.level_best))

    # --- what came of them ---------------------------------------------------------------------

    @property
    def numbers(self) -> dict[str, int]:
        """Every counter that is not 0."""
        with self.app.app_context():
            numbers = queries.numbers_of(self.id)
        return {name: n for name, n in numbers.items() if n and name != LEVEL_BEST}

    def number(self, name: str) -> int:
        return self.numbers.get(name, 0)

    @property
    def codes(self) -> list[str]:
        """The earned codes, in order of the awards."""
        with self.app.app_context():
            return list(
                db.session.scalars(
                    sa.select(Achievement.code)
                    .join(UserAchievement)
                    .where(UserAchievement.user_id == self.id)
                    .order_by(UserAchievement.id)
                )
            )

    @property
    def awards(self) -> Mapping[str, UserAchievement]:
        with self.app.app_context():
            rows = db.session.execute(
                sa.select(Achievement.code, UserAchievement)
                .join(UserAchievement)
                .where(UserAchievement.user_id == self.id)
            )
            return dict(rows.all())

    def tiles(self) -> list[AchievementProgress]:
        """The achievements as the pages show them."""
        with self.app.app_context():
            return progress.of_user(self.id).tiles

    def values(self, kind: str) -> dict[str, int]:
        """How many released songs have each value; those with none are left out."""
        with self.app.app_context():
            rows = db.session.execute(
                sa.select(UserValue.value, UserValue.n).where(
                    UserValue.user_id == self.id, UserValue.kind == kind, UserValue.n != 0
                )
            )
            return dict(rows.all())


def _held(song_id: int) -> songs.Song:
    song = find_song(song_id, for_update=True)
    assert song, f"there is no song {song_id}"
    return song


def new_charter(app: Flask, username: str) -> Charter:
    return Charter(app, add_person(app, username))


def signed_in_client(app: Flask, person: Person | Charter) -> FlaskClient:
    """A bare client for requests that the browser of the tests does not make."""
    client = app.test_client()
    with app.app_context(), client.session_transaction() as session:
        user = db.session.get_one(people.User, person.id)
        session["_user_id"] = f"{user.id}:{user.session_stamp}"
    return client


def at_once(calls: Sequence[Callable[[], object]]) -> list[object]:
    """Call them in concurrent threads; return their results, raise their exceptions."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        barrier.wait(SECONDS_FOR_ALL)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        running = [threads.submit(run, call) for call in calls]
        return [done.result(SECONDS_FOR_ALL) for done in running]


class Statements(list[str]):
    """The statements that an application's database was sent, without those of transactions."""

    commits = 0

    def naming(self, *words: str) -> list[str]:
        """Those that contain all of these words."""
        return [text for text in self if all(word in text for word in words)]


@contextmanager
def statements_of(app: Flask) -> Iterator[Statements]:
    """Record the SQL statements during the block."""
    seen = Statements()

    def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if not text.startswith(OF_TRANSACTIONS):
            seen.append(text)

    def commit(_connection: object) -> None:
        seen.commits += 1

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "commit", commit)
