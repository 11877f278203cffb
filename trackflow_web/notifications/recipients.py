"""Who is notified: one SELECT of (user_id, reason) for each audience, by parameters of a notice."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trackflow_web.domain.collaborations.models import Collaboration, WorkedTogether
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.feedback.models import Feedback, FeedbackVote
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility import Held, not_held, visible_to_members
from trackflow_web.kernel.database import db, literal_ids
from trackflow_web.notifications.types import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable


class Audience(StrEnum):
    """Whom a notice is for: the user `owner_id`, or those around the subject `subject_id`."""

    USER = "user"
    # Everybody who works on a song, its owner included.
    SONG = "song"
    # Followers of a song's owner and those who have worked with them, without those of the song.
    RELEASE = "release"
    # The author of a request or report, and whoever has commented on it or voted for it.
    THREAD = "thread"
    VOTERS = "voters"
    EVERYBODY = "everybody"
    ADMINISTRATORS = "administrators"


OWNER = sa.bindparam("owner_id", type_=sa.BigInteger)
SUBJECT = sa.bindparam("subject_id", type_=sa.BigInteger)

Recipients = sa.Subquery


def shared_among(song_ids: Iterable[int], actor_id: int | None) -> set[int]:
    """Return those of these songs that somebody other than the actor works on.

    Most songs have their owner only: one look at an index replaces the statement of a notice.
    """
    ids = sorted(set(song_ids))
    if not ids:
        return set()
    found = db.session.execute(_SHARED, {"song_ids": ids, "actor_id": actor_id or 0})
    return {row.song_id for row in found}


def _shared() -> sa.CompoundSelect[int]:
    ids, actor = literal_ids("song_ids"), sa.bindparam("actor_id", type_=sa.BigInteger)
    helpers = sa.select(Collaboration.song_id.label("song_id"))
    owners = sa.select(Song.id)
    return helpers.where(Collaboration.song_id.in_(ids), Collaboration.user_id != actor).union_all(
        owners.where(Song.id.in_(ids), Song.user_id != actor)
    )


_SHARED = _shared()


def recipients(audience: Audience) -> Recipients:
    """Return the recipients as rows (user_id, reason), each user once."""
    return _AUDIENCES[audience]().subquery("recipients")


def is_still_so(audience: Audience) -> sa.ColumnElement[bool]:
    """Return the condition under which an audience is still notified when its turn comes."""
    if audience is not Audience.RELEASE:
        return sa.true()
    owner = aliased(User)  # the statement around it reads the recipient's row
    return sa.exists().where(
        Song.id == SUBJECT,
        Song.status == Status.RELEASED,
        owner.id == Song.user_id,
        visible_to_members(owner),
        not_held(Held.RELEASE, SUBJECT),
    )


def _user() -> sa.Select[*tuple[Any, ...]]:
    reason = sa.bindparam("reason", type_=sa.String)
    return sa.select(User.id.label("user_id"), reason.label("reason")).where(User.id == OWNER)


def _everybody() -> sa.Select[*tuple[Any, ...]]:
    reason = sa.bindparam("reason", type_=sa.String)
    return sa.select(User.id.label("user_id"), reason.label("reason"))


def _administrators() -> sa.Select[*tuple[Any, ...]]:
    return _everybody().where(User.is_admin, User.banned_at.is_(None))


def _song() -> sa.CompoundSelect[*tuple[Any, ...]]:
    owner = sa.select(Song.user_id, sa.literal(Reason.OWNER).label("reason"))
    helpers = sa.select(Collaboration.user_id, sa.literal(Reason.COLLABORATOR))
    return owner.where(Song.id == SUBJECT).union_all(
        helpers.where(Collaboration.song_id == SUBJECT)
    )


def _release() -> sa.Select[*tuple[Any, ...]]:
    followed = sa.select(Follow.user_id, sa.literal(Reason.FOLLOWED).label("reason"))
    worked = sa.select(WorkedTogether.other_id, sa.literal(Reason.WORKED_WITH))
    found = sa.union_all(
        followed.where(Follow.followed_id == OWNER),
        worked.where(WorkedTogether.user_id == OWNER),
    ).subquery()
    of_the_song = sa.exists().where(
        Collaboration.song_id == SUBJECT, Collaboration.user_id == found.c.user_id
    )
    # Following says more than having worked together, and comes first in the alphabet.
    return (
        sa.select(found.c.user_id, sa.func.min(found.c.reason).label("reason"))
        .where(found.c.user_id != OWNER, ~of_the_song)
        .group_by(found.c.user_id)
    )


def _thread() -> sa.CompoundSelect[*tuple[Any, ...]]:
    type_ = sa.case(
        (Feedback.kind == Kind.FEATURE, SubjectType.FEATURE_REQUEST), else_=SubjectType.BUG_REPORT
    )
    commented = (
        sa.select(Comment.user_id, sa.literal(Reason.COMMENTED))
        .join(Feedback, sa.and_(Comment.subject_type == type_, Comment.subject_id == Feedback.id))
        .where(Feedback.id == SUBJECT, Comment.user_id != Feedback.user_id)
        .distinct()
    )
    return _author().union_all(commented)


def _voters() -> sa.CompoundSelect[*tuple[Any, ...]]:
    voted = sa.select(FeedbackVote.user_id, sa.literal(Reason.VOTED))
    return _author().union_all(voted.where(FeedbackVote.feedback_id == SUBJECT))


def _author() -> sa.Select[*tuple[Any, ...]]:
    author = sa.select(Feedback.user_id, sa.literal(Reason.AUTHOR).label("reason"))
    return author.where(Feedback.id == SUBJECT)


_AUDIENCES = {
    Audience.USER: _user,
    Audience.SONG: _song,
    Audience.RELEASE: _release,
    Audience.THREAD: _thread,
    Audience.VOTERS: _voters,
    Audience.EVERYBODY: _everybody,
    Audience.ADMINISTRATORS: _administrators,
}
