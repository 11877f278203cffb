"""Issued credentials."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class Credential(Base):
    """A credential of an award, issued at its holder's request; `document` is what was signed.

    It is stored as text, because signing it again would give other bytes. A row is never deleted:
    its index in the list of revoked ones must not be used again. Of a deleted account only that and
    the date remain, and of an award that was withdrawn no award.
    """

    __tablename__ = "credentials"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    # A second credential of an award is issued only when the first is revoked.
    award_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("user_achievements.id", ondelete="SET NULL"), index=True
    )
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True)
    status_index: Mapped[int] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    document: Mapped[str] = mapped_column(sa.Text)
