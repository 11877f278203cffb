"""previews and undone imports.

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-28 09:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WITH_IMPORT = sa.text("import_id IS NOT NULL")
KEPT = sa.text("rows_kept > 0 OR state = 'preview'")
NUMBERS = ("rows_kept", "to_remove", "removed", "withdrawn")
FLAGS = ("is_previewed", "is_undone")


def upgrade() -> None:
    """Change the tables, and note which songs came by an import."""
    op.create_table(
        "import_files",
        sa.Column("import_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_files_import_id_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_files")),
    )
    op.create_table(
        "column_choices",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("header_key", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_column_choices_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "header_key", name=op.f("pk_column_choices")),
    )
    with op.batch_alter_table("imports") as batch_op:
        for flag in FLAGS:
            batch_op.add_column(
                sa.Column(flag, sa.Boolean(), server_default=sa.false(), nullable=False)
            )
        for number in NUMBERS:
            batch_op.add_column(sa.Column(number, sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(
            "ix_imports_rows_kept",
            ["updated_at"],
            sqlite_where=KEPT,
            postgresql_where=KEPT,
        )
    with op.batch_alter_table("import_rows") as batch_op:
        batch_op.add_column(
            sa.Column("similar_to", sa.String(length=200), server_default="", nullable=False)
        )
    for table in ("songs", "user_achievements"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("import_id", BIG_ID, nullable=True))
            batch_op.create_foreign_key(
                batch_op.f(f"fk_{table}_import_id_imports"),
                "imports",
                ["import_id"],
                ["id"],
                ondelete="SET NULL",
            )
            batch_op.create_index(
                f"ix_{table}_import_id",
                ["import_id"],
                sqlite_where=WITH_IMPORT,
                postgresql_where=WITH_IMPORT,
            )
    op.execute(
        "UPDATE songs SET import_id = (SELECT import_id FROM import_rows"
        " WHERE import_rows.song_id = songs.id AND import_rows.outcome = 'imported')"
        " WHERE id IN (SELECT song_id FROM import_rows WHERE outcome = 'imported')"
    )
    op.execute("UPDATE imports SET is_undone = (1 = 1) WHERE state = 'undone'")
    op.execute("UPDATE imports SET rows_kept = fetched")


def downgrade() -> None:
    """Change them back; this deletes previews."""
    op.execute("DELETE FROM imports WHERE state = 'preview'")
    for table in ("user_achievements", "songs"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_index(f"ix_{table}_import_id")
            batch_op.drop_constraint(
                batch_op.f(f"fk_{table}_import_id_imports"), type_="foreignkey"
            )
            batch_op.drop_column("import_id")
    with op.batch_alter_table("import_rows") as batch_op:
        batch_op.drop_column("similar_to")
    with op.batch_alter_table("imports") as batch_op:
        batch_op.drop_index("ix_imports_rows_kept")
        for column in (*NUMBERS, *FLAGS):
            batch_op.drop_column(column)
    op.drop_table("column_choices")
    op.drop_table("import_files")
