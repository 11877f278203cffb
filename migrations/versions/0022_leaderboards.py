"""leaderboards and the highest level of a user.

The scores of the present periods are filled from the source rows; a recheck counts them again.

Revision ID: 0022
Revises: 0021
Create Date: 2026-11-28 11:35:00.000000
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EPOCH = date(1970, 1, 1)
# By kind: whose, when, worth what, and the condition of work that counts in an open period.
SOURCES = {
    "points": (
        "user_achievements WHERE revoked_at IS NULL",
        "user_id",
        "earned_at",
        "points",
        "NOT backfilled",
    ),
    "achievements": (
        "user_achievements WHERE revoked_at IS NULL",
        "user_id",
        "earned_at",
        "1",
        "NOT backfilled",
    ),
    "releases": (
        "songs WHERE released_at IS NOT NULL",
        "user_id",
        "released_at",
        "1",
        "(import_id IS NULL OR created_at <> released_at)",
    ),
    "parts": (
        "song_parts WHERE done_by IS NOT NULL AND first_done_at IS NOT NULL",
        "done_by",
        "first_done_at",
        "1",
        "1 = 1",
    ),
}


def upgrade() -> None:
    """Add the tables and columns, and fill them."""
    op.create_table(
        "leaderboard_scores",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_leaderboard_scores_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "kind", "span", "start", "user_id", name=op.f("pk_leaderboard_scores")
        ),
    )
    op.create_index(
        "ix_leaderboard_scores_listed",
        "leaderboard_scores",
        ["kind", "span", "start", "score", "reached_at", "user_id"],
        sqlite_where=sa.text("listed"),
        postgresql_where=sa.text("listed"),
    )
    op.create_index("ix_leaderboard_scores_user_id", "leaderboard_scores", ["user_id"])
    op.create_table(
        "leaderboard_closings",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "span", "start", name=op.f("pk_leaderboard_closings")),
    )
    op.create_table(
        "leaderboard_finals",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_leaderboard_finals_user_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaderboard_finals")),
    )
    op.create_index(
        "ix_leaderboard_finals_period",
        "leaderboard_finals",
        ["kind", "span", "start", "position"],
        unique=True,
    )
    op.create_index("ix_leaderboard_finals_user_id", "leaderboard_finals", ["user_id"])
    for column in ("level_best", "level_shown"):
        op.add_column(
            "user_stats", sa.Column(column, sa.Integer(), nullable=False, server_default="1")
        )
    _fill_levels()
    _fill_scores()


def _fill_levels() -> None:
    """Store the level that the points of each user reach; level n starts at 25 n (n - 1) points."""
    connection = op.get_bind()
    highest = connection.scalar(sa.text("SELECT max(total_points) FROM user_stats")) or 0
    level = (1 + math.isqrt(1 + 8 * (highest // 50))) // 2
    for each in range(2, level + 1):
        connection.execute(
            sa.text(
                "UPDATE user_stats SET level_best = :level, level_shown = :level"
                " WHERE total_points >= :points"
            ),
            {"level": each, "points": 25 * each * (each - 1)},
        )


def _fill_scores() -> None:
    """Fill the scores of the periods that contain today, and of all time."""
    today = datetime.now(UTC).date()
    starts = {
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
        "all": EPOCH,
    }
    at_start = sa.bindparam("at_start", type_=sa.DateTime(timezone=True))
    for kind, (rows, user_id, at, worth, is_work) in SOURCES.items():
        for span, start in starts.items():
            inside = "" if span == "all" else f" AND {is_work} AND {at} >= :at_start"
            statement = sa.text(
                "INSERT INTO leaderboard_scores"  # noqa: S608 -- the names above
                " (kind, span, start, user_id, score, reached_at, listed)"
                f" SELECT :kind, :span, :start, {user_id}, sum({worth}), max({at}),"
                " (SELECT on_boards AND banned_at IS NULL FROM users"
                f" WHERE users.id = {user_id})"
                f" FROM {rows}{inside} GROUP BY {user_id}"
            ).bindparams(sa.bindparam("start", type_=sa.Date()))
            values = {"kind": kind, "span": span, "start": start}
            if inside:
                statement = statement.bindparams(at_start)
                values["at_start"] = datetime.combine(start, time(), UTC)
            op.get_bind().execute(statement, values)


def downgrade() -> None:
    """Remove them."""
    for column in ("level_shown", "level_best"):
        op.drop_column("user_stats", column)
    for table in ("leaderboard_finals", "leaderboard_closings", "leaderboard_scores"):
        op.drop_table(table)
