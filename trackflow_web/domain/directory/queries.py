"""The user directory: everyone whose profile the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel.database import db
from trackflow_web.kernel.text import like_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

PEOPLE_A_PAGE = 48
# By its name: achievements are built on this feature.
_STATS = sa.table(
    "user_stats",
    sa.column("user_id", sa.BigInteger),
    sa.column("total_released", sa.Integer),
    sa.column("level_best", sa.Integer),
)


@dataclass(frozen=True)
class Listed:
    """A user in the directory, with their released songs and level."""

    user: User
    released: int
    level: int


@dataclass(frozen=True)
class PeoplePage:
    """One page of the directory, counted from 1; the total is not counted."""

    people: Sequence[Listed]
    page: int
    has_more: bool


def list_people(q: str, viewer_id: int, *, page: int) -> PeoplePage:
    """Return a page of the visible users whose names contain `q`, by username."""
    found = (
        sa.select(
            User,
            sa.func.coalesce(_STATS.c.total_released, 0),
            sa.func.coalesce(_STATS.c.level_best, 1),
        )
        .outerjoin(_STATS, _STATS.c.user_id == User.id)
        .where(visible_to(viewer_id))
    )
    if q:
        pattern = like_pattern(q)
        found = found.where(
            sa.or_(
                User.username.like(pattern, escape="\\"),
                sa.func.lower(User.display_name).like(pattern, escape="\\"),
                # The pattern has no accents, but a name may.
                User.display_name.icontains(q, autoescape=True),
            )
        )
    rows = db.session.execute(
        found.order_by(User.username).limit(PEOPLE_A_PAGE + 1).offset((page - 1) * PEOPLE_A_PAGE)
    ).all()
    return PeoplePage(
        [Listed(*row) for row in rows[:PEOPLE_A_PAGE]], page, len(rows) > PEOPLE_A_PAGE
    )
