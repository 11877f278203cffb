"""notes, due date and links of songs; actions that can be undone.

Revision ID: 0020
Revises: 0019
Create Date: 2026-11-28 11:30:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXTS = (("notes", sa.Text()), ("video_url", sa.String(500)), ("download_url", sa.String(500)))


def upgrade() -> None:
    """Add the columns and the table."""
    for name, kind in TEXTS:
        op.add_column("songs", sa.Column(name, kind, nullable=False, server_default=""))
    op.add_column("songs", sa.Column("due_on", sa.Date(), nullable=True))
    op.create_table(
        "undo_steps",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_undo_steps_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_steps")),
        sa.UniqueConstraint("user_id", "token", name=op.f("uq_undo_steps_user_id_token")),
    )
    with op.batch_alter_table("undo_steps") as batch_op:
        batch_op.create_index(batch_op.f("ix_undo_steps_created_at"), ["created_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("undo_steps")
    with op.batch_alter_table("songs") as batch_op:
        for name in ("due_on", *(name for name, _ in TEXTS)):
            batch_op.drop_column(name)
