"""Grants of administrators, and their changes of the catalogue.

Revision ID: 0032
Revises: 0031
Create Date: 2026-11-28 15:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_GRANTED = sa.text("grant_id IS NOT NULL")


def _by_administrator() -> tuple[sa.Column, ...]:
    return (
        sa.Column("id", BIG_ID, nullable=False, primary_key=True),
        sa.Column("achievement_id", BIG_ID, sa.ForeignKey("achievements.id"), nullable=False),
        sa.Column(
            "admin_id", BIG_ID, sa.ForeignKey("users.id", ondelete="SET NULL"), nullable=True
        ),
        sa.Column("admin_name", sa.String(30), nullable=False),
    )


def upgrade() -> None:
    """Add the tables, and the grant of an award."""
    op.create_table(
        "award_grants",
        *_by_administrator(),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "catalogue_changes",
        *_by_administrator(),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("reverted_at", sa.DateTime(timezone=True), nullable=True),
    )
    for table in ("award_grants", "catalogue_changes"):
        for column in ("achievement_id", "admin_id"):
            op.create_index(f"ix_{table}_{column}", table, [column])
    with op.batch_alter_table("user_achievements") as batch:
        batch.add_column(sa.Column("grant_id", BIG_ID, nullable=True))
        batch.create_foreign_key(
            "fk_user_achievements_grant_id_award_grants",
            "award_grants",
            ["grant_id"],
            ["id"],
            ondelete="SET NULL",
        )
    op.create_index(
        "ix_user_achievements_grant_id",
        "user_achievements",
        ["grant_id"],
        sqlite_where=IS_GRANTED,
        postgresql_where=IS_GRANTED,
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_user_achievements_grant_id", table_name="user_achievements")
    with op.batch_alter_table("user_achievements") as batch:
        batch.drop_constraint("fk_user_achievements_grant_id_award_grants", type_="foreignkey")
        batch.drop_column("grant_id")
    op.drop_table("catalogue_changes")
    op.drop_table("award_grants")
