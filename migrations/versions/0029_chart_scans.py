"""uploaded chart files.

Revision ID: 0029
Revises: 0028
Create Date: 2026-11-28 14:35:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add uploads and their songs."""
    op.create_table(
        "chart_scans",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("songs", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_chart_scans_user_id_id", "chart_scans", ["user_id", "id"])
    op.create_index("ix_chart_scans_created_at", "chart_scans", ["created_at"])
    op.create_table(
        "chart_scan_songs",
        sa.Column("scan_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("notes", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("song_id", BIG_ID, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["scan_id"], ["chart_scans.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("scan_id", "position"),
    )
    op.create_index("ix_chart_scan_songs_song_id", "chart_scan_songs", ["song_id"])


def downgrade() -> None:
    """Delete them."""
    op.drop_table("chart_scan_songs")
    op.drop_table("chart_scans")
