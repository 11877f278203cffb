"""Ids of messages in Discord, by which they are edited.

Revision ID: 0044
Revises: 0043
Create Date: 2026-11-28 21:50:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

TABLE, COLUMN = "webhook_deliveries", "remote_id"


def upgrade() -> None:
    """Add the column."""
    op.add_column(TABLE, sa.Column(COLUMN, sa.String(length=25), server_default="", nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column(TABLE, COLUMN)
