"""Storage per user; rows, bytes of log and time per action; actions per second.

Measured on SQLite and on a PostgreSQL server that syncs commits to disk; both are temporary.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import sqlalchemy as sa
from sqlalchemy import event

from bench import community
from bench.site import Visitor, site
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from bench.site import Site

    Action = Callable[[int], None]

DOCUMENT = Path(__file__).parents[1] / "docs" / "scaling.md"
SONGS_BEFORE = 510  # past the last threshold of 500
OF_NOBODY = frozenset(
    {"achievements", "counting_periods", "versions", "limit_counts", "recheck_runs"}
)
ONE_EACH = frozenset({"users", "user_stats"})
ARTIST = "The Bench"


@dataclass(frozen=True)
class Sizes:
    """The number of users, of songs per user, of accounts without songs, and of actions."""

    people: int = 20
    songs_each: int = 100
    quiet: int = 2_000
    actions: int = 100


QUICK = Sizes(people=2, songs_each=25, quiet=4, actions=2)


class Database(Protocol):
    """What the benchmark reads from a database, inside an application context."""

    def tables(self) -> dict[str, tuple[int, int]]:
        """Return the bytes of each table and of its indexes."""

    def rows_written(self) -> int:
        """Return the number of rows inserted, updated or deleted so far."""

    def log_written(self) -> int:
        """Return the number of bytes written to the log so far."""


class SQLite:
    """Reads page counts from the table `dbstat`, and the size of the log from its file."""

    def __init__(self) -> None:
        self.is_log_kept = False

    def tables(self) -> dict[str, tuple[int, int]]:
        """See Database."""
        rows = db.session.execute(
            sa.text(
                "SELECT s.tbl_name, sum(CASE s.type WHEN 'table' THEN d.pgsize ELSE 0 END),"
                " sum(CASE s.type WHEN 'index' THEN d.pgsize ELSE 0 END)"
                " FROM dbstat d JOIN sqlite_master s ON s.name = d.name GROUP BY s.tbl_name"
            )
        )
        return {name: (table, indexes) for name, table, indexes in rows}

    def rows_written(self) -> int:
        """See Database; counts the only connection."""
        return _driver().total_changes

    def log_written(self) -> int:
        """See Database. The file starts empty, and nothing in it is overwritten."""
        if not self.is_log_kept:
            for pragma in ("wal_checkpoint(TRUNCATE)", "wal_autocheckpoint=0"):
                _driver().execute(f"PRAGMA {pragma}").fetchall()
            self.is_log_kept = True
        return Path(f"{db.engine.url.database}-wal").stat().st_size


def _driver() -> sqlite3.Connection:
    with db.engine.connect() as connection:
        return cast("sqlite3.Connection", connection.connection.dbapi_connection)


class PostgreSQL:
    """Queries the server; row counts need version 15 or newer."""

    def tables(self) -> dict[str, tuple[int, int]]:
        """See Database; the space of dead rows is reusable."""
        with db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("VACUUM ANALYZE")
        rows = db.session.execute(
            sa.text(
                "SELECT coalesce(whole.relname, part.relname), sum(pg_table_size(relid))::bigint,"
                " sum(pg_indexes_size(relid))::bigint FROM pg_stat_user_tables part"
                " LEFT JOIN pg_inherits ON inhrelid = relid"
                " LEFT JOIN pg_class whole ON whole.oid = inhparent GROUP BY 1"
            )
        )
        return {name: (table, indexes) for name, table, indexes in rows}

    def rows_written(self) -> int:
        """See Database. The server updates its counts at the end of a transaction, on request."""
        for statement in (
            "SELECT pg_stat_force_next_flush()",
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables",
        ):
            with db.engine.connect() as connection:
                counted: int = connection.exec_driver_sql(statement).scalar_one()
        return counted

    def log_written(self) -> int:
        """See Database."""
        return int(db.session.scalar(sa.text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")))


def measure(*, quick: bool) -> dict[str, object]:
    """Return the figures of each table and each kind of action, on SQLite and PostgreSQL."""
    sizes = QUICK if quick else Sizes()
    with site() as made:
        on_sqlite = Found(made, SQLite(), sizes)
    with site(kind="postgresql", durable=True) as made:
        on_postgresql = Found(made, PostgreSQL(), sizes)
    return (
        _sizes(on_sqlite, on_postgresql)
        | {
            f"total per user with {sizes.songs_each} songs": (
                f"SQLite {on_sqlite.bytes_a_user:,.0f} bytes,"
                f" PostgreSQL {on_postgresql.bytes_a_user:,.0f}"
            )
        }
        | _costs(on_sqlite, on_postgresql)
    )


def _sizes(on_sqlite: Found, on_postgresql: Found) -> dict[str, object]:
    most_first = sorted(on_sqlite.rows_a_user.items(), key=lambda each: -each[1])
    return {
        table: f"{rows:.1f} rows per user; bytes per row, table + indexes:"
        f" SQLite {on_sqlite.bytes_a_row(table)}, PostgreSQL {on_postgresql.bytes_a_row(table)}"
        for table, rows in most_first
    }


def _costs(on_sqlite: Found, on_postgresql: Found) -> dict[str, object]:
    figures = {}
    for name, lite in on_sqlite.actions.items():
        large = on_postgresql.actions[name]
        figures[name] = (
            f"rows written {lite.rows:.1f} / {large.rows:.1f};"
            f" bytes of log {lite.log:,.0f} / {large.log:,.0f};"
            f" ms in transaction {lite.held * 1000:.1f} / {large.held * 1000:.1f};"
            f" per second {lite.rate:,.0f} / {large.rate:,.0f} (SQLite / PostgreSQL)"
        )
    return figures


class Found:
    """The figures of one database."""

    def __init__(self, made: Site, database: Database, sizes: Sizes) -> None:
        community.settle(made, sizes.people, sizes.songs_each, sizes.quiet)
        with made.app.app_context():
            self.bytes = database.tables()
            counts = {
                name: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for name, table in db.metadata.tables.items()
                if name not in OF_NOBODY
            }
        self.rows = {name: count for name, count in counts.items() if count}
        self.rows_a_user = {
            # Accounts without songs have one row in each of these two.
            name: 1 if name in ONE_EACH else count / sizes.people
            for name, count in self.rows.items()
        }
        self.bytes_a_user = sum(
            sum(self.bytes[name]) / self.rows[name] * rows
            for name, rows in self.rows_a_user.items()
        )
        self.actions = measured_actions(made, database, sizes.actions)

    def bytes_a_row(self, table: str) -> str:
        """Return the bytes per row of the table and of its indexes."""
        of_table, of_indexes = self.bytes[table]
        return f"{of_table / self.rows[table]:,.0f} + {of_indexes / self.rows[table]:,.0f}"


# --- actions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """What one action wrote, its seconds in a transaction, and the actions per second."""

    rows: float
    log: float
    held: float
    rate: float


def measured_actions(made: Site, database: Database, count: int) -> dict[str, Written]:
    """Run each kind of action `count` times, as a domain action or over HTTP."""
    visitor = Visitor(made, "bench")
    visitor.add_songs(range(SONGS_BEFORE), by_way_of=("future", "wip", "released"))
    numbers = range(SONGS_BEFORE, SONGS_BEFORE + 2 * count)
    ids = visitor.add_songs(numbers, by_way_of=("future",))
    by_page = ids[count:]
    visitor.look("/songs/")  # shows pending toasts, which would be written below

    def plan(number: int) -> None:
        songs.add_song(visitor.user, title=f"Planned {number}", artist=ARTIST, year=1999)

    def move(number: int, status: str) -> None:
        songs.move_song(_held(ids[number]), visitor.user, status=status)

    def tick(number: int) -> None:
        authoring.mark_part(_held(ids[number]), Part.DRUMS, visitor.user, state="done")

    def in_a_unit_of_work(action: Action) -> Action:
        def do(number: int) -> None:
            with made.working():
                action(number)

        return do

    actions: dict[str, Action] = {
        "plan a song": in_a_unit_of_work(plan),
        "move a song to WIP": in_a_unit_of_work(lambda number: move(number, "wip")),
        "release a song": in_a_unit_of_work(lambda number: move(number, "released")),
        "tick a part": in_a_unit_of_work(tick),
        "move a song to WIP, over HTTP": lambda number: visitor.move(by_page[number], "wip"),
        "release a song, over HTTP": lambda number: visitor.move(by_page[number], "released"),
        "view the achievements, over HTTP": lambda _number: visitor.look("/achievements/"),
        "view the songs, over HTTP": lambda _number: visitor.look("/songs/"),
    }
    return {name: _written(made, database, count, action) for name, action in actions.items()}


def _held(song_id: int) -> Song:
    return db.session.get_one(Song, song_id, with_for_update=True)


def _written(made: Site, database: Database, count: int, action: Action) -> Written:
    with made.app.app_context():
        rows, log = database.rows_written(), database.log_written()
    with _held_time(made) as held:
        start = time.perf_counter()
        for number in range(count):
            action(number)
        seconds = time.perf_counter() - start
    with made.app.app_context():
        return Written(
            rows=(database.rows_written() - rows) / count,
            log=(database.log_written() - log) / count,
            held=sum(held) / count,
            rate=count / seconds,
        )


@contextmanager
def _held_time(made: Site) -> Iterator[list[float]]:
    """Yield the seconds from the start of each committed transaction to the end of its commit."""
    held: list[float] = []
    begun: list[float] = []

    def note(_connection: object) -> None:
        begun[:] = [time.perf_counter()]

    def end(_session: object) -> None:
        if begun:
            held.append(time.perf_counter() - begun.pop())

    with made.app.app_context():
        engine = db.engine
    event.listen(engine, "begin", note)
    event.listen(db.session, "after_commit", end)
    try:
        yield held
    finally:
        event.remove(engine, "begin", note)
        event.remove(db.session, "after_commit", end)
