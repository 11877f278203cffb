"""Tables of the stored holder counts of a large community."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class HolderCount(Base):
    """What a job counted of an achievement, or what an action has changed since: the sum counts.

    Without an achievement it is the number of users. Rows are only added and deleted, never
    updated, so that actions do not wait for each other.
    """

    __tablename__ = "holder_counts"
    # An id is not used again: the job deletes the rows that it has read, by their ids.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    achievement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("achievements.id"), index=True)
    n: Mapped[int] = mapped_column(BigId)


class HolderCounting(Base):
    """When the holders were counted last; one row, or none where a job has never counted.

    `number` rises with each part of a count that is stored: two workers cannot store the same one,
    and processes read the counts again. `version` and the newest ids are those before the count,
    `awards` is the sum that it found, 0 until the first one has ended, and `seconds` what it took.
    """

    __tablename__ = "holder_countings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(BigId)
    awards: Mapped[int] = mapped_column(BigId)
    version: Mapped[int | None] = mapped_column(BigId)
    newest_award: Mapped[int | None] = mapped_column(BigId)
    newest_user: Mapped[int | None] = mapped_column(BigId)
    seconds: Mapped[float]
    counted_at: Mapped[datetime]
