"""`activities` by month on PostgreSQL, relative to one table (ratio of medians).

Both tables hold the same events and are measured in turns. The partitions are those that the
migration and maintenance create, a year of empty ones ahead included.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.site import site
from trackflow_web.kernel import partitions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.months import months_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

DOCUMENT = Path(__file__).parents[1] / "docs" / "scaling.md"
TABLES = ("activities", "one_table")
FIRST = datetime(2023, 1, 1, tzinfo=UTC)
MONTHS = 36
USERS = 1_000
TURNS = 200
EVENT = (
    "(user_id, actor_id, fact, subject_type, subject_id, n, data, created_at, heard_at)"
    " SELECT 1 + mod(g, {users}), 1 + mod(g, {users}), 'song_planned', 'song', g, 1,"
    """ '"about a song by an artist of 1999, as other events are"',"""
)
ONE_TABLE = """
CREATE TABLE one_table (LIKE activities INCLUDING DEFAULTS);
ALTER TABLE one_table ADD PRIMARY KEY (id);
ALTER TABLE one_table ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
ALTER TABLE one_table ADD FOREIGN KEY (actor_id) REFERENCES users ON DELETE SET NULL;
CREATE INDEX ON one_table (user_id, id);
CREATE INDEX ON one_table (actor_id);
CREATE INDEX ON one_table (id) WHERE heard_at IS NULL
"""
SOME_USER = (
    "INSERT INTO users (username, username_key, email, password_hash, session_stamp, is_admin,"
    " timezone, created_at) SELECT 'user-' || g, 'user-' || g, g || '@example.org', '-', '-',"
    " false, 'UTC', now()"
    " FROM generate_series(1, {users}) g"
)
PENDING = "SELECT id, user_id FROM {table} WHERE heard_at IS NULL AND id > 0 ORDER BY id LIMIT 500"
LATEST = "SELECT * FROM {table} WHERE user_id = 7 ORDER BY id DESC LIMIT 50"
OF_AN_ACCOUNT = "DELETE FROM {table} WHERE user_id = -7"
LATEST_OF_A_MONTH = (
    "SELECT * FROM {table} WHERE user_id = 7 AND created_at >= date '2025-12-01'"
    " ORDER BY id DESC LIMIT 50"
)


def measure(*, quick: bool) -> dict[str, object]:
    """Return ratios of medians, and the ratio of removing the oldest month."""
    months, events, turns = (3, 10, 2) if quick else (MONTHS, 10_000, TURNS)
    with site(kind="postgresql") as made, made.app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("SET statement_timeout = 0")
        _fill(connection, months, events)
        statements = {
            "insert an event": f"INSERT INTO {{table}} {_event()} date '2023-01-31'"
            f" + interval '{months - 1} months', now() FROM generate_series(1, 1) g",
            "select the pending events": PENDING,
            "select a user's latest 50": LATEST,
            "select a user's latest 50 of the last month": LATEST_OF_A_MONTH,
            "delete the events of an account without any": OF_AN_ACCOUNT,
        }
        figures: dict[str, object] = {"events, months": f"{months * events:,}, {months}"}
        for what, statement in statements.items():
            figures[f"{what}, by month / one table"] = _ratio(connection, statement, turns)
        oldest = partitions.name_of(FIRST)
        dropped = _timed(connection, f"ALTER TABLE activities DETACH PARTITION {oldest}")
        dropped += _timed(connection, f"DROP TABLE {oldest}")
        deleted = _timed(connection, "DELETE FROM one_table WHERE created_at < date '2023-02-01'")
        figures["remove the oldest month, drop / delete"] = round(dropped / deleted, 3)
    return figures


def _event() -> str:
    return EVENT.format(users=USERS)


def _fill(connection: Connection, months: int, events: int) -> None:
    connection.exec_driver_sql(SOME_USER.format(users=USERS))
    for statement in ONE_TABLE.split(";"):
        connection.exec_driver_sql(statement)
    for n in range(months - 1):
        partitions.create(months_after(FIRST, n))
    partitions.create_missing(months_after(FIRST, months - 1))
    for n in range(months):
        for table in TABLES:
            connection.exec_driver_sql(
                f"INSERT INTO {table} {_event()} date '2023-01-01' + interval '{n} months'"
                f" + g * interval '4 minutes', now() FROM generate_series(1, {events}) g"
            )
    connection.exec_driver_sql("VACUUM ANALYZE")


def _ratio(connection: Connection, statement: str, turns: int) -> float:
    took: Mapping[str, list[float]] = {table: [] for table in TABLES}
    for turn in range(turns):
        for table in TABLES if turn % 2 else TABLES[::-1]:
            took[table].append(_timed(connection, statement.format(table=table)))
    by_month, in_one = (median(took[table]) for table in TABLES)
    return round(by_month / in_one, 2)


def _timed(connection: Connection, statement: str) -> float:
    start = time.perf_counter()
    found = connection.exec_driver_sql(statement)
    if found.returns_rows:
        found.all()
    return time.perf_counter() - start
