"""Collaborators on songs, invitations to become one, and users who have worked together."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Collaboration(Base):
    """One collaborator on one song; `owner_id` is the owner of the song."""

    __tablename__ = "collaborations"
    __table_args__ = (
        sa.UniqueConstraint("song_id", "user_id"),
        sa.CheckConstraint("owner_id <> user_id", name="not_oneself"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    song_id: Mapped[int] = mapped_column(sa.ForeignKey("songs.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class Invitation(Base):
    """An invitation to a song or to a whole pack of the inviter; see `rules.State`.

    A row that was declined or left stays: it keeps the owner from adding the user again. So a user
    who was added without an invitation and leaves gets a row, too.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        sa.UniqueConstraint("song_id", "invitee_id"),
        sa.UniqueConstraint("pack_id", "invitee_id"),
        sa.CheckConstraint("inviter_id <> invitee_id", name="not_oneself"),
        sa.CheckConstraint("(song_id IS NULL) <> (pack_id IS NULL)", name="one_subject"),
        # The pending ones of a user, newest first.
        sa.Index("ix_invitations_invitee_id", "invitee_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    inviter_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    invitee_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    song_id: Mapped[int | None] = mapped_column(sa.ForeignKey("songs.id", ondelete="CASCADE"))
    pack_id: Mapped[int | None] = mapped_column(sa.ForeignKey("packs.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class WorkedTogether(Base):
    """Two users who worked together: one accepted, and neither declined or left since.

    There is a row for each of the two. It outlives the songs that they worked on.
    """

    __tablename__ = "worked_together"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[datetime]
