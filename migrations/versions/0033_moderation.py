"""reports, the moderation log, and why an account is suspended.

Revision ID: 0033
Revises: 0032
Create Date: 2026-11-28 15:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
OPEN = sa.text("state = 'open'")


def user(table: str, column: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_users"
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(name), ondelete=ondelete)


def upgrade() -> None:
    """Add the tables and the column."""
    op.create_table(
        "reports",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("owner_id", BIG_ID, nullable=False),
        sa.Column("subject_type", sa.String(length=16), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'upheld', 'dismissed')", name=op.f("ck_reports_state")
        ),
        user("reports", "user_id", "SET NULL"),
        user("reports", "owner_id", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(
        "ix_reports_open",
        "reports",
        ["subject_type", "subject_id", "user_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(op.f("ix_reports_user_id"), "reports", ["user_id"])
    op.create_index(op.f("ix_reports_owner_id"), "reports", ["owner_id"])
    op.create_table(
        "moderation_actions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("admin_id", BIG_ID, nullable=True),
        sa.Column("owner_id", BIG_ID, nullable=False),
        sa.Column("subject_type", sa.String(length=16), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("undone_at", TIME, nullable=True),
        sa.Column("appeal", sa.Text(), nullable=True),
        sa.Column("appealed_at", TIME, nullable=True),
        sa.Column("appeal_answered_at", TIME, nullable=True),
        user("moderation_actions", "admin_id", "SET NULL"),
        user("moderation_actions", "owner_id", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_actions")),
    )
    op.create_index(
        "ix_moderation_actions_subject",
        "moderation_actions",
        ["subject_type", "subject_id", "id"],
    )
    op.create_index(op.f("ix_moderation_actions_admin_id"), "moderation_actions", ["admin_id"])
    op.create_index(op.f("ix_moderation_actions_owner_id"), "moderation_actions", ["owner_id"])
    op.add_column(
        "users",
        sa.Column("suspended_for", sa.String(length=500), nullable=False, server_default=""),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_column("users", "suspended_for")
    op.drop_table("moderation_actions")
    op.drop_table("reports")
