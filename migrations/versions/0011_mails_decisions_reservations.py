"""mails, decisions about accounts, reserved names.

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-28 09:20:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
UNENDED = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "account_reservations",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ends_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_account_reservations")),
    )
    op.create_index(op.f("ix_account_reservations_ends_at"), "account_reservations", ["ends_at"])
    op.create_table(
        "account_decisions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("admin_id", BIG_ID, nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["admin_id"],
            ["users.id"],
            name=op.f("fk_account_decisions_admin_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_account_decisions_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_decisions")),
    )
    op.create_index(op.f("ix_account_decisions_admin_id"), "account_decisions", ["admin_id"])
    op.create_index(op.f("ix_account_decisions_user_id"), "account_decisions", ["user_id"])
    op.create_table(
        "mails",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("base_url", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("error", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mails_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index(op.f("ix_mails_user_id"), "mails", ["user_id"])
    op.create_index(
        "ix_mails_due", "mails", ["due_at"], sqlite_where=UNENDED, postgresql_where=UNENDED
    )
    # Without a batch: both databases add an empty column in place.
    op.add_column("users", sa.Column("email_confirmed_at", TIME, nullable=True))
    op.add_column("users", sa.Column("new_email", sa.String(length=254), nullable=True))


def downgrade() -> None:
    """Change them back."""
    op.drop_column("users", "new_email")
    op.drop_column("users", "email_confirmed_at")
    for table in ("mails", "account_decisions", "account_reservations"):
        op.drop_table(table)
