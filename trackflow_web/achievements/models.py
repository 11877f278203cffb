"""The catalogue's rows, who earned what, and everybody's numbers."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Achievement(Base):
    """One achievement. `code` is its identity; a later version may change all the rest."""

    __tablename__ = "achievements"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    description: Mapped[str] = mapped_column(sa.String(200))
    icon: Mapped[str] = mapped_column(sa.String(16))
    category: Mapped[str] = mapped_column(sa.String(20))
    group: Mapped[str] = mapped_column(sa.String(40))
    metric: Mapped[str] = mapped_column(sa.String(40))
    threshold: Mapped[int]
    points: Mapped[int]
    rarity: Mapped[str] = mapped_column(sa.String(10))
    position: Mapped[int]
    built_in: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class UserAchievement(Base):
    """An achievement that somebody earned; the row is never deleted by what they do later.

    `earned_at` is when the threshold was reached, `awarded_at` when it was noticed; `backfilled`
    ones were noticed later. `points` are those of the day. `shown_until` reserves the toast for the
    answer that is about to show it; `notified` says that one did. `pin` is its place, from 1, among
    those that their owner puts first.
    """

    __tablename__ = "user_achievements"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "achievement_id"),
        sa.Index("ix_user_achievements_achievement_id_is_public", "achievement_id", "is_public"),
        sa.Index(
            "ix_user_achievements_waiting",
            "user_id",
            sqlite_where=sa.text("NOT notified"),
            postgresql_where=sa.text("NOT notified"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    achievement_id: Mapped[int] = mapped_column(sa.ForeignKey("achievements.id"))
    earned_at: Mapped[datetime]
    awarded_at: Mapped[datetime]
    points: Mapped[int]
    backfilled: Mapped[bool] = mapped_column(default=False)
    notified: Mapped[bool] = mapped_column(default=False)
    shown_until: Mapped[datetime | None]
    is_public: Mapped[bool] = mapped_column(default=True)
    pin: Mapped[int | None]


class UserStats(Base):
    """Everybody's numbers, one column a metric; the facts are the truth, these are kept by them."""

    __tablename__ = "user_stats"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    total_songs: Mapped[int] = mapped_column(server_default="0")
    total_planned: Mapped[int] = mapped_column(server_default="0")
    total_started: Mapped[int] = mapped_column(server_default="0")
    total_finished: Mapped[int] = mapped_column(server_default="0")
    total_released: Mapped[int] = mapped_column(server_default="0")
    total_authored: Mapped[int] = mapped_column(server_default="0")
    total_packs: Mapped[int] = mapped_column(server_default="0")
    completed_packs: Mapped[int] = mapped_column(server_default="0")
    total_series: Mapped[int] = mapped_column(server_default="0")
    completed_series: Mapped[int] = mapped_column(server_default="0")
    total_collaborations: Mapped[int] = mapped_column(server_default="0")
    collaborations_joined: Mapped[int] = mapped_column(server_default="0")
    total_spotify_imports: Mapped[int] = mapped_column(server_default="0")
    total_feature_requests: Mapped[int] = mapped_column(server_default="0")
    total_bug_reports: Mapped[int] = mapped_column(server_default="0")
    login_streak: Mapped[int] = mapped_column(server_default="0")
    distinct_artists: Mapped[int] = mapped_column(server_default="0")
    distinct_years: Mapped[int] = mapped_column(server_default="0")
    distinct_decades: Mapped[int] = mapped_column(server_default="0")
    total_achievements: Mapped[int] = mapped_column(server_default="0")
    total_points: Mapped[int] = mapped_column(server_default="0")
    current_streak: Mapped[int] = mapped_column(server_default="0")
    last_login_date: Mapped[date | None]
    updated_at: Mapped[datetime]


class UserValue(Base):
    """How many of a user's released songs have this artist, year or decade.

    Going from 0 to 1 and back moves the number of different ones, so that nobody has to count them.
    """

    __tablename__ = "user_values"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    n: Mapped[int]


class RecheckRun(Base):
    """A recheck that an administrator ran: who, for whom, and what came of it."""

    __tablename__ = "recheck_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    admin_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    admin_name: Mapped[str] = mapped_column(sa.String(30))
    target: Mapped[str] = mapped_column(sa.String(30))
    at: Mapped[datetime]
    users: Mapped[int]
    awards: Mapped[int]
    drift: Mapped[int]
