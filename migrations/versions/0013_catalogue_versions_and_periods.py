"""versions of the catalogue, kinds of achievements, counters by period.

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-28 09:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
VERSIONS = sa.table("versions", sa.column("name", sa.String), sa.column("n", sa.BigInteger))


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "counting_periods",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counting_periods")),
    )
    op.create_table(
        "user_period_stats",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=60), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_user_period_stats_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "metric", "period", name=op.f("pk_user_period_stats")),
    )
    with op.batch_alter_table("achievements") as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=10), server_default="builtin", nullable=False)
        )
        batch_op.add_column(sa.Column("period", sa.String(length=60), nullable=True))
        batch_op.add_column(
            sa.Column("edition", sa.String(length=20), server_default="", nullable=False)
        )
        batch_op.alter_column("metric", existing_type=sa.String(length=40), nullable=True)
        batch_op.create_foreign_key(
            batch_op.f("fk_achievements_period_counting_periods"),
            "counting_periods",
            ["period"],
            ["id"],
        )
    op.execute(sa.text("UPDATE achievements SET kind = 'custom' WHERE NOT built_in"))
    with op.batch_alter_table("achievements") as batch_op:
        batch_op.drop_column("built_in")
    # Actions share this row while they are evaluated, which takes one to exist.
    op.execute(sa.insert(VERSIONS).values(name="catalogue", n=1))


def downgrade() -> None:
    """Change them back. Deletes achievements that are not built in and not earned, and counters."""
    op.execute(sa.delete(VERSIONS).where(VERSIONS.c.name == "catalogue"))
    op.execute(
        sa.text(
            "DELETE FROM achievements WHERE metric IS NULL"
            " AND id NOT IN (SELECT achievement_id FROM user_achievements)"
        )
    )
    op.execute(sa.text("UPDATE achievements SET metric = '' WHERE metric IS NULL"))
    with op.batch_alter_table("achievements") as batch_op:
        batch_op.add_column(
            sa.Column("built_in", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    op.execute(sa.text("UPDATE achievements SET built_in = false WHERE kind <> 'builtin'"))
    with op.batch_alter_table("achievements") as batch_op:
        batch_op.alter_column("built_in", existing_type=sa.Boolean(), server_default=None)
        batch_op.drop_constraint(
            batch_op.f("fk_achievements_period_counting_periods"), type_="foreignkey"
        )
        batch_op.alter_column("metric", existing_type=sa.String(length=40), nullable=False)
        for column in ("edition", "period", "kind"):
            batch_op.drop_column(column)
    op.drop_table("user_period_stats")
    op.drop_table("counting_periods")
