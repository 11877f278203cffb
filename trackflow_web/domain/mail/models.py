"""Mails that wait to be sent or were sent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class MailKind(StrEnum):
    """The kind of a mail; `messages.py` has the text of each."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 -- a name, not a password
    CONFIRM_EMAIL = "confirm_email"
    EMAIL_IN_USE = "email_in_use"
    DIGEST = "digest"
    APPEAL_ANSWERED = "appeal_answered"


class Mail(Base):
    """One mail to one email address.

    It holds neither text nor secret: the job writes the text and signs the link when it sends. A
    password reset has no user until then, so that requesting one takes the same time for known and
    unknown addresses. `base_url` is the URL of the site for links.
    """

    __tablename__ = "mails"
    __table_args__ = (
        sa.Index(
            "ix_mails_due",
            "due_at",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(sa.String(30))
    address: Mapped[str] = mapped_column(sa.String(254))
    base_url: Mapped[str] = mapped_column(sa.String(200))
    # Of a digest: it tells of the versions of the user's notifications behind the first one.
    after_version: Mapped[int | None] = mapped_column(sa.BigInteger)
    upto_version: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    # Sent, without recipient, or failed: the mail has ended.
    ended_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
