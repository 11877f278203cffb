"""whether a playlist comes from Spotify.

Revision ID: 0018
Revises: 0017
Create Date: 2026-11-28 12:20:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what counted before keeps counting."""
    with op.batch_alter_table("imports") as batch_op:
        batch_op.add_column(
            sa.Column("from_spotify", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute(
        "UPDATE imports SET from_spotify = true WHERE source = 'spotify'"
        " OR id IN (SELECT import_id FROM imported_playlists)"
    )


def downgrade() -> None:
    """Remove it."""
    with op.batch_alter_table("imports") as batch_op:
        batch_op.drop_column("from_spotify")
