"""How Alembic reaches the database: through the application that `flask db` runs in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context
from flask import current_app

from trackflow_web.kernel import transactions
from trackflow_web.kernel.database import UTCDateTime, db

# Two processes that migrate at once: the second waits here and finds the work done.
ADVISORY_LOCK = 7_242_006
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
# On SQLite it waits for the lock of the file; seconds.
PATIENCE = 600


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Render the application's own types as plain database types."""
    return (
        "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False
    )


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Return whether the models define this object; not the queue's tables, nor partitions."""
    return not (kind == "table" and name is not None and name.startswith(("huey_", "activities_")))


def is_compared(_item: object, name: str | None, kind: str, _is_found: object, _to: object) -> bool:
    """Return whether Alembic can compare this: of SQLite it does not read the order of a column."""
    return not (kind == "index" and name in _ORDERED and db.engine.dialect.name == "sqlite")


_ORDERED = {
    index.name
    for table in db.metadata.tables.values()
    for index in table.indexes
    if not all(isinstance(each, sa.Column) for each in index.expressions)
}


def run_migrations() -> None:
    """Migrate inside one transaction: all or nothing, on either database."""
    options = current_app.extensions["migrate"].configure_args
    transactions.begin(writing=True, patience=PATIENCE)
    with db.engine.connect() as connection:
        _let_tables_be_rebuilt(connection)
        if connection.dialect.name == "postgresql":
            # Changing a large table takes longer than the statement timeout of pages.
            for name in LIMITS:
                connection.exec_driver_sql(f"SET LOCAL {name} = 0")
            # Until the commit: a lock of the session would be lost behind a pooler.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            include_name=is_ours,
            include_object=is_compared,
            # SQLite's tables change inside a transaction, too; Alembic would commit each migration
            # by itself, and another process could come between two of them.
            transactional_ddl=True,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        _check_references(connection)
    transactions.end()


def _let_tables_be_rebuilt(connection: sa.Connection) -> None:
    """Disable foreign keys: SQLite copies and drops tables, which would delete referring rows.

    The pragma works only outside a transaction, so it bypasses SQLAlchemy, which would begin one.
    """
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")


def _check_references(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    cursor = connection.connection.cursor()
    broken = cursor.execute("PRAGMA foreign_key_check").fetchall()
    cursor.execute("PRAGMA foreign_keys=ON")
    if broken:
        complaint = f"the migration left references to rows that are gone: {broken[:5]}"
        raise SystemExit(complaint)


if context.is_offline_mode():
    message = "migrations are run against a database, not written as SQL"
    raise SystemExit(message)
run_migrations()
