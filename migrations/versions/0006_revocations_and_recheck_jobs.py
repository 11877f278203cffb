"""revocations and recheck jobs.

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-22 13:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNFINISHED = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.add_column(sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("revoked_by_id", BIG_ID, nullable=True))
        batch_op.add_column(sa.Column("revoked_by", sa.String(length=30), nullable=True))
        batch_op.add_column(sa.Column("revoked_reason", sa.String(length=300), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_user_achievements_revoked_by_id_users"),
            "users",
            ["revoked_by_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_index(
            "ix_user_achievements_revoked_by_id",
            ["revoked_by_id"],
            sqlite_where=sa.text("revoked_by_id IS NOT NULL"),
            postgresql_where=sa.text("revoked_by_id IS NOT NULL"),
        )
    with op.batch_alter_table("recheck_runs") as batch_op:
        batch_op.add_column(
            sa.Column("state", sa.String(length=10), server_default="done", nullable=False)
        )
        batch_op.add_column(sa.Column("total", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("last_user_id", BIG_ID, server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("error", sa.String(length=300), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("worker", sa.String(length=32), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_recheck_runs_unfinished",
            ["target"],
            unique=True,
            sqlite_where=UNFINISHED,
            postgresql_where=UNFINISHED,
        )


def downgrade() -> None:
    """Change them back. Revoked awards become visible again; the next recheck counts them."""
    with op.batch_alter_table("recheck_runs") as batch_op:
        batch_op.drop_index("ix_recheck_runs_unfinished")
        for column in (
            "ended_at",
            "started_at",
            "held_until",
            "worker",
            "attempts",
            "error",
            "last_user_id",
            "total",
            "state",
        ):
            batch_op.drop_column(column)
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.drop_index("ix_user_achievements_revoked_by_id")
        batch_op.drop_constraint(
            batch_op.f("fk_user_achievements_revoked_by_id_users"), type_="foreignkey"
        )
        for column in ("revoked_reason", "revoked_by", "revoked_by_id", "revoked_at"):
            batch_op.drop_column(column)
