"""What moderators see of a subject, whether or not it is hidden."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people.models import User
from trackflow_web.domain.series.models import Series
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = tuple[str, int]


@dataclass(frozen=True)
class Evidence:
    """A title and a text as they are now."""

    title: str
    text: str


A_COMMENT = "a comment"
# Of each type, in the list of what a blocked user has made.
MOST_OF_A_TYPE = 10

_FEEDBACK = (Feedback.id, Feedback.title, Feedback.description)
_COLUMNS: dict[str, tuple[Any, Any, Any]] = {
    Held.PROFILE: (User.id, User.username, User.display_name + "\n\n" + User.bio),
    Held.RELEASE: (Song.id, Song.title, Song.artist + "\n" + Song.video_url),
    Held.COMMENT: (Comment.id, sa.literal(A_COMMENT), Comment.body),
    Held.SERIES: (Series.id, Series.album, Series.artist),
    Held.PACK: (Pack.id, Pack.name, sa.literal("")),
    Held.FEATURE_REQUEST: _FEEDBACK,
    Held.BUG_REPORT: _FEEDBACK,
}


def of(keys: Iterable[Key]) -> dict[Key, Evidence]:
    """Return what is known of subjects, one statement for each type; not of those that are gone."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for type_, id_ in keys:
        wanted[type_].add(id_)
    found: dict[Key, Evidence] = {}
    for type_, ids in wanted.items():
        if type_ in _COLUMNS:
            id_column, title, text = _COLUMNS[type_]
            rows = db.session.execute(sa.select(id_column, title, text).where(id_column.in_(ids)))
            found |= {(type_, row[0]): Evidence(row[1], row[2].strip()) for row in rows}
    return found


def latest_by(user_id: int) -> list[Key]:
    """Return a user's latest comments, releases and packs, whoever may see them."""
    comments = (
        sa.select(Comment.id)
        .where(Comment.user_id == user_id, Comment.status.is_(None), Comment.deleted_at.is_(None))
        .order_by(Comment.id.desc())
    )
    releases = (
        sa.select(Song.id)
        .where(Song.user_id == user_id, Song.status == Status.RELEASED)
        .order_by(Song.released_at.desc(), Song.id.desc())
    )
    packs = sa.select(Pack.id).where(Pack.user_id == user_id).order_by(Pack.id.desc())
    return [
        (type_, id_)
        for type_, found in ((Held.COMMENT, comments), (Held.RELEASE, releases), (Held.PACK, packs))
        for id_ in db.session.scalars(found.limit(MOST_OF_A_TYPE))
    ]
