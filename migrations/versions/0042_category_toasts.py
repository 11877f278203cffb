"""Reservations of the toasts of completed categories.

Revision ID: 0042
Revises: 0041
Create Date: 2026-11-28 19:20:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TABLE, COLUMN = "user_category_completions", "shown_until"


def upgrade() -> None:
    """Add the column."""
    op.add_column(TABLE, sa.Column(COLUMN, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column(TABLE, COLUMN)
