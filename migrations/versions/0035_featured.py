"""awards that were an achievement of the week.

Revision ID: 0035
Revises: 0034
Create Date: 2026-11-28 15:20:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.add_column(
            sa.Column("featured", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    """Remove the column."""
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.drop_column("featured")
