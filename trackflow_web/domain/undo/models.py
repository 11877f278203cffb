"""An action that can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class UndoStep(Base):
    """What an action changed, kept for some minutes so that its user can undo it.

    `data` holds the fields of the step of this `kind` (`steps.py`). `undone_at` is when it was
    undone: a second request finds it and changes nothing.
    """

    __tablename__ = "undo_steps"
    __table_args__ = (sa.UniqueConstraint("user_id", "token"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    token: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(30))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
    undone_at: Mapped[datetime | None]
