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
from sqlalchemy.orm import DeclarativeBase, Session, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.dialects.postgresql import Insert
    from sqlalchemy.engine import Connection, Dialect, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.exc import IntegrityError

Row = TypeVar("Row", bound="Base")

SECONDS_TO_WAIT_FOR_A_LOCK = 5
SECONDS_TO_WAIT_FOR_A_CONNECTION = 3
FOREIGN_KEY_VIOLATION = "23503"  # as PostgreSQL calls it


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """A moment: aware and in UTC on the way in and out, whatever the database keeps."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: nobody could say which moment it was."""
        del dialect
        if value is not None and value.tzinfo is None:
            message = f"a time needs a zone: {value!r}"
            raise ValueError(message)
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives the zone back as nothing."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite only counts up by itself in a column that is declared INTEGER PRIMARY KEY.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Base(DeclarativeBase):
    """What every table shares: names of constraints that a migration can refer to."""

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


# Objects stay readable after the commit: the answer is rendered from them, and nothing in one
# request changes behind its own back.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_patience: ContextVar[float] = ContextVar("patience", default=SECONDS_TO_WAIT_FOR_A_LOCK)


def set_writing(*, writing: bool, patience: float = SECONDS_TO_WAIT_FOR_A_LOCK) -> None:
    """Say whether transactions that begin from now on in this context are writing ones.

    `patience` is how many seconds SQLite's lock is waited for.

    On SQLite a writing one starts with BEGIN IMMEDIATE: a transaction that reads first and then
    wants to write fails at once when another has written in between, and no timeout helps.
    """
    _writing.set(writing)
    _patience.set(patience)


@contextmanager
def own_transaction() -> Iterator[Session]:
    """A writing transaction apart from the request's, for what must survive an error answer.

    It is committed when the block ends well. The request's own transaction is let go first: on
    SQLite it may hold the write lock that this one waits for. What it had changed would be lost,
    so this is for the time before the action.
    """
    db.session.rollback()
    db.session().info.clear()  # what was recorded did not happen any more
    token = _writing.set(True)
    try:
        with Session(db.engine, expire_on_commit=False) as session, session.begin():
            yield session
    finally:
        _writing.reset(token)


def held(table: type[Row], key: object, *, key_share: bool = False) -> Row | None:
    """The row of this primary key, as it is now, which others wait to change until the commit.

    A lock by itself does not refresh what the session has loaded before it waited. With `key_share`
    others may still write rows that refer to this one.
    """
    return db.session.get(
        table, key, with_for_update={"key_share": key_share}, populate_existing=True
    )


def refers_to_what_is_gone(error: IntegrityError) -> bool:
    """Whether a row was written that belongs to one that somebody deleted at the same time.

    Whoever asks again is told so in its own words. On SQLite nobody else writes meanwhile.
    """
    return getattr(error.orig, "sqlstate", None) == FOREIGN_KEY_VIOLATION


def dialect() -> str:
    """Which database is in use: `sqlite` or `postgresql`."""
    return db.engine.dialect.name


def upsert(table: type[Base]) -> Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the database in use."""
    return insert_into(table, dialect())


def insert_into(table: type[Base], dialect_name: str) -> Insert:
    """An INSERT that knows ON CONFLICT, in this dialect; for statements that are kept."""
    insert = sqlite.insert if dialect_name == "sqlite" else postgresql.insert
    # The plain table: rows written in bulk need none of what the ORM does for objects.
    return insert(cast("sa.Table", table.__table__))  # type: ignore[return-value]  # same methods


def engine_options(url: str) -> dict[str, Any]:
    """What SQLAlchemy's create_engine needs beside the address, for either database."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": SECONDS_TO_WAIT_FOR_A_LOCK}}
    return {
        "pool_pre_ping": True,
        "pool_timeout": SECONDS_TO_WAIT_FOR_A_CONNECTION,
        "connect_args": {
            "connect_timeout": SECONDS_TO_WAIT_FOR_A_CONNECTION,
            "options": "-c statement_timeout=5s -c idle_in_transaction_session_timeout=10s"
            " -c lock_timeout=5s",
        },
    }


def prepare(engine: Engine) -> None:
    """Give an engine the settings that keep SQLite from losing updates; PostgreSQL needs none."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


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
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(_patience.get() * 1000)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
