"""Who uses TrackFlow, when they came, and the tokens their programs carry."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class User(Base):
    """An account. `session_stamp` stands in every cookie; a new one ends all of them."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(30), unique=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    session_stamp: Mapped[str] = mapped_column(sa.String(32))
    is_admin: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(sa.String(64))
    # The user's local day of the last visit: read on every request, so that only the first one of
    # a day writes.
    last_visit_day: Mapped[date | None]
    created_at: Mapped[datetime]
    banned_at: Mapped[datetime | None]


class Visit(Base):
    """A local day on which a user was here; `run` is which day of an unbroken row it was.

    The run is kept and not computed, because which day follows which depends on the zone: Samoa
    had no 30 December 2011.
    """

    __tablename__ = "visits"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(sa.String(64))
    run: Mapped[int]


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"
    WRITE = "write"


class AccessToken(Base):
    """A program's key to a user's data; only its SHA-256 is kept."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scope: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
