"""credentials of awards.

Revision ID: 0041
Revises: 0040
Create Date: 2026-11-28 18:30:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "credentials",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("award_id", BIG_ID, nullable=True),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_credentials_user_id_users", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["award_id"],
            ["user_achievements.id"],
            name="fk_credentials_award_id_user_achievements",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.UniqueConstraint("public_id", name="uq_credentials_public_id"),
        sa.UniqueConstraint("status_index", name="uq_credentials_status_index"),
    )
    op.create_index("ix_credentials_user_id", "credentials", ["user_id"])
    op.create_index("ix_credentials_award_id", "credentials", ["award_id"])


def downgrade() -> None:
    """Delete it."""
    op.drop_table("credentials")
