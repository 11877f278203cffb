"""activities are stored by month on PostgreSQL; archived months are listed.

On PostgreSQL the table becomes partitioned. The existing one is kept as its first partition, which
ends with the current month, so no row is copied. The table is locked until the commit: actions wait
meanwhile, and those that wait for longer than five seconds return a 503. A table of some million
rows takes seconds; of a larger one, about a minute for ten million rows goes into an index and a
scan. Both can be made before, while users work, and the migration then takes a moment:

    CREATE UNIQUE INDEX CONCURRENTLY activities_past_pkey ON activities (id, created_at);
    ALTER TABLE activities ADD CONSTRAINT activities_past_check
        CHECK (created_at < '2027-01-01 00:00:00+00') NOT VALID;  -- the next month, in UTC
    ALTER TABLE activities VALIDATE CONSTRAINT activities_past_check;

With that constraint no event of the next month can be stored, so actions would fail then. If the
migration does not come in the same month, drop the constraint before the month ends.

Code from before works with the new table. Privileges that other roles have on the table must be
granted again. Going back copies all rows into one table.

Revision ID: 0046
Revises: 0045
Create Date: 2026-11-28 21:40:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

PAST = "activities_past"
# By the names that they have had.
INDEXES = {
    "ix_activities_user_id_id": "(user_id, id)",
    "ix_activities_actor_id": "(actor_id)",
    "ix_activities_unheard": "(id) WHERE heard_at IS NULL",
}
FOREIGN_KEYS = {"user_id": "CASCADE", "actor_id": "SET NULL"}
NEXT_MONTH = "date_trunc('month', {at} AT TIME ZONE 'UTC') + interval '1 month'"


def upgrade() -> None:
    """List archives; on PostgreSQL, partition the events."""
    op.create_table(
        "event_archives",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file", sa.String(length=100), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_archives")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _partition()


def downgrade() -> None:
    """Copy the events back into one table."""
    if op.get_bind().dialect.name == "postgresql":
        _unite()
    op.drop_table("event_archives")


def _partition() -> None:
    connection = op.get_bind()
    sequence = _sequence()
    # In the order of actions, which read their user first; foreign keys lock it too.
    op.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
    op.execute("LOCK TABLE activities IN ACCESS EXCLUSIVE MODE")
    has_rows = connection.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM activities)"))
    op.execute(f"ALTER TABLE activities RENAME TO {PAST}")
    for name in INDEXES:
        op.execute(f"ALTER INDEX {name} RENAME TO {name.replace('activities', PAST)}")
    op.execute(f"ALTER TABLE {PAST} DROP CONSTRAINT pk_activities")
    op.execute(
        f"CREATE TABLE activities (LIKE {PAST} INCLUDING DEFAULTS) PARTITION BY RANGE (created_at)"
    )
    op.execute(f"ALTER SEQUENCE {sequence} OWNED BY activities.id")
    _complete("activities", key="id, created_at")
    if has_rows:
        _attach_the_past()
    else:
        op.execute(f"DROP TABLE {PAST}")
    op.execute("CREATE TABLE activities_default PARTITION OF activities DEFAULT")


def _attach_the_past() -> None:
    """Attach the former table; its indexes and foreign keys become those of a partition."""
    connection = op.get_bind()
    made_before = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{}_pkey')"
    if not connection.scalar(sa.text(made_before.format(PAST))):
        op.execute(f"DROP INDEX IF EXISTS {PAST}_pkey")
        op.execute(f"CREATE UNIQUE INDEX {PAST}_pkey ON {PAST} (id, created_at)")
    op.execute(f"ALTER TABLE {PAST} ADD CONSTRAINT {PAST}_pkey PRIMARY KEY USING INDEX {PAST}_pkey")
    try:
        with connection.begin_nested():
            _attach(connection.scalar(sa.text(f"SELECT {NEXT_MONTH.format(at='now()')}")))
    except sa.exc.IntegrityError:  # some clock was ahead
        latest = NEXT_MONTH.format(at="max(created_at)")
        _attach(connection.scalar(sa.text(f"SELECT {latest} FROM {PAST}")))  # noqa: S608 -- constants
    op.execute(f"ALTER TABLE {PAST} DROP CONSTRAINT IF EXISTS {PAST}_check")


def _attach(end: object) -> None:
    op.execute(
        f"ALTER TABLE activities ATTACH PARTITION {PAST} FOR VALUES FROM (MINVALUE) TO ('{end}+00')"
    )


def _unite() -> None:
    sequence = _sequence()
    # In the order of actions, which read their user first; foreign keys lock it too.
    op.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
    op.execute("LOCK TABLE activities IN ACCESS EXCLUSIVE MODE")
    op.execute("CREATE TABLE activities_united (LIKE activities INCLUDING DEFAULTS)")
    op.execute("INSERT INTO activities_united SELECT * FROM activities")
    op.execute(f"ALTER SEQUENCE {sequence} OWNED BY activities_united.id")
    op.execute("DROP TABLE activities")
    op.execute("ALTER TABLE activities_united RENAME TO activities")
    _complete("activities", key="id")


def _complete(table: str, *, key: str) -> None:
    """Add the primary key, the foreign keys and the indexes, under the names of the models."""
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
    for column, action in FOREIGN_KEYS.items():
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT fk_{table}_{column}_users"
            f" FOREIGN KEY ({column}) REFERENCES users (id) ON DELETE {action}"
        )
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {table} {columns}")


def _sequence() -> str:
    found = sa.text("SELECT pg_get_serial_sequence('activities', 'id')")
    return str(op.get_bind().scalar(found))
