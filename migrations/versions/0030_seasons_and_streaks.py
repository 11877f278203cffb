"""seasons, names of levels, weekly streaks.

The weeks in which users charted are filled from their events, in their present time zones.

Revision ID: 0030
Revises: 0029
Create Date: 2026-11-28 14:40:00.000000
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
# What counts as charting, and whether the credit goes to the event's user or to whoever acted.
CHARTING = {
    "part_done": "user_id",
    "song_started": "actor_id",
    "song_finished": "actor_id",
    "song_released": "actor_id",
}
ROWS_AT_ONCE = 1000
WEEKS = sa.table(
    "charting_weeks",
    sa.column("user_id", sa.BigInteger),
    sa.column("week", sa.Date),
    sa.column("at", TIME),
    sa.column("timezone", sa.String),
    sa.column("event", sa.String),
    sa.column("subject_id", sa.BigInteger),
    sa.column("counts", sa.Boolean),
)


def upgrade() -> None:
    """Add the tables and columns, and fill them."""
    op.create_table(
        "seasons",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("period", sa.String(length=60), nullable=False),
        sa.Column("draft", sa.Boolean(), nullable=False),
        sa.Column("rerun", sa.String(length=10), nullable=False),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("started_upto", BIG_ID, server_default="0", nullable=False),
        sa.Column("ending_upto", BIG_ID, server_default="0", nullable=False),
        sa.Column("counted_upto", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["period"], ["counting_periods.id"], name=op.f("fk_seasons_period_counting_periods")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seasons")),
        sa.UniqueConstraint("slug", name=op.f("uq_seasons_slug")),
        sa.UniqueConstraint("period", name=op.f("uq_seasons_period")),
    )
    op.create_table(
        "level_names",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("level", name=op.f("pk_level_names")),
    )
    op.add_column("user_stats", sa.Column("level_shown_until", TIME, nullable=True))
    op.create_table(
        "charting_weeks",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_charting_weeks_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "week", name=op.f("pk_charting_weeks")),
    )
    op.create_table(
        "break_weeks",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("planned_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_break_weeks_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "week", name=op.f("pk_break_weeks")),
    )
    op.add_column("users", sa.Column("charted_week", sa.Date(), nullable=True))
    _fill_weeks()


def _fill_weeks() -> None:
    """Add the week of every event that counts, by whoever was first in it."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT activities.fact, activities.user_id, activities.actor_id,"
            " activities.subject_id, activities.created_at FROM activities"
            " WHERE activities.fact IN :names ORDER BY activities.id"
        )
        .bindparams(sa.bindparam("names", expanding=True))
        .columns(created_at=TIME),
        {"names": sorted(CHARTING)},
    ).all()
    zones = {
        row.id: row.timezone
        for row in connection.execute(sa.text("SELECT id, timezone FROM users")).all()
    }
    found: dict[tuple[int, object], dict[str, object]] = {}
    for row in rows:
        user_id = getattr(row, CHARTING[row.fact])
        if user_id not in zones:
            continue
        at = row.created_at if row.created_at.tzinfo else row.created_at.replace(tzinfo=UTC)
        week = _week_of(at, zones[user_id])
        found.setdefault(
            (user_id, week),
            {
                "user_id": user_id,
                "week": week,
                "at": at,
                "timezone": zones[user_id],
                "event": row.fact,
                "subject_id": row.subject_id,
                "counts": True,
            },
        )
    values = list(found.values())
    for start in range(0, len(values), ROWS_AT_ONCE):
        op.bulk_insert(WEEKS, values[start : start + ROWS_AT_ONCE])
    connection.execute(
        sa.text(
            "UPDATE users SET charted_week ="
            " (SELECT max(week) FROM charting_weeks WHERE charting_weeks.user_id = users.id)"
        )
    )


def _week_of(at: datetime, zone: str) -> object:
    day = at.astimezone(ZoneInfo(zone)).date()
    return day - timedelta(days=day.weekday())


def downgrade() -> None:
    """Remove them; seasonal achievements stay, as custom ones of a period."""
    op.drop_column("users", "charted_week")
    for table in ("break_weeks", "charting_weeks"):
        op.drop_table(table)
    op.drop_column("user_stats", "level_shown_until")
    for table in ("level_names", "seasons"):
        op.drop_table(table)
