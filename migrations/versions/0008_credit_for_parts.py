"""credit for parts.

The user who did a part first and the time, which stay when the part is reopened. Parts already done
are credited to the owner of the song, at the time of their last change.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-28 08:50:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHECK = "ck_song_parts_state"


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table("song_parts") as batch_op:
        batch_op.add_column(sa.Column("done_by", BIG_ID, nullable=True))
        batch_op.add_column(sa.Column("first_done_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f(CHECK), type_="check")
        batch_op.create_check_constraint(
            batch_op.f(CHECK),
            "state IN ('done', 'skip') OR (state = 'todo' AND first_done_at IS NOT NULL)",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_song_parts_done_by_users"),
            "users",
            ["done_by"],
            ["id"],
            ondelete="SET NULL",
        )
    op.execute(
        "UPDATE song_parts SET first_done_at = at,"
        " done_by = (SELECT user_id FROM songs WHERE songs.id = song_parts.song_id)"
        " WHERE state = 'done'"
    )
    with op.batch_alter_table("song_parts") as batch_op:
        batch_op.create_index("ix_song_parts_done_by", ["done_by", "first_done_at"])


def downgrade() -> None:
    """Change them back."""
    op.execute("DELETE FROM song_parts WHERE state = 'todo'")
    with op.batch_alter_table("song_parts") as batch_op:
        batch_op.drop_index("ix_song_parts_done_by")
        batch_op.drop_constraint(batch_op.f("fk_song_parts_done_by_users"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f(CHECK), type_="check")
        batch_op.create_check_constraint(batch_op.f(CHECK), "state IN ('done', 'skip')")
        batch_op.drop_column("first_done_at")
        batch_op.drop_column("done_by")
