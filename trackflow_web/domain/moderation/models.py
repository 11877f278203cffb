"""Reports of users, and what was decided about them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId

OPEN = sa.text("state = 'open'")


class Report(Base):
    """A report of a subject; `user_id` wrote it, `owner_id` owns the subject.

    It stays without its author when their account is deleted.
    """

    __tablename__ = "reports"
    __table_args__ = (
        sa.Index(
            "ix_reports_open",
            "subject_type",
            "subject_id",
            "user_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    subject_type: Mapped[str] = mapped_column(sa.String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(sa.String(16))
    text: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class ModerationAction(Base):
    """An entry of the moderation log; without an administrator, it was automatic.

    `statement` is what the owner of the subject and those who reported it can read. The owner may
    appeal once.
    """

    __tablename__ = "moderation_actions"
    __table_args__ = (
        sa.Index("ix_moderation_actions_subject", "subject_type", "subject_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    admin_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    subject_type: Mapped[str] = mapped_column(sa.String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    action: Mapped[str] = mapped_column(sa.String(10))
    reason: Mapped[str] = mapped_column(sa.String(16))
    statement: Mapped[str] = mapped_column(sa.Text)
    until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    appeal: Mapped[str | None] = mapped_column(sa.Text)
    appealed_at: Mapped[datetime | None]
    appeal_answered_at: Mapped[datetime | None]
