"""uploaded covers of songs and packs.

Revision ID: 0034
Revises: 0033
Create Date: 2026-11-28 15:25:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the covers, and which one is shown."""
    op.create_table(
        "covers",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("song_id", BIG_ID, nullable=True),
        sa.Column("pack_id", BIG_ID, nullable=True),
        sa.Column("original", sa.LargeBinary(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("large", sa.LargeBinary(), nullable=True),
        sa.Column("small", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("song_id", "pack_id", "uploaded_at", "digest"):
        op.create_index(f"ix_covers_{column}", "covers", [column])
    op.create_index("ix_covers_user_id_id", "covers", ["user_id", "id"])
    waiting = sa.text("original IS NOT NULL")
    op.create_index(
        "ix_covers_waiting",
        "covers",
        ["uploaded_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    shown = sa.text("cover IS NOT NULL")
    for table in ("songs", "packs"):
        op.add_column(table, sa.Column("cover", sa.String(length=64), nullable=True))
        op.create_index(
            f"ix_{table}_cover", table, ["cover"], sqlite_where=shown, postgresql_where=shown
        )


def downgrade() -> None:
    """Delete them."""
    for table in ("packs", "songs"):
        op.drop_index(f"ix_{table}_cover", table_name=table)
        op.drop_column(table, "cover")
    op.drop_table("covers")
