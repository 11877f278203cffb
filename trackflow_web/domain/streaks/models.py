"""Tables of the weekly streak."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base


class ChartingWeek(Base):
    """A week, by its Monday in the user's time zone, in which they charted.

    `at` is when and `event` what did it first, about the song `subject_id`. One that is not
    `counts` keeps the streak without making it longer: it began only because the time zone changed.
    """

    __tablename__ = "charting_weeks"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    week: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(sa.String(64))
    event: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[int] = mapped_column(sa.BigInteger)
    counts: Mapped[bool]


class BreakWeek(Base):
    """A week, by its Monday, that a user has planned not to chart in."""

    __tablename__ = "break_weeks"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    week: Mapped[date] = mapped_column(primary_key=True)
    planned_at: Mapped[datetime]
