"""A naive implementation: SQLAlchemy objects, and a COUNT for each possible award.

`all` checks every unearned achievement, like a `check_achievements(user)` that is called after each
action; `moved` checks only those whose counter the action changed.
"""

from __future__ import annotations

import sqlite3
import sys
from functools import partial
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.peers import workload
from bench.peers.worker import serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers.workload import Workload

FILE = "naive.sqlite3"


class Base(DeclarativeBase):
    """The tables of this program."""


class User(Base):
    """A user with songs."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    points: Mapped[int] = mapped_column(default=0)


class Song(Base):
    """One song of a user; `steps` as in the workload."""

    __tablename__ = "songs"
    __table_args__ = (sa.Index("ix_songs_user_id_steps", "user_id", "steps"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    title: Mapped[str]
    artist: Mapped[str]
    year: Mapped[int]
    steps: Mapped[int]


class Deed(Base):
    """Everything else that counts: a pack, a day, a bug report. The workload has none."""

    __tablename__ = "deeds"
    __table_args__ = (sa.Index("ix_deeds_user_id_metric", "user_id", "metric"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    metric: Mapped[str]


class Achievement(Base):
    """An achievement of the workload."""

    __tablename__ = "achievements"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    metric: Mapped[str] = mapped_column(index=True)
    threshold: Mapped[int]
    points: Mapped[int]


class Earned(Base):
    """An award of a user."""

    __tablename__ = "earned"
    __table_args__ = (sa.UniqueConstraint("user_id", "achievement_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    achievement_id: Mapped[int] = mapped_column(sa.ForeignKey("achievements.id"))


class Naive:
    """See worker.Program."""

    def __init__(self, given: Workload, *, only_moved: bool) -> None:
        self.only_moved = only_moved
        # One connection, like the other programs.
        self.engine = sa.create_engine(f"sqlite:///{FILE}", poolclass=sa.StaticPool)
        event.listen(self.engine, "connect", _set_pragmas)
        Base.metadata.create_all(self.engine)
        with Session(self.engine) as session, session.begin():
            rows = [each for rungs in given.metrics.values() for each in rungs]
            session.add_all(Achievement(**vars(each)) for each in rows)

    def connection(self) -> sqlite3.Connection:
        """See worker.Program."""
        with self.engine.connect() as connection:
            return cast("sqlite3.Connection", connection.connection.dbapi_connection)

    def add_user(self, user_id: int, songs: Sequence[workload.Song]) -> None:
        """See worker.Program."""
        with Session(self.engine) as session, session.begin():
            session.add(User(id=user_id, name=f"user-{user_id}"))
            session.flush()
            session.add_all(Song(user_id=user_id, **song._asdict()) for song in songs)

    def act(self, user_id: int, song: workload.Song, *, checked: bool) -> None:
        """See worker.Program."""
        with Session(self.engine) as session, session.begin():
            user = session.get_one(User, user_id)
            session.add(Song(user_id=user_id, **song._asdict()))
            if checked and self.only_moved:
                check_moved(session, user, workload.MOVED)
            elif checked:
                check_all(session, user)

    def recheck(self, user_ids: Sequence[int]) -> None:
        """See worker.Program."""
        with Session(self.engine) as session, session.begin():
            for user_id in user_ids:
                user = session.get_one(User, user_id)
                if self.only_moved:
                    metrics = session.scalars(sa.select(Achievement.metric).distinct()).all()
                    last = workload.OF_AWARDS
                    check_moved(session, user, sorted(metrics, key=lambda each: each == last))
                else:
                    check_all(session, user)

    def awards(self, user_ids: Sequence[int]) -> list[tuple[int, str]]:
        """See worker.Program."""
        earned = sa.select(Earned.user_id, Achievement.code).join(Achievement)
        with Session(self.engine) as session:
            rows = session.execute(earned.where(Earned.user_id.in_(user_ids)))
            return [(user_id, code) for user_id, code in rows]

    def progress(self, user_id: int) -> list[tuple[str, int, int, bool]]:
        """See worker.Program."""
        with Session(self.engine) as session:
            achievements = session.scalars(sa.select(Achievement).order_by(Achievement.id)).all()
            earned = _earned(session, user_id)
            if self.only_moved:
                metrics = {each.metric for each in achievements}
                numbers = {metric: number(session, user_id, metric) for metric in metrics}
                return [
                    (each.code, numbers[each.metric], each.threshold, each.id in earned)
                    for each in achievements
                ]
            return [
                (
                    each.code,
                    number(session, user_id, each.metric),
                    each.threshold,
                    each.id in earned,
                )
                for each in achievements
            ]


def check_all(session: Session, user: User) -> None:
    """Check each achievement that the user has not earned."""
    earned = _earned(session, user.id)
    for each in session.scalars(sa.select(Achievement).order_by(Achievement.id)):
        if each.id not in earned and number(session, user.id, each.metric) >= each.threshold:
            _award(session, user, each)


def check_moved(session: Session, user: User, metrics: Sequence[str]) -> None:
    """Count each of these metrics once, and check their achievements."""
    earned = _earned(session, user.id)
    for metric in metrics:
        reached = number(session, user.id, metric)
        rungs = session.scalars(sa.select(Achievement).where(Achievement.metric == metric))
        for each in rungs:
            if each.id not in earned and reached >= each.threshold:
                _award(session, user, each)


def number(session: Session, user_id: int, metric: str) -> int:
    """Return the counter of a metric of a user."""
    return session.scalar(_counts(metric, user_id)) or 0


def _counts(metric: str, user_id: int) -> sa.Select[int]:
    if metric in workload.STEPS:
        return sa.select(sa.func.count(Song.id)).where(
            Song.user_id == user_id, Song.steps >= workload.STEPS[metric]
        )
    if metric in workload.DIFFERENT:
        what = {
            "distinct_artists": Song.artist,
            "distinct_years": Song.year,
            "distinct_decades": Song.year - Song.year % 10,
        }[metric]
        return sa.select(sa.func.count(sa.distinct(what))).where(
            Song.user_id == user_id, Song.steps == workload.RELEASED
        )
    table = Earned if metric == workload.OF_AWARDS else Deed
    found = sa.select(sa.func.count(table.id)).where(table.user_id == user_id)
    return found if table is Earned else found.where(Deed.metric == metric)


def _earned(session: Session, user_id: int) -> set[int]:
    return set(session.scalars(sa.select(Earned.achievement_id).where(Earned.user_id == user_id)))


def _award(session: Session, user: User, achievement: Achievement) -> None:
    session.add(Earned(user_id=user.id, achievement_id=achievement.id))
    user.points += achievement.points


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA journal_mode=WAL")


if __name__ == "__main__":
    serve(partial(Naive, only_moved=sys.argv[1] == "moved"))
