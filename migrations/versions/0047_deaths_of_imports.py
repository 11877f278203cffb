"""How many workers have died with an import, so that it does not kill them for ever.

Revision ID: 0047
Revises: 0046
Create Date: 2026-11-29 01:12:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TABLE, COLUMN = "imports", "deaths"


def upgrade() -> None:
    """Add the column."""
    op.add_column(TABLE, sa.Column(COLUMN, sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column(TABLE, COLUMN)
