"""Reading comments: pages of a thread, single ones, numbers of many threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.domain.comments import rules, statements
from trackflow_web.domain.comments.models import Comment, CommentClosing, CommentEdit, Mention
from trackflow_web.domain.comments.statements import ReaderKind
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import Key, Subject, SubjectType
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel import clock, markup
from trackflow_web.kernel.database import db, get_for_update, literal_ids

COMMENTS_A_PAGE = 50


@dataclass(frozen=True)
class Reader:
    """Who reads a thread; without an id a visitor."""

    id: int | None
    is_staff: bool = False

    @property
    def kind(self) -> ReaderKind:
        """Return what its statements depend on."""
        return ReaderKind(self.id is not None, self.is_staff)


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
    found = statements.shown(reader.kind).where(Comment.id == comment_id)
    row = db.session.execute(found, {"viewer_id": reader.id}).one_or_none()
    return None if row is None else _as_shown(row, reader)


def page(
    subject: Subject, reader: Reader, *, after: Place | None = None, start: Place | None = None,
    limit: int = COMMENTS_A_PAGE,
) -> Sequence[Shown]:  # fmt: skip
    """Return up to `limit` comments of a thread: oldest first, each followed by its replies.

    They come `after` one, or `start` with one.
    """
    if start is not None:
        after = Place(start.root_id, start.id - 1)
    values = _values_of(subject) | {"viewer_id": reader.id, "limit": limit}
    if after is not None:
        values |= {"root_id": after.root_id, "after_id": after.id}
    rows = db.session.execute(statements.page(reader.kind, is_continued=after is not None), values)
    return [_as_shown(row, reader) for row in rows]


def in_order_of_time(
    subject: Subject, reader: Reader, *, after_id: int | None, limit: int
) -> Sequence[Shown]:
    """Return up to `limit` comments and steps of a thread after an id, oldest first."""
    wanted = statements.shown(reader.kind).where(*statements.OF_SUBJECT)
    if after_id is not None:
        wanted = wanted.where(Comment.id > after_id)
    values = _values_of(subject) | {"viewer_id": reader.id}
    rows = db.session.execute(wanted.order_by(Comment.id).limit(limit), values)
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
    row = db.session.execute(statements.facts(), _values_of(subject)).one()
    return row[0], bool(row[1]), bool(row[2])


def comment_counts(subjects: Iterable[Key]) -> dict[Key, int]:
    """Return the number of comments on each of these subjects, in one statement.

    Everybody gets the same numbers.
    """
    wanted: dict[SubjectType, list[int]] = defaultdict(list)
    counts: dict[Key, int] = {}
    for type_, id_ in subjects:
        counts[type_, id_] = 0
        wanted[SubjectType(type_)].append(id_)
    if not wanted:
        return counts
    types = tuple(type_ for type_ in SubjectType if type_ in wanted)
    rows = db.session.execute(
        statements.counts(types), {str(type_): sorted(wanted[type_]) for type_ in types}
    )
    return counts | {(SubjectType(type_), id_): n for type_, id_, n in rows}


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


def _values_of(subject: Subject) -> dict[str, Any]:
    return {"subject_type": subject.type, "subject_id": subject.id}


def _as_shown(row: Any, reader: Reader) -> Shown:  # noqa: ANN401 -- a row of `_shown`
    return Shown(
        comment=row.Comment,
        author=row.User if row.is_visible else None,
        is_collapsed=bool(row.is_collapsed),
        is_hidden=bool(row.is_hidden),
        is_own=reader.id is not None and row.Comment.user_id == reader.id,
    )
