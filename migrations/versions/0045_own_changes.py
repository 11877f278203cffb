"""How often users changed something, for comparison with a replica.

Revision ID: 0045
Revises: 0044
Create Date: 2026-11-28 21:45:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLE, COLUMN = "notification_versions", "own_changes"


def upgrade() -> None:
    """Add the column."""
    op.add_column(TABLE, sa.Column(COLUMN, sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column(TABLE, COLUMN)
