"""An album and its tracks."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import LONGEST_NAME
from trackflow_web.kernel.database import Base, BigId


class Series(Base):
    """An album that a user charts.

    `completed_at` is since when every relevant track is a released song of the user; it is cleared
    when that ends.
    """

    __tablename__ = "series"
    __table_args__ = (sa.UniqueConstraint("user_id", "artist_key", "album_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    artist: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    album: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    year: Mapped[int | None]
    artist_key: Mapped[str] = mapped_column(sa.Text)
    album_key: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class Track(Base):
    """One track of an album; `position` counts from 1."""

    __tablename__ = "tracks"

    series_id: Mapped[int] = mapped_column(
        sa.ForeignKey("series.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    title_key: Mapped[str] = mapped_column(sa.Text)
    song_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("songs.id", ondelete="SET NULL"), index=True
    )
    irrelevant: Mapped[bool] = mapped_column(default=False)

    song: Mapped[Song | None] = relationship(viewonly=True)
