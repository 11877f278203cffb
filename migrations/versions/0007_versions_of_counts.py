"""versions of counts.

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-22 13:20:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "versions",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_versions")),
    )
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.create_index(
            "ix_user_achievements_shown",
            ["achievement_id", "user_id"],
            sqlite_where=sa.text("is_public = 1 AND revoked_at IS NULL"),
            postgresql_where=sa.text("is_public AND revoked_at IS NULL"),
        )
        batch_op.drop_index("ix_user_achievements_achievement_id_is_public")


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table("user_achievements") as batch_op:
        batch_op.create_index(
            "ix_user_achievements_achievement_id_is_public", ["achievement_id", "is_public"]
        )
        batch_op.drop_index("ix_user_achievements_shown")
    op.drop_table("versions")
