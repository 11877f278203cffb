"""Feature requests and bug reports, with their votes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.feedback.rules import LONGEST_TITLE, NOT_COUNTED, STATUSES, Kind, Status
from trackflow_web.kernel.database import Base, BigId


def _listed(statuses: tuple[Status, ...]) -> str:
    return ", ".join(f"'{status}'" for status in statuses)


class Feedback(Base):
    """A feature request or a bug report; `reason` explains its status.

    `counted_at` is since when it counts for its author. It is cleared when the item is rejected,
    marked as a duplicate or withdrawn, and set again with the status.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        sa.Index("ix_feedback_kind_status_id", "kind", "status", "id"),
        sa.Index("ix_feedback_user_id_kind", "user_id", "kind"),
        sa.CheckConstraint(
            " OR ".join(
                f"(kind = '{kind}' AND status IN ({_listed(statuses)}))"
                for kind, statuses in STATUSES.items()
            ),
            name="status",
        ),
        sa.CheckConstraint(
            f"(counted_at IS NULL) = (status IN ({_listed(tuple(sorted(NOT_COUNTED)))}))",
            name="counted_at",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[Kind] = mapped_column(sa.String(10))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(sa.String(LONGEST_TITLE))
    description: Mapped[str] = mapped_column(sa.Text)
    search_key: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[Status] = mapped_column(sa.String(10))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    counted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FeedbackVote(Base):
    """A vote of a user.

    Votes are counted when they are shown: a stored number would stay when an account is deleted
    with its votes.
    """

    __tablename__ = "feedback_votes"

    feedback_id: Mapped[int] = mapped_column(
        sa.ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime]
