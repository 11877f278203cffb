"""profiles: name, bio, links, picture, audience, theme.

Revision ID: 0017
Revises: 0016
Create Date: 2026-11-28 11:30:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEW = (
    ("audience", sa.String(length=10), "members"),
    ("shows_days", sa.Boolean(), sa.false()),
    ("on_boards", sa.Boolean(), sa.true()),
    ("in_feed", sa.Boolean(), sa.true()),
    ("display_name", sa.String(length=60), ""),
    ("bio", sa.String(length=500), ""),
    ("links", sa.Text(), ""),
    ("charter_names", sa.Text(), ""),
    ("theme", sa.String(length=5), "auto"),
    ("uses_shortcuts", sa.Boolean(), sa.true()),
    ("hides_checklist", sa.Boolean(), sa.false()),
)


def upgrade() -> None:
    """Profiles that were public are the members' now, private ones their owner's."""
    op.create_table(
        "avatars",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("original", sa.LargeBinary(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("large", sa.LargeBinary(), nullable=True),
        sa.Column("small", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_avatars_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_avatars")),
    )
    with op.batch_alter_table("avatars") as batch_op:
        batch_op.create_index(batch_op.f("ix_avatars_uploaded_at"), ["uploaded_at"])
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        for name, kind, default in NEW:
            batch_op.add_column(sa.Column(name, kind, server_default=default, nullable=False))
        batch_op.add_column(sa.Column("avatar", sa.String(length=64), nullable=True))
    op.execute("UPDATE users SET audience = 'me' WHERE NOT is_profile_public")
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_avatar"), ["avatar"])
        batch_op.create_check_constraint(
            batch_op.f("ck_users_audience"), "audience IN ('everyone', 'members', 'me')"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_users_theme"), "theme IN ('auto', 'light', 'dark')"
        )
        batch_op.drop_column("is_profile_public")


def downgrade() -> None:
    """Put the two audiences back; what users wrote is lost."""
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(
            sa.Column("is_profile_public", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    op.execute("UPDATE users SET is_profile_public = (audience <> 'me')")
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_users_theme"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_users_audience"), type_="check")
        batch_op.drop_index(batch_op.f("ix_users_avatar"))
        batch_op.drop_column("avatar")
        for name, _, _ in reversed(NEW):
            batch_op.drop_column(name)
    op.drop_table("avatars")
