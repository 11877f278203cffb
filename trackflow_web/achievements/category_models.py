"""Tables of categories and their completions."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.kernel.database import Base


class CategoryEdition(Base):
    """The achievements of a category for a time, and the bonus for having all of them.

    A change of the built-in achievements of a category begins another edition: `superseded_at` of
    the former one is set, and it never changes again. `total` is the number of its achievements.
    """

    __tablename__ = "category_editions"

    category: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    edition: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    total: Mapped[int]
    points: Mapped[int]
    starts_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class CategoryMember(Base):
    """One achievement of an edition."""

    __tablename__ = "category_edition_achievements"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["category", "edition"],
            ["category_editions.category", "category_editions.edition"],
            ondelete="CASCADE",
        ),
    )

    category: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    edition: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    achievement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("achievements.id"), primary_key=True, index=True
    )


class CategoryCompletion(Base):
    """An edition that a user has completed: kept for good, whatever is added to the category later.

    `completed_at` is when the last of its achievements was earned. `points` is the bonus at that
    time; `backfilled` ones were noticed later. `notified` says that its toast was shown, or that it
    gets none; `shown_until` reserves the toast for the response that is about to show it.
    """

    __tablename__ = "user_category_completions"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["category", "edition"],
            ["category_editions.category", "category_editions.edition"],
        ),
        sa.Index(
            "ix_user_category_completions_import_id",
            "import_id",
            sqlite_where=sa.text("import_id IS NOT NULL"),
            postgresql_where=sa.text("import_id IS NOT NULL"),
        ),
    )

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    category: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    edition: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    completed_at: Mapped[datetime]
    awarded_at: Mapped[datetime]
    points: Mapped[int]
    backfilled: Mapped[bool] = mapped_column(default=False)
    notified: Mapped[bool] = mapped_column(default=False)
    shown_until: Mapped[datetime | None]
    # The import that alone earned it: undoing it withdraws the completion.
    import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("imports.id", ondelete="SET NULL"))
