"""responses to requests with an idempotency key.

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-28 09:55:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "answered_requests",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_answered_requests_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_answered_requests")),
    )
    with op.batch_alter_table("answered_requests") as batch_op:
        batch_op.create_index(batch_op.f("ix_answered_requests_created_at"), ["created_at"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("answered_requests")
