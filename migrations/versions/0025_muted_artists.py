"""muted artists and removed followers.

Revision ID: 0025
Revises: 0024
Create Date: 2026-11-28 14:50:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def user(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_users"
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(name), ondelete="CASCADE")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "muted_artists",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("artist_key", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        user("muted_artists", "user_id"),
        sa.PrimaryKeyConstraint("user_id", "artist_key", name=op.f("pk_muted_artists")),
    )
    op.create_table(
        "removed_followers",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("follower_id", BIG_ID, nullable=False),
        sa.Column("until", TIME, nullable=False),
        user("removed_followers", "user_id"),
        user("removed_followers", "follower_id"),
        sa.PrimaryKeyConstraint("user_id", "follower_id", name=op.f("pk_removed_followers")),
    )
    op.create_index(op.f("ix_removed_followers_follower_id"), "removed_followers", ["follower_id"])
    op.create_index(op.f("ix_removed_followers_until"), "removed_followers", ["until"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("removed_followers")
    op.drop_table("muted_artists")
