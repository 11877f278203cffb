"""Tables of what administrators do with the catalogue: changes of it, and awards they granted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base, BigId


class AwardGrant(Base):
    """One achievement given to some users by an administrator, with a note that they can read.

    Its awards refer to it until `undone_at`, when they are deleted.
    """

    __tablename__ = "award_grants"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    achievement_id: Mapped[int] = mapped_column(sa.ForeignKey("achievements.id"), index=True)
    admin_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    admin_name: Mapped[str] = mapped_column(sa.String(30))
    note: Mapped[str] = mapped_column(sa.String(500))
    users: Mapped[int]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class CatalogueChange(Base):
    """One change of a custom achievement: its fields before (None: it was created) and after.

    The latest one that is not reverted can be: its achievement gets the fields from before.
    """

    __tablename__ = "catalogue_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    achievement_id: Mapped[int] = mapped_column(sa.ForeignKey("achievements.id"), index=True)
    admin_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    admin_name: Mapped[str] = mapped_column(sa.String(30))
    at: Mapped[datetime]
    before: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    after: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    reverted_at: Mapped[datetime | None]
