"""which address of a private feed is valid.

Revision ID: 0036
Revises: 0035
Create Date: 2026-11-28 16:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the version."""
    op.add_column(
        "users", sa.Column("feed_version", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    """Delete it."""
    op.drop_column("users", "feed_version")
