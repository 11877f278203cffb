"""Tables of the community: the feed, hidden entries, weekly highlights and reports."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId

LONGEST_KEY = 60
LONGEST_REASON = 300


class Kind(StrEnum):
    """The types of feed entries; each is also the type of its subjects."""

    RELEASE = "release"
    ACHIEVEMENT = "achievement"
    PACK = "pack"
    SERIES = "series"


class FeedEntry(Base):
    """One entry of the feed: what a user did, merged by `group_key`.

    `subject_id` is the newest of its `n` subjects, `subject_ids` the newest few between commas.
    Without any subject left an entry is withdrawn; the row keeps its id, because the subjects may
    return. `in_global` is false beyond a number of entries per user and day.
    """

    __tablename__ = "feed"
    __table_args__ = (
        sa.Index(
            "ix_feed_latest",
            "last_at",
            "id",
            sqlite_where=sa.text("withdrawn_at IS NULL AND in_global = 1"),
            postgresql_where=sa.text("withdrawn_at IS NULL AND in_global"),
        ),
        sa.Index(
            "ix_feed_kind_latest",
            "kind",
            "last_at",
            "id",
            sqlite_where=sa.text("withdrawn_at IS NULL AND in_global = 1"),
            postgresql_where=sa.text("withdrawn_at IS NULL AND in_global"),
        ),
        sa.Index("ix_feed_user_id_first_at", "user_id", "first_at"),
        # An id is not used again, because readers hide entries by it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[Kind] = mapped_column(sa.String(12))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    subject_id: Mapped[int] = mapped_column(BigId)
    subject_ids: Mapped[str] = mapped_column(sa.String(200))
    group_key: Mapped[str] = mapped_column(sa.String(LONGEST_KEY), unique=True)
    n: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    in_global: Mapped[bool]
    withdrawn_at: Mapped[datetime | None]


class FeedPerson(Base):
    """One of the people of an entry that is not withdrawn: its actor or a collaborator.

    `kind` and `last_at` are those of the entry, so that one index has the entries of a user in
    their order.
    """

    __tablename__ = "feed_people"
    __table_args__ = (sa.Index("ix_feed_people_latest", "user_id", "last_at", "feed_id", "kind"),)

    feed_id: Mapped[int] = mapped_column(
        sa.ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[Kind] = mapped_column(sa.String(12))
    last_at: Mapped[datetime]


class FeedRebuild(Base):
    """How far the feed of what happened before there was one has come; one row.

    `last_user_id` is the last user whose entries were written, `done_at` when there were no more.
    """

    __tablename__ = "feed_rebuilds"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    last_user_id: Mapped[int] = mapped_column(BigId, default=0)
    done_at: Mapped[datetime | None]


class HiddenEntry(Base):
    """An entry that a reader does not want to see."""

    __tablename__ = "feed_hidden"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    feed_id: Mapped[int] = mapped_column(
        sa.ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    hidden_at: Mapped[datetime]


class HighlightKind(StrEnum):
    """What is chosen every week."""

    ACHIEVEMENT = "achievement"
    RELEASE = "release"


class Highlight(Base):
    """The achievement or release of a week, or that there was none (no `subject_id`).

    `start` is the Monday of the week. `user_id` is whose it is; it is empty after the account was
    deleted. `reason` is what an administrator wrote who chose it, empty when the rule did.
    """

    __tablename__ = "highlights"
    __table_args__ = (
        sa.UniqueConstraint("kind", "start"),
        sa.CheckConstraint("kind IN ('achievement', 'release')", name="kind"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[HighlightKind] = mapped_column(sa.String(12))
    start: Mapped[date]
    subject_id: Mapped[int | None] = mapped_column(BigId)
    user_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    reason: Mapped[str] = mapped_column(sa.String(LONGEST_REASON), default="")
    rule_version: Mapped[int]
    chosen_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    # What the rule counted, so that the page can say why: ids and numbers, never names.
    figures: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]


class Report(Base):
    """Figures of the whole community that a job counted: statistics, trends, the most active.

    Users appear in `data` by id only and are looked up when it is read.
    """

    __tablename__ = "community_reports"

    kind: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    data: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
