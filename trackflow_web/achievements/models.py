"""Tables of the catalogue, awards, counters and rechecks."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId
from trackflow_web.kernel.leases import Leased


class Achievement(Base):
    """One achievement. `code` is its identity; a later version may change all the rest.

    `kind` is `builtin`, `custom` or `seasonal`. Without a `metric` it is granted by administrators;
    with a `period` its metric is counted within that. `retired_at` takes it out of force.
    """

    __tablename__ = "achievements"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    description: Mapped[str] = mapped_column(sa.String(200))
    icon: Mapped[str] = mapped_column(sa.String(16))
    category: Mapped[str] = mapped_column(sa.String(20))
    group: Mapped[str] = mapped_column(sa.String(40))
    metric: Mapped[str | None] = mapped_column(sa.String(40))
    threshold: Mapped[int]
    points: Mapped[int]
    rarity: Mapped[str] = mapped_column(sa.String(10))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(10), server_default="builtin")
    period: Mapped[str | None] = mapped_column(sa.ForeignKey("counting_periods.id"))
    edition: Mapped[str] = mapped_column(sa.String(20), server_default="")
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class CountingPeriod(Base):
    """A half-open span of time, [starts_at, ends_at), in which the metrics of its entries count.

    `id` is a name such as `season:2026-autumn`. From `closed_at` on its counters stay as they are.
    """

    __tablename__ = "counting_periods"

    id: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Season(Base):
    """A season: its name, and the counting period in which its achievements count.

    A draft is neither counted nor shown; the other states follow the clock. `sequence` rises with
    every change that a calendar shows. Users up to `started_upto` were told that it started, those
    up to `ending_upto` that it is about to end. Those behind `counted_upto` are still to be
    recounted, because an achievement was added after work had begun; NULL when none is left.
    """

    __tablename__ = "seasons"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    period: Mapped[str] = mapped_column(sa.ForeignKey("counting_periods.id"), unique=True)
    draft: Mapped[bool]
    rerun: Mapped[str] = mapped_column(sa.String(10))
    sequence: Mapped[int] = mapped_column(server_default="0")
    changed_at: Mapped[datetime]
    started_upto: Mapped[int] = mapped_column(BigId, server_default="0", default=0)
    ending_upto: Mapped[int] = mapped_column(BigId, server_default="0", default=0)
    counted_upto: Mapped[int | None] = mapped_column(BigId)


class LevelName(Base):
    """What a level, and those above it up to the next name, are called instead of by default."""

    __tablename__ = "level_names"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(40))


class UserAchievement(Base):
    """An award: an achievement that a user earned. Undoing the work never deletes the row.

    `earned_at` is when the threshold was reached, `awarded_at` when the award was granted;
    `backfilled` awards were granted later. `points` are those at that time. `shown_until` reserves
    the toast for the response that is about to show it; `notified` says that one did. `pin` is its
    place, from 1, among those pinned by the user. `revoked_at` and `revoked_reason` say that an
    administrator revoked it: the row is kept, so that it is not granted again.
    """

    __tablename__ = "user_achievements"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "achievement_id"),
        # Covers the counting of holders.
        sa.Index(
            "ix_user_achievements_shown",
            "achievement_id",
            "user_id",
            sqlite_where=sa.text("is_public = 1 AND revoked_at IS NULL"),
            postgresql_where=sa.text("is_public AND revoked_at IS NULL"),
        ),
        # The first holders of an achievement.
        sa.Index("ix_user_achievements_earned", "achievement_id", "earned_at"),
        sa.Index(
            "ix_user_achievements_waiting",
            "user_id",
            sqlite_where=sa.text("NOT notified"),
            postgresql_where=sa.text("NOT notified"),
        ),
        sa.Index(
            "ix_user_achievements_import_id",
            "import_id",
            sqlite_where=sa.text("import_id IS NOT NULL"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_user_achievements_grant_id",
            "grant_id",
            sqlite_where=sa.text("grant_id IS NOT NULL"),
            postgresql_where=sa.text("grant_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_user_achievements_revoked_by_id",
            "revoked_by_id",
            sqlite_where=sa.text("revoked_by_id IS NOT NULL"),
            postgresql_where=sa.text("revoked_by_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    achievement_id: Mapped[int] = mapped_column(sa.ForeignKey("achievements.id"))
    earned_at: Mapped[datetime]
    awarded_at: Mapped[datetime]
    points: Mapped[int]
    backfilled: Mapped[bool] = mapped_column(default=False)
    # The import that alone earned it: undoing it withdraws the award.
    import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("imports.id", ondelete="SET NULL"))
    notified: Mapped[bool] = mapped_column(default=False)
    shown_until: Mapped[datetime | None]
    is_public: Mapped[bool] = mapped_column(default=True)
    pin: Mapped[int | None]
    # Set where an administrator gave it, with a note.
    grant_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("award_grants.id", ondelete="SET NULL")
    )
    # Whether it was an achievement of the week.
    featured: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL")
    )
    revoked_by: Mapped[str | None] = mapped_column(sa.String(30))
    revoked_reason: Mapped[str | None] = mapped_column(sa.String(300))


class UserStats(Base):
    """The counters of a user, one column per metric: updated by events, corrected by a recount."""

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
    # A level once reached is never lost, whatever becomes of the points. `level_shown` is the
    # highest that a toast has announced.
    level_best: Mapped[int] = mapped_column(server_default="1")
    level_shown: Mapped[int] = mapped_column(server_default="1")
    # Until then a response has reserved the toast of the level.
    level_shown_until: Mapped[datetime | None]
    current_streak: Mapped[int] = mapped_column(server_default="0")
    last_login_date: Mapped[date | None]
    updated_at: Mapped[datetime]


class UserValue(Base):
    """How many of a user's released songs have this artist, year or decade.

    Going from 0 to 1 and back changes the counter of distinct values, which is never counted.
    """

    __tablename__ = "user_values"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    n: Mapped[int]


class UserPeriodStats(Base):
    """The counter of a metric within a period; see CountingPeriod. A missing row is 0."""

    __tablename__ = "user_period_stats"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    metric: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    n: Mapped[int]


class RunState(StrEnum):
    """The state of a recheck; the last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED_RUNS = frozenset({RunState.WAITING, RunState.RUNNING})
_UNFINISHED = sa.text("state IN ('waiting', 'running')")


class RecheckRun(Leased):
    """A run of a recheck: its administrator, its users, its progress and its result.

    A recheck of everyone may be a job: `total` is then the number of users when it started (NULL
    when the request did it), `last_user_id` the last id that was rechecked. `worker` leases it
    until `held_until`. One run per target can be unfinished: the unique index is the lock.
    """

    __tablename__ = "recheck_runs"
    __table_args__ = (
        sa.Index(
            "ix_recheck_runs_unfinished",
            "target",
            unique=True,
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
    )

    admin_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    admin_name: Mapped[str] = mapped_column(sa.String(30))
    target: Mapped[str] = mapped_column(sa.String(30))
    at: Mapped[datetime]
    state: Mapped[RunState] = mapped_column(sa.String(10), default=RunState.DONE)
    total: Mapped[int | None]
    last_user_id: Mapped[int] = mapped_column(BigId, default=0)
    users: Mapped[int] = mapped_column(default=0)
    awards: Mapped[int] = mapped_column(default=0)
    drift: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.String(300), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def is_unfinished(self) -> bool:
        """Return whether it is waiting or running."""
        return self.state in UNFINISHED_RUNS

    @property
    def percent(self) -> int:
        """Return the share of its users rechecked so far, rounded down; 100 means done."""
        if self.state == RunState.DONE:
            return 100
        return min(self.users * 100 // max(self.total or 0, 1), 99)
