"""The two databases: SQLite out of the box, PostgreSQL where a community outgrows one machine."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, registry

from trackflow_web.kernel import database_errors, pooler
from trackflow_web.kernel.replica import RoutedSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.dialects.postgresql import Insert
    from sqlalchemy.engine import Connection, Dialect, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

Row = TypeVar("Row", bound="Base")

SECONDS_TO_WAIT_FOR_A_LOCK = 5
SECONDS_TO_WAIT_FOR_A_CONNECTION = 3
SECONDS_OF_A_STATEMENT = 5
SECONDS_IDLE_IN_A_TRANSACTION = 10
# For commands and jobs, which block no page.
SECONDS_A_COMMAND_WAITS_FOR_A_LOCK = 30
SECONDS_A_COMMAND_IDLES_IN_A_TRANSACTION = 300
# If the network drops packets, the operating system reports it after this time, not after hours.
SECONDS_WITHOUT_AN_ANSWER = 10


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """A time: aware and in UTC on the way in and out, on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Reject a time without a zone, which is no definite moment."""
        del dialect
        if value is not None and value.tzinfo is None:
            message = f"a time needs a zone: {value!r}"
            raise ValueError(message)
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Add the zone, which SQLite does not store."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite generates ids only in a column that is declared INTEGER PRIMARY KEY.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Base(DeclarativeBase):
    """The base of every table, with constraint names that migrations can refer to."""

    # Flask-SQLAlchemy derives a class of its own from this one; a registry is what both can share.
    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UTCDateTime(), dict[str, Any]: sa.JSON()},
    )


# Objects stay readable after the commit: the response is rendered from them, and nothing in one
# request changes behind its own back.
db = SQLAlchemy(
    model_class=Base, session_options={"class_": RoutedSession, "expire_on_commit": False}
)

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_patience: ContextVar[float] = ContextVar("patience", default=SECONDS_TO_WAIT_FOR_A_LOCK)
_unhurried: ContextVar[bool] = ContextVar("unhurried", default=False)


def set_writing(
    *, writing: bool, patience: float = SECONDS_TO_WAIT_FOR_A_LOCK
) -> Callable[[], None]:
    """Set whether new transactions in this context write; return a function that undoes it.

    Only `kernel.transactions` calls this. `patience` is the number of seconds to wait for SQLite's
    lock.

    On SQLite a writing transaction starts with BEGIN IMMEDIATE: one that reads first and then
    writes fails immediately if another has written in between, regardless of the timeout.
    """
    was_writing, had_patience = _writing.set(writing), _patience.set(patience)

    def restore() -> None:
        _writing.reset(was_writing)
        _patience.reset(had_patience)

    return restore


def is_writing() -> bool:
    """Return whether new transactions in this context write."""
    return _writing.get()


@contextmanager
def without_timeouts() -> Iterator[None]:
    """Run the block without the time limits of pages: no statement is cut off.

    For commands and jobs; a page that takes longer than seconds is not waited for.
    """
    token = _unhurried.set(True)
    try:
        yield
    finally:
        _unhurried.reset(token)


def get_for_update(table: type[Row], key: object, *, key_share: bool = False) -> Row | None:
    """Return the current row of this primary key, locked until the commit.

    A lock alone does not refresh objects that the session loaded before it waited. With `key_share`
    others may still write rows that refer to this one.
    """
    return db.session.get(
        table, key, with_for_update={"key_share": key_share}, populate_existing=True
    )


def literal_ids(name: str) -> sa.BindParameter[Any]:
    """Return a list of hundreds of ids for `in_`, passed by this name at execution.

    They are rendered into the statement as literals: as parameters each one would be converted for
    PostgreSQL, which takes longer than looking them up.
    """
    return sa.bindparam(name, expanding=True, literal_execute=True, type_=sa.BigInteger())


def dialect() -> str:
    """Return which database is in use: `sqlite` or `postgresql`."""
    return db.engine.dialect.name


def upsert(table: type[Base]) -> Insert:
    """Return an INSERT that knows ON CONFLICT, in the dialect of the database in use."""
    return insert_into(table, dialect())


def insert_into(table: type[Base], dialect_name: str) -> Insert:
    """Return an INSERT with ON CONFLICT in this dialect, for cached statements."""
    insert = sqlite.insert if dialect_name == "sqlite" else postgresql.insert
    # The plain table: rows written in bulk need none of what the ORM does for objects.
    return insert(cast("sa.Table", table.__table__))  # type: ignore[return-value]  # same methods


def engine_options(
    url: str, *, connections: int = 5, more: int = 5, pooled: bool = False
) -> dict[str, Any]:
    """Return the options of SQLAlchemy's create_engine beside the URL, for both databases.

    A process keeps `connections` and opens up to `more` under load; without a free one in time,
    SQLAlchemy raises sqlalchemy.exc.TimeoutError. `pooled`: through a pooler in transaction mode.
    """
    pool = {
        "pool_size": connections,
        "max_overflow": more,
        "pool_timeout": SECONDS_TO_WAIT_FOR_A_CONNECTION,
        # Errors are logged, and values may be email addresses or hashes.
        "hide_parameters": True,
    }
    if sa.make_url(url).get_backend_name() == "sqlite":
        return {**pool, "connect_args": {"timeout": SECONDS_TO_WAIT_FOR_A_LOCK}}
    # A connection that was closed while idle is replaced before it is used.
    return {**pool, "pool_pre_ping": True, "connect_args": connect_arguments(pooled=pooled)}


def connect_arguments(*, pooled: bool) -> dict[str, Any]:
    """Return the arguments of psycopg's connect beside the URL."""
    session = (
        pooler.CONNECT_ARGUMENTS
        if pooled
        else {"options": " ".join(f"-c {name}={value}" for name, value in _settings().items())}
    )
    return {
        "application_name": "trackflow",
        "connect_timeout": SECONDS_TO_WAIT_FOR_A_CONNECTION,
        **session,
        "keepalives_idle": SECONDS_WITHOUT_AN_ANSWER // 2,
        "keepalives_interval": 1,
        "keepalives_count": SECONDS_WITHOUT_AN_ANSWER // 2,
        "tcp_user_timeout": SECONDS_WITHOUT_AN_ANSWER * 1000,
    }


def _settings() -> dict[str, str]:
    """Return the settings of PostgreSQL for a transaction of a page, or of a command or job.

    Statements are not compiled: that takes seconds, and PostgreSQL decides by a cost that does not
    know how soon a limit is reached.
    """
    if _unhurried.get():
        statement, lock = 0, SECONDS_A_COMMAND_WAITS_FOR_A_LOCK
        idle = SECONDS_A_COMMAND_IDLES_IN_A_TRANSACTION
    else:
        statement, lock = SECONDS_OF_A_STATEMENT, SECONDS_TO_WAIT_FOR_A_LOCK
        idle = SECONDS_IDLE_IN_A_TRANSACTION
    return {
        "statement_timeout": f"{statement}s",
        "idle_in_transaction_session_timeout": f"{idle}s",
        "lock_timeout": f"{lock}s",
        "jit": "off",
    }


def server_version() -> int:
    """Return the major version of the PostgreSQL server; 0 for SQLite, which has none."""
    if db.engine.dialect.name == "sqlite":
        return 0
    with db.engine.connect() as connection:
        return int(connection.scalar(sa.text("SHOW server_version_num")) or 0) // 10_000


def prepare(engine: Engine, *, pooled: bool = False) -> None:
    """Configure an engine: SQLite must not lose updates, commands may take longer than pages."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
        return
    event.listen(engine, "handle_error", database_errors.raise_as_busy)
    if pooled:
        event.listen(engine, "connect", pooler.leave_begin_to_us)
        event.listen(engine, "begin", lambda connection: pooler.begin(connection, _settings()))
    else:
        event.listen(engine, "begin", _raise_limits)


def forget_connections() -> None:
    """Discard all connections after a fork: they belong to the parent.

    They are left open, because closing them would end the parent's sessions.
    """
    db.engine.dispose(close=False)


def _set_pragmas(connection: DBAPIConnection, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # The driver's own BEGIN comes only before the first write, so that what was read earlier may
    # have changed meanwhile; `_begin` sends it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={SECONDS_TO_WAIT_FOR_A_LOCK * 1000}")
    connection.execute("PRAGMA journal_mode=WAL")
    # NORMAL does not sync the commits of a WAL: a power cut would lose acknowledged work.
    connection.execute("PRAGMA synchronous=FULL")


def _begin(connection: Connection) -> None:
    if not _writing.get():
        connection.exec_driver_sql("BEGIN")
        return
    least = SECONDS_A_COMMAND_WAITS_FOR_A_LOCK if _unhurried.get() else 0
    seconds = max(least, _patience.get())
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _raise_limits(connection: Connection) -> None:
    """Raise PostgreSQL's limits for one transaction of a command or job."""
    if not _unhurried.get():
        return
    local = ", ".join(
        f"set_config('{name}', '{value}', true)" for name, value in _settings().items()
    )
    connection.exec_driver_sql(f"SELECT {local}")
