"""the community: feed, weekly highlights and reports.

The feed starts empty; a job writes the entries of what happened before.

Revision ID: 0027
Revises: 0026
Create Date: 2026-11-28 14:45:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    _add_feed()
    _add_people()
    op.create_table(
        "feed_rebuilds",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("last_user_id", BIG_ID, nullable=False),
        sa.Column("done_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_rebuilds")),
    )
    op.execute("INSERT INTO feed_rebuilds (id, last_user_id) VALUES (1, 0)")
    _add_highlights()
    op.create_table(
        "community_reports",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "day", name=op.f("pk_community_reports")),
    )
    op.create_index(
        "ix_songs_released",
        "songs",
        ["user_id", "released_at"],
        sqlite_where=sa.text("released_at IS NOT NULL"),
        postgresql_where=sa.text("released_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Remove the tables."""
    op.drop_index("ix_songs_released", table_name="songs")
    op.drop_table("community_reports")
    op.drop_table("highlights")
    op.drop_table("feed_rebuilds")
    op.drop_table("feed_hidden")
    op.drop_table("feed_people")
    op.drop_table("feed")


def _add_feed() -> None:
    op.create_table(
        "feed",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("subject_ids", sa.String(length=200), nullable=False),
        sa.Column("group_key", sa.String(length=60), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("first_at", AT, nullable=False),
        sa.Column("last_at", AT, nullable=False),
        sa.Column("in_global", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", AT, nullable=True),
        _user("feed", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("group_key", name=op.f("uq_feed_group_key")),
        sqlite_autoincrement=True,
    )
    for name, columns in (
        ("ix_feed_latest", ["last_at", "id"]),
        ("ix_feed_kind_latest", ["kind", "last_at", "id"]),
    ):
        op.create_index(
            name,
            "feed",
            columns,
            sqlite_where=sa.text("withdrawn_at IS NULL AND in_global = 1"),
            postgresql_where=sa.text("withdrawn_at IS NULL AND in_global"),
        )
    op.create_index("ix_feed_user_id_first_at", "feed", ["user_id", "first_at"])


def _add_people() -> None:
    op.create_table(
        "feed_people",
        sa.Column("feed_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("last_at", AT, nullable=False),
        _feed("feed_people"),
        _user("feed_people", "user_id"),
        sa.PrimaryKeyConstraint("feed_id", "user_id", name=op.f("pk_feed_people")),
    )
    op.create_index(
        "ix_feed_people_latest", "feed_people", ["user_id", "last_at", "feed_id", "kind"]
    )
    op.create_table(
        "feed_hidden",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("feed_id", BIG_ID, nullable=False),
        sa.Column("hidden_at", AT, nullable=False),
        _feed("feed_hidden"),
        _user("feed_hidden", "user_id"),
        sa.PrimaryKeyConstraint("user_id", "feed_id", name=op.f("pk_feed_hidden")),
    )
    op.create_index(op.f("ix_feed_hidden_feed_id"), "feed_hidden", ["feed_id"])


def _add_highlights() -> None:
    op.create_table(
        "highlights",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=True),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("chosen_by_id", BIG_ID, nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("published_at", AT, nullable=False),
        _user("highlights", "user_id", ondelete="SET NULL"),
        _user("highlights", "chosen_by_id", ondelete="SET NULL"),
        sa.CheckConstraint("kind IN ('achievement', 'release')", name=op.f("ck_highlights_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_highlights")),
        sa.UniqueConstraint("kind", "start", name=op.f("uq_highlights_kind_start")),
    )
    op.create_index(op.f("ix_highlights_user_id"), "highlights", ["user_id"])
    op.create_index(op.f("ix_highlights_chosen_by_id"), "highlights", ["chosen_by_id"])


def _user(table: str, column: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_users")
    return sa.ForeignKeyConstraint([column], ["users.id"], name=name, ondelete=ondelete)


def _feed(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_feed_id_feed")
    return sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=name, ondelete="CASCADE")
