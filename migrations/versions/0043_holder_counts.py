"""Stored holder counts.

Revision ID: 0043
Revises: 0042
Create Date: 2026-11-28 21:50:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; a job fills them in a large community."""
    op.create_table(
        "holder_counts",
        sa.Column("id", ID, nullable=False),
        sa.Column("achievement_id", ID, nullable=True),
        sa.Column("n", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["achievement_id"],
            ["achievements.id"],
            name=op.f("fk_holder_counts_achievement_id_achievements"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder_counts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_holder_counts_achievement_id"), "holder_counts", ["achievement_id"])
    op.create_table(
        "holder_countings",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", ID, nullable=False),
        sa.Column("awards", ID, nullable=False),
        sa.Column("version", ID, nullable=True),
        sa.Column("newest_award", ID, nullable=True),
        sa.Column("newest_user", ID, nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holder_countings")),
    )


def downgrade() -> None:
    """Drop them: pages count again."""
    op.drop_table("holder_countings")
    op.drop_table("holder_counts")
