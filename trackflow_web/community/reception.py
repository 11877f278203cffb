"""How many people reacted to releases and commented on them, for the release of the week."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.achievements.standings.windows import midnight
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.comments.statements import is_counted
from trackflow_web.domain.people.models import User
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility import visible_to_members
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OF_A_REACTION, OF_A_COMMENT = 1, 2


@dataclass(frozen=True)
class Reception:
    """How many people said something about a song, and their weight: a comment counts twice."""

    people: int
    score: int


def of_songs(song_ids: Sequence[int], week: date, newcomer_days: int) -> Mapping[int, Reception]:
    """Return what was said about songs in a week, without their own people and new accounts."""
    if not song_ids:
        return {}
    end = midnight(week) + timedelta(weeks=1)
    old_enough = end - timedelta(days=max(newcomer_days, 1))
    scores: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for table, worth in ((Reaction, OF_A_REACTION), (Comment, OF_A_COMMENT)):
        for song_id, user_id in db.session.execute(_said(table, song_ids, end, old_enough)):
            scores[song_id][user_id] += worth
    return {
        song_id: Reception(len(by_user), sum(by_user.values()))
        for song_id, by_user in scores.items()
    }


def _said(table: Any, song_ids: Sequence[int], end: Any, old_enough: Any) -> sa.Select[Any]:  # noqa: ANN401 -- one of two tables
    """Return songs and who reacted to them or commented on them, each once."""
    works_on_it = sa.exists().where(
        Collaboration.song_id == table.subject_id, Collaboration.user_id == table.user_id
    )
    shown = is_counted() if table is Comment else Reaction.kind.is_not(None)
    at = Comment.created_at if table is Comment else Reaction.changed_at
    return (
        sa.select(table.subject_id, table.user_id)
        .join(User, User.id == table.user_id)
        .join(Song, Song.id == table.subject_id)
        .where(
            table.subject_type == SubjectType.RELEASE,
            table.subject_id.in_(song_ids),
            at < end,
            table.user_id != Song.user_id,
            ~works_on_it,
            User.created_at <= old_enough,
            visible_to_members(),
            shown,
        )
        .distinct()
    )
