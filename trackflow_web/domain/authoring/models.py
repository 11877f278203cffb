"""The parts of a chart."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.authoring.rules import LONGEST_TEMPLATE_NAME, OWN_TEMPLATE, Part, State
from trackflow_web.kernel.database import Base, BigId

# When a reopened part was first done that an import gave the credit for: nobody knows.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


class SongPart(Base):
    """A part of a song that is done or not needed, or was done before.

    A part that was never done and is still to do has no row. `first_done_at` stays when the part is
    reopened, and so does `done_by`, the user who gets the credit; it is empty once that user's
    account is deleted. A credit without a date comes from an import.
    """

    __tablename__ = "song_parts"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('done', 'skip') OR (state = 'todo' AND first_done_at IS NOT NULL)",
            name="state",
        ),
        # The parts that a user completed, by time.
        sa.Index("ix_song_parts_done_by", "done_by", "first_done_at"),
    )

    song_id: Mapped[int] = mapped_column(
        sa.ForeignKey("songs.id", ondelete="CASCADE"), primary_key=True
    )
    part: Mapped[Part] = mapped_column(sa.String(20), primary_key=True)
    state: Mapped[State] = mapped_column(sa.String(4))
    at: Mapped[datetime]
    done_by: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    first_done_at: Mapped[datetime | None]


class PartTemplate(Base):
    """A template of a user: a name for a set of parts that some songs do not need.

    `not_needed` has the names of the parts, separated by commas, in the order of the work.
    """

    __tablename__ = "part_templates"
    __table_args__ = (sa.UniqueConstraint("user_id", "name_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(LONGEST_TEMPLATE_NAME))
    name_key: Mapped[str] = mapped_column(sa.Text)
    not_needed: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]

    @property
    def choice(self) -> str:
        """What a form and the API call this template by."""
        return f"{OWN_TEMPLATE}{self.id}"

    @property
    def labels(self) -> list[str]:
        """The names of its parts, in the order of the work."""
        return [part.label for part in Part if part in self.parts]

    @property
    def parts(self) -> frozenset[Part]:
        """The parts that songs of this template do without."""
        return frozenset(Part(name) for name in self.not_needed.split(","))
