"""indexes for the releases of everyone and of one artist.

Revision ID: 0028
Revises: 0027
Create Date: 2026-11-28 14:40:00.000000
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_songs_status_released_at", "songs", ["status", "released_at", "id"])
    op.create_index("ix_songs_artist_key_released_at", "songs", ["artist_key", "released_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_songs_artist_key_released_at", "songs")
    op.drop_index("ix_songs_status_released_at", "songs")
