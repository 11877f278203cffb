"""notifications, their versions, settings and fan-outs.

Revision ID: 0019
Revises: 0018
Create Date: 2026-11-28 11:50:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def user(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_user_id_users"
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(name), ondelete="CASCADE")


def partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "notifications",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("message", sa.String(length=200), nullable=False),
        sa.Column("link", sa.String(length=200), server_default="", nullable=False),
        sa.Column("metadata_json", sa.JSON(), nullable=False),
        sa.Column("read", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("read_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("group_key", sa.String(length=120), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("actor_ids", sa.String(length=200), nullable=False),
        sa.Column("subject_type", sa.String(length=20), nullable=False),
        sa.Column("subject_ids", sa.String(length=200), nullable=False),
        sa.Column("event_key", sa.String(length=16), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("wants_toast", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("undo_token", sa.String(length=32), nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.CheckConstraint(
            "(read AND read_at IS NOT NULL) OR (NOT read AND read_at IS NULL)",
            name=op.f("ck_notifications_read_at"),
        ),
        user("notifications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index(
        "ix_notifications_user_id_read_created_at",
        "notifications",
        ["user_id", "read", "created_at"],
    )
    op.create_index(
        "ix_notifications_user_id_version", "notifications", ["user_id", "version", "id"]
    )
    partial(
        "ix_notifications_unread",
        "notifications",
        ["user_id", "group_key"],
        "NOT read",
        unique=True,
    )
    partial("ix_notifications_unseen", "notifications", ["user_id"], "seen_at IS NULL")
    partial("ix_notifications_toasts", "notifications", ["user_id"], "wants_toast")
    op.create_table(
        "notification_versions",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        user("notification_versions"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_versions")),
    )
    op.create_table(
        "notification_settings",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=5), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        user("notification_settings"),
        sa.PrimaryKeyConstraint(
            "user_id", "type", "channel", name=op.f("pk_notification_settings")
        ),
    )
    op.create_table(
        "notification_preferences",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("one_line_each", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("digest", sa.String(length=6), server_default="never", nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("mailed_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("base_url", sa.String(length=200), server_default="", nullable=False),
        user("notification_preferences"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_preferences")),
    )
    partial(
        "ix_notification_preferences_due",
        "notification_preferences",
        ["due_at"],
        "due_at IS NOT NULL",
    )
    op.create_table(
        "notification_fan_outs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=False),
        sa.Column("held_until", TIME, nullable=True),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("notice", sa.JSON(), nullable=False),
        sa.Column("last_user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        user("notification_fan_outs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_fan_outs")),
    )
    op.create_index(op.f("ix_notification_fan_outs_user_id"), "notification_fan_outs", ["user_id"])


def downgrade() -> None:
    """Remove them."""
    for table in ("fan_outs", "preferences", "settings", "versions"):
        op.drop_table(f"notification_{table}")
    op.drop_table("notifications")
