"""Editions of categories and who has completed them.

`achievements sync` writes the first editions; the recheck after it finds the completions.

Revision ID: 0026
Revises: 0025
Create Date: 2026-11-28 14:50:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables, and an index by which the first holders of an achievement are found."""
    op.create_table(
        "category_editions",
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("edition", sa.String(20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("category", "edition"),
    )
    op.create_table(
        "category_edition_achievements",
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("edition", sa.String(20), nullable=False),
        sa.Column("achievement_id", BIG_ID, sa.ForeignKey("achievements.id"), nullable=False),
        sa.PrimaryKeyConstraint("category", "edition", "achievement_id"),
        sa.ForeignKeyConstraint(
            ["category", "edition"],
            ["category_editions.category", "category_editions.edition"],
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_category_edition_achievements_achievement_id",
        "category_edition_achievements",
        ["achievement_id"],
    )
    op.create_table(
        "user_category_completions",
        sa.Column("user_id", BIG_ID, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("edition", sa.String(20), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("awarded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("backfilled", sa.Boolean(), nullable=False),
        sa.Column("notified", sa.Boolean(), nullable=False),
        sa.Column(
            "import_id", BIG_ID, sa.ForeignKey("imports.id", ondelete="SET NULL"), nullable=True
        ),
        sa.PrimaryKeyConstraint("user_id", "category", "edition"),
        sa.ForeignKeyConstraint(
            ["category", "edition"],
            ["category_editions.category", "category_editions.edition"],
        ),
    )
    op.create_index(
        "ix_user_category_completions_import_id",
        "user_category_completions",
        ["import_id"],
        sqlite_where=sa.text("import_id IS NOT NULL"),
        postgresql_where=sa.text("import_id IS NOT NULL"),
    )
    op.create_index(
        "ix_user_achievements_earned", "user_achievements", ["achievement_id", "earned_at"]
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_user_achievements_earned", table_name="user_achievements")
    for table in (
        "user_category_completions",
        "category_edition_achievements",
        "category_editions",
    ):
        op.drop_table(table)
