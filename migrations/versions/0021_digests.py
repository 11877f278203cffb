"""the versions that a digest is about.

Revision ID: 0021
Revises: 0020
Create Date: 2026-11-28 12:40:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = ("after_version", "upto_version")


def upgrade() -> None:
    """Add the columns."""
    for column in COLUMNS:
        op.add_column("mails", sa.Column(column, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Remove them."""
    for column in COLUMNS:
        op.drop_column("mails", column)
