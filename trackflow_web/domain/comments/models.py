"""Comments with their earlier versions and mentions, and threads that their owners have closed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.database import Base, BigId

# SQLite uses a partial index only where a query has the very same words.
HELD = sa.text("held_until IS NOT NULL")
# Comments of a deleted subject, which may yet be restored, have its id with a minus sign.
DETACHED = sa.text("subject_id < 0")


class Remover(StrEnum):
    """Who removed a comment whose place is kept."""

    AUTHOR = "author"
    OWNER = "owner"
    ACCOUNT = "account"


class Comment(Base):
    """A comment on a subject, or a reply to one; with a `status` it is a step of a request.

    `root_id` is its own id, or for a reply that of the comment it replies to: by it and the id a
    thread is in order. `html` was rendered by `html_version` of the rules; another version is
    rendered again when it is read. `held_until` is set while its links wait: until that time, or
    until its author has charted a song or staff releases it. Its place stays (`deleted_at`) while
    it has replies, and if another user removed it. Without a `user_id` its author's account is
    deleted.
    """

    __tablename__ = "comments"
    __table_args__ = (
        sa.Index("ix_comments_thread", "subject_type", "subject_id", "root_id", "id"),
        sa.Index("ix_comments_user_id_id", "user_id", "id"),
        sa.Index(
            "ix_comments_parent_id",
            "parent_id",
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        ),
        sa.Index("ix_comments_held", "held_until", sqlite_where=HELD, postgresql_where=HELD),
        sa.Index(
            "ix_comments_detached", "subject_id", sqlite_where=DETACHED, postgresql_where=DETACHED
        ),
        # Reactions and notifications refer to comments by id: none may get that of a deleted one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject_type: Mapped[SubjectType] = mapped_column(sa.String(20))
    subject_id: Mapped[int] = mapped_column(BigId)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comments.id", ondelete="CASCADE"))
    root_id: Mapped[int] = mapped_column(BigId)
    body: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    html_version: Mapped[int]
    status: Mapped[str | None] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[Remover | None] = mapped_column(sa.String(10))
    held_until: Mapped[datetime | None]


class CommentEdit(Base):
    """An earlier version of a comment; `at` is when the next one replaced it."""

    __tablename__ = "comment_edits"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    comment_id: Mapped[int] = mapped_column(
        sa.ForeignKey("comments.id", ondelete="CASCADE"), index=True
    )
    body: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]


class Mention(Base):
    """A user whom a comment mentions, and who is notified of that once."""

    __tablename__ = "mentions"

    comment_id: Mapped[int] = mapped_column(
        sa.ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class CommentClosing(Base):
    """A thread that its subject's owner has closed: nobody comments on it any more."""

    __tablename__ = "comment_closings"

    subject_type: Mapped[SubjectType] = mapped_column(sa.String(20), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    closed_at: Mapped[datetime]
