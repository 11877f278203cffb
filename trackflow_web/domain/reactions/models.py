"""Reactions."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.database import Base, BigId

DETACHED = sa.text("subject_id < 0")
REMOVED = sa.text("kind IS NULL")


class Reaction(Base):
    """What one user thinks of one subject; without a `kind` they took it back.

    Such a row stays for a day, so that its owner is not notified again (`told_at`).
    """

    __tablename__ = "reactions"
    __table_args__ = (
        sa.Index("ix_reactions_subject", "subject_type", "subject_id", "kind", "user_id"),
        sa.Index(
            "ix_reactions_removed", "changed_at", sqlite_where=REMOVED, postgresql_where=REMOVED
        ),
        sa.Index(
            "ix_reactions_detached", "subject_id", sqlite_where=DETACHED, postgresql_where=DETACHED
        ),
    )

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    subject_type: Mapped[SubjectType] = mapped_column(sa.String(20), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[Kind | None] = mapped_column(sa.String(10))
    changed_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
