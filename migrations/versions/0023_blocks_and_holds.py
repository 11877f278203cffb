"""blocks, holds and the end of a suspension.

Revision ID: 0023
Revises: 0022
Create Date: 2026-11-28 14:40:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def user(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_users"
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(name), ondelete="CASCADE")


def upgrade() -> None:
    """Add the tables and the column."""
    op.create_table(
        "blocks",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("blocked_id", BIG_ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("user_id <> blocked_id", name=op.f("ck_blocks_not_oneself")),
        user("blocks", "user_id"),
        user("blocks", "blocked_id"),
        sa.PrimaryKeyConstraint("user_id", "blocked_id", name=op.f("pk_blocks")),
    )
    op.create_index("ix_blocks_blocked_id_user_id", "blocks", ["blocked_id", "user_id"])
    op.create_table(
        "holds",
        sa.Column("subject_type", sa.String(length=16), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", name=op.f("pk_holds")),
    )
    op.add_column("users", sa.Column("suspended_until", TIME, nullable=True))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("users", "suspended_until")
    op.drop_table("holds")
    op.drop_table("blocks")
