"""invitations to songs and packs, and who has worked together.

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-28 11:30:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
# Everybody who collaborates today has accepted: each side of a pair has worked with the other.
PAIRS = """
    INSERT INTO worked_together (user_id, other_id, since)
    SELECT user_id, other_id, MIN(created_at)
    FROM (
        SELECT owner_id AS user_id, user_id AS other_id, created_at FROM collaborations
        UNION ALL
        SELECT user_id, owner_id AS other_id, created_at FROM collaborations
    ) AS pairs
    GROUP BY user_id, other_id
"""


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "invitations",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("inviter_id", BIG_ID, nullable=False),
        sa.Column("invitee_id", BIG_ID, nullable=False),
        sa.Column("song_id", BIG_ID, nullable=True),
        sa.Column("pack_id", BIG_ID, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.CheckConstraint("inviter_id <> invitee_id", name=op.f("ck_invitations_not_oneself")),
        sa.CheckConstraint(
            "(song_id IS NULL) <> (pack_id IS NULL)", name=op.f("ck_invitations_one_subject")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_invitations_{column}_{table}"),
                ondelete="CASCADE",
            )
            for column, table in (
                ("inviter_id", "users"),
                ("invitee_id", "users"),
                ("song_id", "songs"),
                ("pack_id", "packs"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint(
            "song_id", "invitee_id", name=op.f("uq_invitations_song_id_invitee_id")
        ),
        sa.UniqueConstraint(
            "pack_id", "invitee_id", name=op.f("uq_invitations_pack_id_invitee_id")
        ),
    )
    op.create_index("ix_invitations_invitee_id", "invitations", ["invitee_id", "state", "id"])
    op.create_index("ix_invitations_inviter_id", "invitations", ["inviter_id"])
    op.create_table(
        "worked_together",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("other_id", BIG_ID, nullable=False),
        sa.Column("since", TIME, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["users.id"],
                name=op.f(f"fk_worked_together_{column}_users"),
                ondelete="CASCADE",
            )
            for column in ("user_id", "other_id")
        ),
        sa.PrimaryKeyConstraint("user_id", "other_id", name=op.f("pk_worked_together")),
    )
    op.create_index("ix_worked_together_other_id", "worked_together", ["other_id"])
    op.execute(PAIRS)


def downgrade() -> None:
    """Remove them."""
    op.drop_table("worked_together")
    op.drop_table("invitations")
