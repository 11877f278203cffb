"""images of public pages for link previews.

Revision ID: 0039
Revises: 0038
Create Date: 2026-11-28 18:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the images."""
    op.create_table(
        "share_images",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=12), nullable=True),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "subject_id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_share_images_checked_at", "share_images", ["checked_at"])
    op.create_index("ix_share_images_user_id_id", "share_images", ["user_id", "id"])
    waiting = sa.text("wanted_at IS NOT NULL")
    op.create_index(
        "ix_share_images_waiting",
        "share_images",
        ["wanted_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    """Delete them."""
    op.drop_table("share_images")
