"""Tables of the leaderboards."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class LeaderboardScore(Base):
    """What a user scored in a period that is not closed yet; see `windows`.

    `reached_at` is when the score was last raised: of equal scores the earlier one is listed first.
    `listed` follows the user's choice to appear on leaderboards.
    """

    __tablename__ = "leaderboard_scores"
    __table_args__ = (
        sa.Index(
            "ix_leaderboard_scores_listed",
            "kind",
            "span",
            "start",
            # In the order of a leaderboard: a range of the index is a range of its rows.
            sa.text("score DESC"),
            "reached_at",
            "user_id",
            # SQLite reads the column of the condition too.
            "listed",
            sqlite_where=sa.text("listed"),
            postgresql_where=sa.text("listed"),
        ),
        sa.Index("ix_leaderboard_scores_user_id", "user_id"),
    )

    kind: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    span: Mapped[str] = mapped_column(sa.String(5), primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    score: Mapped[int]
    reached_at: Mapped[datetime]
    listed: Mapped[bool] = mapped_column(default=True)


class LeaderboardClosing(Base):
    """A closed period of a leaderboard: how many users had a place in it."""

    __tablename__ = "leaderboard_closings"

    kind: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    span: Mapped[str] = mapped_column(sa.String(5), primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    users: Mapped[int]
    closed_at: Mapped[datetime]


class LeaderboardFinal(Base):
    """A final place in a closed period. The place stays when the account is deleted."""

    __tablename__ = "leaderboard_finals"
    __table_args__ = (
        sa.Index("ix_leaderboard_finals_period", "kind", "span", "start", "position", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(12))
    span: Mapped[str] = mapped_column(sa.String(5))
    start: Mapped[date]
    # Counted from 1 without ties; `place` has them: 1, 2, 2, 4.
    position: Mapped[int]
    place: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    score: Mapped[int]
