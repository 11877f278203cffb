"""follows, notices of followers, mutes.

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-28 11:30:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
UNSENT = sa.text("sent_at IS NULL")


def user(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_users"
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(name), ondelete="CASCADE")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "follows",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("followed_id", BIG_ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("user_id <> followed_id", name=op.f("ck_follows_not_oneself")),
        user("follows", "user_id"),
        user("follows", "followed_id"),
        sa.PrimaryKeyConstraint("user_id", "followed_id", name=op.f("pk_follows")),
    )
    op.create_index("ix_follows_followed_id_user_id", "follows", ["followed_id", "user_id"])
    op.create_table(
        "follow_notices",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("follower_id", BIG_ID, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        user("follow_notices", "user_id"),
        user("follow_notices", "follower_id"),
        sa.PrimaryKeyConstraint("user_id", "follower_id", name=op.f("pk_follow_notices")),
    )
    op.create_index(op.f("ix_follow_notices_follower_id"), "follow_notices", ["follower_id"])
    op.create_index(
        "ix_follow_notices_waiting",
        "follow_notices",
        ["due_at"],
        sqlite_where=UNSENT,
        postgresql_where=UNSENT,
    )
    op.create_table(
        "mutes",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target_id", BIG_ID, nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "kind <> 'person' OR user_id <> target_id", name=op.f("ck_mutes_not_oneself")
        ),
        user("mutes", "user_id"),
        sa.PrimaryKeyConstraint("user_id", "kind", "target_id", name=op.f("pk_mutes")),
    )
    op.create_index("ix_mutes_kind_target_id", "mutes", ["kind", "target_id"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("mutes")
    op.drop_table("follow_notices")
    op.drop_table("follows")
