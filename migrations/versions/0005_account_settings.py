"""account settings.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-22 11:05:12.402817
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    # Copied on SQLite, because only a table created like this never reuses ids.
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(
            sa.Column("toasts", sa.String(length=4), server_default="all", nullable=False)
        )
        batch_op.add_column(
            sa.Column("is_profile_public", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "shows_new_achievements", sa.Boolean(), server_default=sa.true(), nullable=False
            )
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_users_toasts"), "toasts IN ('all', 'rare', 'none')"
        )
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.add_column(sa.Column("pin", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.drop_column("pin")
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": False}) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_users_toasts"), type_="check")
        batch_op.drop_column("shows_new_achievements")
        batch_op.drop_column("is_profile_public")
        batch_op.drop_column("toasts")
