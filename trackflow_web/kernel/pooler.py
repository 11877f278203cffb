"""A pooler in transaction mode, such as pgbouncer, between the application and PostgreSQL.

Each transaction may run on another connection of the server, so nothing is left on one: no prepared
statement, no setting of a session, no LISTEN, no lock beyond the commit (ADR 53).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection

# Of psycopg. A prepared statement belongs to a connection of the server.
CONNECT_ARGUMENTS: dict[str, Any] = {"prepare_threshold": None}


def leave_begin_to_us(connection: DBAPIConnection, _record: object) -> None:
    """Stop the driver from sending its own BEGIN; COMMIT and ROLLBACK stay the driver's."""
    connection.autocommit = True


def begin(connection: Connection, limits: Mapping[str, str]) -> None:
    """Begin a transaction with these settings, in one message to the server."""
    settings = "".join(f"; SET LOCAL {name} = '{value}'" for name, value in limits.items())
    connection.exec_driver_sql(f"BEGIN{settings}")
