"""the index of leaderboards is in the order of their rows.

Revision ID: 0038
Revises: 0037
Create Date: 2026-11-28 17:55:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sort equal scores by who reached them first, best scores first."""
    _index(sa.text("score DESC"))


def downgrade() -> None:
    """Sort everything upwards again."""
    _index("score")


def _index(score: str | sa.TextClause) -> None:
    op.drop_index("ix_leaderboard_scores_listed", table_name="leaderboard_scores")
    op.create_index(
        "ix_leaderboard_scores_listed",
        "leaderboard_scores",
        ["kind", "span", "start", score, "reached_at", "user_id", "listed"],
        sqlite_where=sa.text("listed"),
        postgresql_where=sa.text("listed"),
    )
