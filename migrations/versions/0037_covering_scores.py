"""the index of leaderboards covers what places are counted from.

Revision ID: 0037
Revises: 0036
Create Date: 2026-11-28 16:18:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

COLUMNS = ["kind", "span", "start", "score", "reached_at", "user_id"]


def upgrade() -> None:
    """Add the column of its condition, which SQLite reads too."""
    _index([*COLUMNS, "listed"])


def downgrade() -> None:
    """Leave it out again."""
    _index(COLUMNS)


def _index(columns: list[str]) -> None:
    op.drop_index("ix_leaderboard_scores_listed", table_name="leaderboard_scores")
    op.create_index(
        "ix_leaderboard_scores_listed",
        "leaderboard_scores",
        columns,
        sqlite_where=sa.text("listed"),
        postgresql_where=sa.text("listed"),
    )
