"""The notifications that the load causes, compared with the rows that they follow from.

Whoever is told of something twice, or never, is found by adding up `n`: an unread notification
gathers events.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements import events
from trackflow_web.achievements.category_models import CategoryCompletion
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.relations.models import Follow, FollowNotice
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.notifications.models import Notification
from trackflow_web.notifications.types import Type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.torture.verdict import Verdict


def _of_release(rows: Any, subject_type: Any, subject_id: Any, author_id: Any) -> sa.Select[Any]:
    """Count rows about releases of others by the owner of the song."""
    return (
        sa.select(Song.user_id, sa.func.count())
        .select_from(rows)
        .join(Song, Song.id == subject_id)
        .where(subject_type == SubjectType.RELEASE, author_id != Song.user_id)
        .group_by(Song.user_id)
    )


# What a user is to be told of beside unlocks, as (user, number). Nobody mutes, blocks or switches
# anything off.
SOURCES: dict[Type, sa.Select[Any]] = {
    Type.CATEGORY_COMPLETED: sa.select(CategoryCompletion.user_id, sa.func.count()).group_by(
        CategoryCompletion.user_id
    ),
    Type.LEVEL_REACHED: sa.select(Event.user_id, sa.func.count())
    .where(Event.name == events.LevelReached.event_name)
    .group_by(Event.user_id),
    Type.NEW_FOLLOWER: sa.select(FollowNotice.user_id, sa.func.count())
    .where(FollowNotice.sent_at.is_not(None))
    .group_by(FollowNotice.user_id),
    # Of followers who are there before the first release.
    Type.NEW_RELEASE: sa.select(Follow.user_id, sa.func.count())
    .join(Song, Song.user_id == Follow.followed_id)
    .where(Song.status == Status.RELEASED)
    .group_by(Follow.user_id),
    Type.COMMENT: _of_release(Comment, Comment.subject_type, Comment.subject_id, Comment.user_id),
    Type.REACTION: _of_release(
        Reaction, Reaction.subject_type, Reaction.subject_id, Reaction.user_id
    ),
}


def look_at_notifications(verdict: Verdict, user_ids: Iterable[int]) -> None:
    """Every user is told of everything, once."""
    those = set(user_ids) | set(db.session.scalars(sa.select(FollowNotice.user_id)))
    rows = db.session.execute(
        sa.select(Notification.type, Notification.user_id, sa.func.sum(Notification.n))
        .where(Notification.type.in_(SOURCES))
        .group_by(Notification.type, Notification.user_id)
    )
    told = Counter({(type_, user_id): n for type_, user_id, n in rows if user_id in those})
    wanted: Counter[tuple[str, int]] = Counter()
    for type_, source in SOURCES.items():
        wanted.update(
            {(type_, user_id): n for user_id, n in db.session.execute(source) if user_id in those}
        )
    db.session.rollback()
    verdict.compared["notifications"] += told.total()
    verdict.blame("lost", [("told", *key, n) for key, n in sorted((wanted - told).items())])
    verdict.blame("doubled", [("told", *key, n) for key, n in sorted((told - wanted).items())])
