"""The parts of a chart."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.authoring.rules import Part, State
from trackflow_web.kernel.database import Base


class SongPart(Base):
    """A part of a song that is done or not needed; one still to do has no row."""

    __tablename__ = "song_parts"
    __table_args__ = (sa.CheckConstraint("state IN ('done', 'skip')", name="state"),)

    song_id: Mapped[int] = mapped_column(
        sa.ForeignKey("songs.id", ondelete="CASCADE"), primary_key=True
    )
    part: Mapped[Part] = mapped_column(sa.String(20), primary_key=True)
    state: Mapped[State] = mapped_column(sa.String(4))
    at: Mapped[datetime]
