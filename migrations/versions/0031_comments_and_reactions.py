"""comments on everything, reactions, mentions.

Comments on feature requests and bug reports keep their ids. Their text is rendered when it is read.

Revision ID: 0031
Revises: 0030
Create Date: 2026-11-28 15:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def key(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(name), ondelete=ondelete)


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    """Add the tables and move the comments on requests and reports."""
    _create_comments()
    _create_what_refers_to_comments()
    _create_reactions()
    op.execute(
        "INSERT INTO comments (id, subject_type, subject_id, user_id, parent_id, root_id, body,"
        " html, html_version, status, created_at)"
        " SELECT c.id, CASE WHEN f.kind = 'feature' THEN 'feature_request' ELSE 'bug_report' END,"
        " c.feedback_id, c.user_id, NULL, c.id, c.body, '', 0, c.status, c.created_at"
        " FROM feedback_comments AS c JOIN feedback AS f ON f.id = c.feedback_id ORDER BY c.id"
    )
    _continue_ids("comments")
    op.drop_table("feedback_comments")


def _create_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("subject_type", sa.String(length=20), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("parent_id", BIG_ID, nullable=True),
        sa.Column("root_id", BIG_ID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("html_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("edited_at", TIME, nullable=True),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.Column("deleted_by", sa.String(length=10), nullable=True),
        sa.Column("held_until", TIME, nullable=True),
        key("comments", "user_id", "users", "SET NULL"),
        key("comments", "parent_id", "comments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_comments_thread", "comments", ["subject_type", "subject_id", "root_id", "id"]
    )
    op.create_index("ix_comments_user_id_id", "comments", ["user_id", "id"])
    for name, column, where in (
        ("ix_comments_parent_id", "parent_id", "parent_id IS NOT NULL"),
        ("ix_comments_held", "held_until", "held_until IS NOT NULL"),
        ("ix_comments_detached", "subject_id", "subject_id < 0"),
    ):
        partial_index(name, "comments", [column], where)


def _create_what_refers_to_comments() -> None:
    op.create_table(
        "comment_edits",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("comment_id", BIG_ID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        key("comment_edits", "comment_id", "comments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_edits")),
    )
    op.create_index("ix_comment_edits_comment_id", "comment_edits", ["comment_id"])
    op.create_table(
        "mentions",
        sa.Column("comment_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        key("mentions", "comment_id", "comments"),
        key("mentions", "user_id", "users"),
        sa.PrimaryKeyConstraint("comment_id", "user_id", name=op.f("pk_mentions")),
    )
    op.create_index("ix_mentions_user_id", "mentions", ["user_id"])
    op.create_table(
        "comment_closings",
        sa.Column("subject_type", sa.String(length=20), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("closed_at", TIME, nullable=False),
        key("comment_closings", "user_id", "users"),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", name=op.f("pk_comment_closings")),
    )
    op.create_index("ix_comment_closings_user_id", "comment_closings", ["user_id"])


def _create_reactions() -> None:
    op.create_table(
        "reactions",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("subject_type", sa.String(length=20), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("told_at", TIME, nullable=True),
        key("reactions", "user_id", "users"),
        sa.PrimaryKeyConstraint("user_id", "subject_type", "subject_id", name=op.f("pk_reactions")),
    )
    op.create_index(
        "ix_reactions_subject", "reactions", ["subject_type", "subject_id", "kind", "user_id"]
    )
    partial_index("ix_reactions_removed", "reactions", ["changed_at"], "kind IS NULL")
    partial_index("ix_reactions_detached", "reactions", ["subject_id"], "subject_id < 0")


def _continue_ids(table: str) -> None:
    """Let new ids follow those that were copied; SQLite does so by itself."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"  # noqa: S608 -- a name above
            f" greatest((SELECT max(id) FROM {table}), 1),"
            f" (SELECT count(*) > 0 FROM {table}))"
        )


def downgrade() -> None:
    """Move the comments back; those on other subjects go."""
    op.create_table(
        "feedback_comments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("feedback_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        key("feedback_comments", "feedback_id", "feedback"),
        key("feedback_comments", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_comments")),
    )
    op.create_index(
        "ix_feedback_comments_feedback_id_id", "feedback_comments", ["feedback_id", "id"]
    )
    op.create_index("ix_feedback_comments_user_id", "feedback_comments", ["user_id"])
    op.execute(
        "INSERT INTO feedback_comments (id, feedback_id, user_id, body, status, created_at)"
        " SELECT id, subject_id, user_id, body, status, created_at FROM comments"
        " WHERE subject_type IN ('feature_request', 'bug_report')"
        " AND user_id IS NOT NULL AND deleted_at IS NULL AND held_until IS NULL ORDER BY id"
    )
    _continue_ids("feedback_comments")
    for table in ("reactions", "comment_closings", "mentions", "comment_edits", "comments"):
        op.drop_table(table)
