"""The statement that reads highlights, built once: building it takes longer than running it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from trackflow_web.achievements import catalogue
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.community import showcase
from trackflow_web.community.models import Highlight, HighlightKind
from trackflow_web.domain.people.models import User
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import VIEWER, not_held, visible_to


@lru_cache
def latest() -> sa.Select[*tuple[Any, ...]]:
    """Return the latest highlights, up to `limit`, with what `viewer_id` may see of them."""
    award = sa.and_(
        Highlight.kind == HighlightKind.ACHIEVEMENT,
        UserAchievement.id == Highlight.subject_id,
        showcase.is_shown(),
    )
    song = sa.and_(
        Highlight.kind == HighlightKind.RELEASE,
        Song.id == Highlight.subject_id,
        Song.status == Status.RELEASED,
        not_held("release", Song.id),
    )
    owner_id = sa.func.coalesce(UserAchievement.user_id, Song.user_id)
    owner = sa.and_(User.id == owner_id, visible_to(VIEWER), User.in_feed)
    return (
        sa.select(
            Highlight,
            UserAchievement.earned_at,
            Achievement.code,
            catalogue.VERSION.label("version"),
            Song.title,
            Song.artist,
            Song.album,
            Song.year,
            User.id.label("user_id"),
            User.username,
            User.display_name,
            User.avatar,
        )
        .select_from(Highlight)
        .outerjoin(UserAchievement, award)
        .outerjoin(Achievement, Achievement.id == UserAchievement.achievement_id)
        .outerjoin(Song, song)
        .outerjoin(User, owner)
        .order_by(Highlight.start.desc(), Highlight.kind)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
