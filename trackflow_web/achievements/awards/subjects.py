"""Awards as subjects of reactions and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import Held, not_held_from, visible_to

if TYPE_CHECKING:
    from trackflow_web.domain.subjects import Viewer


def awards(viewer: Viewer, *, blocked_too: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """Return the awards that a viewer may see; their name is the achievement's code."""
    is_shown: sa.ColumnElement[bool] = sa.and_(UserAchievement.is_public)
    if viewer is not None:
        is_shown = sa.or_(is_shown, UserAchievement.user_id == viewer)
    return (
        sa.select(
            UserAchievement.id,
            UserAchievement.user_id.label("owner_id"),
            User.username,
            Achievement.code.label("name"),
        )
        .join(User, User.id == UserAchievement.user_id)
        .join(Achievement, Achievement.id == UserAchievement.achievement_id)
        .where(
            is_shown,
            UserAchievement.revoked_at.is_(None),
            visible_to(viewer, blocked_too=blocked_too),
            not_held_from(viewer, Held.ACHIEVEMENT, UserAchievement.id, UserAchievement.user_id),
        )
    )
