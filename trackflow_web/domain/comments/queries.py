"""Reading comments: pages of a thread, single ones, numbers of many threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.domain.comments import rules
from trackflow_web.domain.comments.models import Comment, CommentClosing, CommentEdit, Mention
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import Key, Subject, SubjectType
from trackflow_web.domain.visibility import Held, blocked_between, not_held, visible_to
from trackflow_web.kernel import clock, markup
from trackflow_web.kernel.database import BigId, db, get_for_update, literal_ids

COMMENTS_A_PAGE = 50


@dataclass(frozen=True)
class Reader:
    """Who reads a thread; without an id a visitor."""

    id: int | None
    is_staff: bool = False


@dataclass(frozen=True)
class Shown:
    """A comment as its reader sees it.

    Without an `author` the reader may not know who wrote it. `is_collapsed` is that there is a
    block between them; `is_hidden` that a moderator has hidden it.
    """

    comment: Comment
    author: User | None
    is_collapsed: bool
    is_hidden: bool
    is_own: bool

    @property
    def is_gone(self) -> bool:
        """Return whether only its place is left for this reader."""
        return self.comment.deleted_at is not None or (self.is_hidden and not self.is_own)

    @property
    def is_held(self) -> bool:
        """Return whether it waits for its release; others do not see it."""
        return self.comment.held_until is not None

    @property
    def is_edited(self) -> bool:
        """Return whether it was changed after the grace period."""
        return self.comment.edited_at is not None

    @property
    def body(self) -> str:
        """Return its text; empty when only its place is left."""
        return "" if self.is_gone else self.comment.body

    @property
    def html(self) -> str:
        """Return its text as HTML."""
        return "" if self.is_gone else html_of(self.comment)


@dataclass(frozen=True)
class Place:
    """A place in a thread: the comments from here on."""

    root_id: int
    id: int


def html_of(comment: Comment) -> str:
    """Return a comment's text as HTML; rendered now if the stored one is of other rules."""
    if comment.html_version == markup.VERSION:
        return comment.html
    return markup.to_html(comment.body)


def find(comment_id: int, *, for_update: bool = False) -> Comment | None:
    """Return a comment; with `for_update` locked until the commit, with all that refers to it."""
    if for_update:
        return get_for_update(Comment, comment_id)
    return db.session.get(Comment, comment_id)


def find_shown(comment_id: int, reader: Reader) -> Shown | None:
    """Return a comment as a reader sees it, if they do; whether its thread is visible is apart."""
    row = db.session.execute(_shown(reader).where(Comment.id == comment_id)).one_or_none()
    return None if row is None else _as_shown(row, reader)


def page(
    subject: Subject, reader: Reader, *, after: Place | None = None, start: Place | None = None,
    limit: int = COMMENTS_A_PAGE,
) -> Sequence[Shown]:  # fmt: skip
    """Return up to `limit` comments of a thread: oldest first, each followed by its replies.

    They come `after` one, or `start` with one.
    """
    wanted = _shown(reader).where(*_of(subject))
    place = sa.tuple_(Comment.root_id, Comment.id)
    if after is not None:
        wanted = wanted.where(place > sa.tuple_(sa.literal(after.root_id), sa.literal(after.id)))
    if start is not None:
        wanted = wanted.where(place >= sa.tuple_(sa.literal(start.root_id), sa.literal(start.id)))
    rows = db.session.execute(wanted.order_by(Comment.root_id, Comment.id).limit(limit))
    return [_as_shown(row, reader) for row in rows]


def in_order_of_time(
    subject: Subject, reader: Reader, *, after_id: int | None, limit: int
) -> Sequence[Shown]:
    """Return up to `limit` comments and steps of a thread after an id, oldest first."""
    wanted = _shown(reader).where(*_of(subject))
    if after_id is not None:
        wanted = wanted.where(Comment.id > after_id)
    rows = db.session.execute(wanted.order_by(Comment.id).limit(limit))
    return [_as_shown(row, reader) for row in rows]


def count_before(comment: Comment) -> int:
    """Return how many rows of its thread come before a comment."""
    before = sa.tuple_(Comment.root_id, Comment.id) < sa.tuple_(
        sa.literal(comment.root_id), sa.literal(comment.id)
    )
    found = sa.select(sa.func.count()).where(
        Comment.subject_type == comment.subject_type,
        Comment.subject_id == comment.subject_id,
        before,
    )
    return db.session.scalar(found) or 0


def closing_of(subject: Subject) -> CommentClosing | None:
    """Return the row of a thread that is closed."""
    return db.session.get(CommentClosing, subject.key, populate_existing=True)


def facts_of(subject: Subject) -> tuple[int, bool, bool]:
    """Return the number of comments on a subject, whether its thread is closed, and it hidden."""
    number = sa.select(sa.func.count()).where(*_of(subject), is_counted()).scalar_subquery()
    closed = sa.exists().where(
        CommentClosing.subject_type == subject.type, CommentClosing.subject_id == subject.id
    )
    held = sa.not_(not_held(subject.type, sa.literal(subject.id, BigId)))
    row = db.session.execute(sa.select(number, closed, held)).one()
    return row[0], bool(row[1]), bool(row[2])


def comment_counts(subjects: Iterable[Key], viewer_id: int | None) -> dict[Key, int]:
    """Return the number of comments on each of these subjects, in one statement.

    Everybody gets the same numbers: `viewer_id` is there for when they differ.
    """
    del viewer_id
    wanted: dict[SubjectType, list[int]] = defaultdict(list)
    counts: dict[Key, int] = {}
    for type_, id_ in subjects:
        counts[type_, id_] = 0
        wanted[SubjectType(type_)].append(id_)
    if not wanted:
        return counts
    among = sa.or_(
        *(
            sa.and_(Comment.subject_type == type_, Comment.subject_id.in_(literal_ids(type_)))
            for type_ in wanted
        )
    )
    rows = db.session.execute(
        sa.select(Comment.subject_type, Comment.subject_id, sa.func.count())
        .where(among, is_counted())
        .group_by(Comment.subject_type, Comment.subject_id),
        {str(type_): sorted(ids) for type_, ids in wanted.items()},
    )
    return counts | {(SubjectType(type_), id_): n for type_, id_, n in rows}


def is_counted() -> sa.ColumnElement[bool]:
    """Return the condition for comments that are numbers elsewhere: shown to all, no steps."""
    return sa.and_(
        Comment.status.is_(None),
        Comment.deleted_at.is_(None),
        Comment.held_until.is_(None),
        not_held(Held.COMMENT, Comment.id),
    )


def mentioned_in(comment_ids: Sequence[int], viewer_id: int | None) -> dict[int, set[str]]:
    """Return the names that comments mention of users whose profile the viewer may see."""
    found: dict[int, set[str]] = defaultdict(set)
    if not comment_ids:
        return found
    rows = db.session.execute(
        sa.select(Mention.comment_id, User.username)
        .join(User, User.id == Mention.user_id)
        .where(Mention.comment_id.in_(literal_ids("ids")), visible_to(viewer_id)),
        {"ids": list(comment_ids)},
    )
    for comment_id, username in rows:
        found[comment_id].add(username)
    return found


def versions_of(comment_id: int) -> Sequence[CommentEdit]:
    """Return the earlier versions of a comment, oldest first."""
    found = sa.select(CommentEdit).where(CommentEdit.comment_id == comment_id)
    return db.session.scalars(found.order_by(CommentEdit.id)).all()


def was_said_before(user_id: int, subject: Subject, body: str) -> bool:
    """Return whether a user wrote the same text just now: here, or if it is long, anywhere."""
    latest = (
        sa.select(Comment.subject_type, Comment.subject_id, Comment.body, Comment.created_at)
        .where(Comment.user_id == user_id)
        .order_by(Comment.id.desc())
        .limit(100)
        .subquery()
    )
    same = [
        latest.c.body == body,
        latest.c.created_at > clock.now() - rules.SAME_TEXT_FOR,
    ]
    if len(body) <= rules.SHORT_TEXT and not rules.has_link(body):
        same += [latest.c.subject_type == subject.type, latest.c.subject_id == subject.id]
    return bool(db.session.scalar(sa.select(sa.exists(sa.select(latest.c.body).where(*same)))))


# --- parts of the statements ---------------------------------------------------------------------

_REPLY = sa.orm.aliased(Comment)
_HAS_REPLIES = sa.exists().where(_REPLY.parent_id == Comment.id).correlate(Comment)


def _of(subject: Subject) -> tuple[sa.ColumnElement[bool], ...]:
    return Comment.subject_type == subject.type, Comment.subject_id == subject.id


def _shown(reader: Reader) -> sa.Select[*tuple[Any, ...]]:
    """Return the comments that a reader sees, each with its author and what hides it."""
    is_hidden = sa.not_(not_held(Held.COMMENT, Comment.id))
    own = Comment.user_id == reader.id if reader.id is not None else sa.false()
    is_collapsed = blocked_between(reader.id, Comment.user_id) if reader.id else sa.false()
    is_released = Comment.held_until.is_(None)
    return (
        sa.select(
            Comment,
            User,
            visible_to(reader.id).label("is_visible"),
            is_collapsed.label("is_collapsed"),
            is_hidden.label("is_hidden"),
        )
        .outerjoin(User, User.id == Comment.user_id)
        .where(
            sa.true() if reader.is_staff else sa.or_(is_released, own),
            sa.or_(sa.not_(is_hidden), own, _HAS_REPLIES),
        )
    )


def _as_shown(row: Any, reader: Reader) -> Shown:  # noqa: ANN401 -- a row of `_shown`
    return Shown(
        comment=row.Comment,
        author=row.User if row.is_visible else None,
        is_collapsed=bool(row.is_collapsed),
        is_hidden=bool(row.is_hidden),
        is_own=reader.id is not None and row.Comment.user_id == reader.id,
    )
