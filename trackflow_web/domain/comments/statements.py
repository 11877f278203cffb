"""The statements that read threads. Building one takes longer than running it, so each is kept.

Their parameters are `viewer_id`, and `subject_type` and `subject_id` of the subject.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from trackflow_web.domain.comments.models import Comment, CommentClosing
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility import VIEWER, Held, blocked_between, not_held, visible_to
from trackflow_web.kernel.database import literal_ids

_REPLY = sa.orm.aliased(Comment)
_HAS_REPLIES = sa.exists().where(_REPLY.parent_id == Comment.id).correlate(Comment)
_TYPE: Any = sa.bindparam("subject_type", type_=sa.String)
_ID: Any = sa.bindparam("subject_id", type_=sa.BigInteger)
OF_SUBJECT = (Comment.subject_type == _TYPE, Comment.subject_id == _ID)


class ReaderKind(NamedTuple):
    """What makes the statements for a reader differ from those for another one."""

    is_member: bool
    is_staff: bool


@lru_cache
def shown(reader: ReaderKind) -> sa.Select[*tuple[Any, ...]]:
    """Return the comments that a reader sees, each with its author and what hides it."""
    viewer = VIEWER if reader.is_member else None
    is_hidden = sa.not_(not_held(Held.COMMENT, Comment.id))
    own = Comment.user_id == viewer if reader.is_member else sa.false()
    is_collapsed = blocked_between(viewer, Comment.user_id) if reader.is_member else sa.false()
    is_released = Comment.held_until.is_(None)
    return (
        sa.select(
            Comment,
            User,
            visible_to(viewer).label("is_visible"),
            is_collapsed.label("is_collapsed"),
            is_hidden.label("is_hidden"),
        )
        .outerjoin(User, User.id == Comment.user_id)
        .where(
            sa.true() if reader.is_staff else sa.or_(is_released, own),
            sa.or_(sa.not_(is_hidden), own, _HAS_REPLIES),
        )
    )


@lru_cache
def page(reader: ReaderKind, *, is_continued: bool) -> sa.Select[*tuple[Any, ...]]:
    """Return `limit` comments of a subject, after the place of `root_id` and `after_id` or all."""
    found = shown(reader).where(*OF_SUBJECT)
    if is_continued:
        place = sa.tuple_(Comment.root_id, Comment.id)
        names = ("root_id", "after_id")
        after = sa.tuple_(*(sa.bindparam(name, type_=sa.BigInteger) for name in names))
        found = found.where(place > after)
    limit = sa.bindparam("limit", type_=sa.Integer)
    return found.order_by(Comment.root_id, Comment.id).limit(limit)


@lru_cache
def facts() -> sa.Select[int, bool, bool]:
    """Return the number of comments on a subject, whether its thread is closed, and it hidden."""
    number = sa.select(sa.func.count()).where(*OF_SUBJECT, is_counted()).scalar_subquery()
    closed = sa.exists().where(
        CommentClosing.subject_type == _TYPE, CommentClosing.subject_id == _ID
    )
    return sa.select(number, closed, sa.not_(not_held(_TYPE, _ID)))


@lru_cache(maxsize=64)
def counts(types: tuple[SubjectType, ...]) -> sa.Select[*tuple[Any, ...]]:
    """Return the numbers of comments on subjects, whose ids have the name of their type."""
    among = sa.or_(
        *(
            sa.and_(Comment.subject_type == type_, Comment.subject_id.in_(literal_ids(type_)))
            for type_ in types
        )
    )
    return (
        sa.select(Comment.subject_type, Comment.subject_id, sa.func.count())
        .where(among, is_counted())
        .group_by(Comment.subject_type, Comment.subject_id)
    )


def is_counted() -> sa.ColumnElement[bool]:
    """Return the condition for comments that are numbers elsewhere: shown to all, no steps."""
    return sa.and_(
        Comment.status.is_(None),
        Comment.deleted_at.is_(None),
        Comment.held_until.is_(None),
        not_held(Held.COMMENT, Comment.id),
    )
