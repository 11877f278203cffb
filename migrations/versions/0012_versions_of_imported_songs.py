"""versions of imported songs; one song for one track.

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-28 09:40:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# If several tracks of a series have the same song, the first keeps it.
LATER = (
    "SELECT 1 FROM tracks AS first WHERE first.series_id = tracks.series_id"
    " AND first.song_id = tracks.song_id AND first.position < tracks.position"
)


def upgrade() -> None:
    """Change the tables, and unlink tracks from a song that an earlier one has."""
    with op.batch_alter_table("import_rows") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        f"UPDATE tracks SET song_id = NULL WHERE song_id IS NOT NULL AND EXISTS ({LATER})"  # noqa: S608
    )
    op.execute(_REOPENED)
    op.execute(_COUNTED)


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table("import_rows") as batch_op:
        batch_op.drop_column("version")


# Series that are complete and have a relevant track without a song that is Released now.
_REOPENED = (
    "UPDATE series SET completed_at = NULL WHERE completed_at IS NOT NULL AND EXISTS ("
    "SELECT 1 FROM tracks LEFT JOIN songs ON songs.id = tracks.song_id"
    " WHERE tracks.series_id = series.id AND NOT tracks.irrelevant"
    " AND (songs.id IS NULL OR songs.status <> 'released'))"
)
_COUNTED = (
    "UPDATE user_stats SET completed_series = (SELECT count(*) FROM series"
    " WHERE series.user_id = user_stats.user_id AND completed_at IS NOT NULL)"
    " WHERE completed_series > 0"
)
