"""Writing comments, changing them, and what follows once they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.comments import mentions, queries, rules
from trackflow_web.domain.comments.events import (
    SUBJECTS,
    Commented,
    FeedbackCommented,
    HeldCommentReleased,
    UsersMentioned,
)
from trackflow_web.domain.comments.mentions import Mentioned
from trackflow_web.domain.comments.models import Comment, CommentEdit, Mention
from trackflow_web.domain.people.models import User
from trackflow_web.domain.people.row_limits import RowLimit, require_room_among
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.rules import Status
from trackflow_web.domain.subjects import Subject, find_subject
from trackflow_web.domain.visibility import blocked_between
from trackflow_web.kernel import cache_versions, clock, markup, rate_limits, text
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.errors import Forbidden, Invalid
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from limits import RateLimitItem

TOO_MANY = "You've written a lot of comments in a short time. Try again later."
SAID_BEFORE = "You've just posted the same text."
CLOSED = "Comments are closed here."
NO_PARENT = "The comment you're replying to isn't there any more."
NO_REPLY_TO_REPLY = "You can't reply to a reply. Reply to the comment above it."
NOT_YOURS = "Only its author can change a comment."
A_STEP = "This records a status change, so it stays as it is."


@dataclass(frozen=True)
class Limits:
    """The limits of comments: how many, how many mentions, and how long links are held."""

    comments: Sequence[RateLimitItem]
    mentions: Sequence[RateLimitItem] = ()
    newcomer_days: int = 0


@dataclass(frozen=True)
class Written:
    """A written comment, and how many of the users it mentions were not notified."""

    comment: Comment
    not_told: int

    @property
    def is_held(self) -> bool:
        """Return whether it waits, because a newcomer posted a link."""
        return self.comment.held_until is not None


def write(
    subject: Subject, author: User, *, body: object, parent_id: object = None, limits: Limits
) -> Written:
    """Comment on a subject that the author may see, or reply to a comment on it.

    Raises Invalid naming `body`, `parent_id` or `form`, TooMany, LimitReached.
    """
    checked = rules.body(body, subject.type)
    number = text.whole_number(parent_id, "parent_id", least=1, most=text.LARGEST_ID)
    if queries.closing_of(subject) is not None:
        raise Invalid(form=CLOSED)
    # The author's other comments wait here for this one.
    rate_limits.enforce_all_within("comments", str(author.id), limits.comments, TOO_MANY)
    if queries.was_said_before(author.id, subject, checked):
        raise Invalid(body=SAID_BEFORE)
    require_room_among(RowLimit.COMMENTS, Comment.user_id == author.id)
    parent = None if number is None else _parent(subject, author, number)
    comment = _insert(subject, author.id, checked, parent=parent)
    comment.held_until = _held_until(author, checked, limits.newcomer_days)
    db.session.flush()
    mentioned = mentions.note(comment, subject, author.id, limits.mentions)
    if comment.held_until is None:
        _record_written(comment, subject, parent, mentioned.new)
    return Written(comment, mentioned.not_told)


def add_step(subject: Subject, actor: User, *, status: str, reason: str) -> Comment:
    """Add a status change of a request or report to its thread, with its reason."""
    return _insert(subject, actor.id, reason, status=status)


def edit(comment: Comment, subject: Subject, actor: User, *, body: object, limits: Limits) -> int:
    """Change a comment, loaded for update; return how many mentioned users were not notified.

    Raises Forbidden, Invalid naming `body`.
    """
    if comment.user_id != actor.id or comment.deleted_at is not None:
        raise Forbidden(NOT_YOURS)
    if comment.status is not None:
        raise Forbidden(A_STEP)
    checked = rules.body(body, subject.type)
    if checked == comment.body:
        return 0
    _keep_version(comment)
    _set_body(comment, checked)
    cache_versions.hide()
    if comment.held_until is None:
        comment.held_until = _held_until(actor, checked, limits.newcomer_days)
    mentioned = mentions.note(comment, subject, actor.id, limits.mentions)
    if mentioned.new and comment.held_until is None:
        _record_mentions(comment, subject, mentioned.new)
    return mentioned.not_told


# --- held comments -------------------------------------------------------------------------------


def release(comment: Comment, subject: Subject, actor: User) -> None:
    """Release a held comment, loaded for update, as staff."""
    if comment.held_until is None or comment.user_id is None:
        return
    record(
        HeldCommentReleased(comment_id=comment.id),
        user_id=comment.user_id,
        actor_id=actor.id,
        subject_type=SUBJECTS[subject.type],
        subject_id=subject.id,
    )
    show(comment, subject)


def show(comment: Comment, subject: Subject) -> None:
    """Show a comment that was held, and record what was not recorded while it was."""
    comment.held_until = None
    parent = None if comment.parent_id is None else db.session.get(Comment, comment.parent_id)
    mentioned = db.session.scalars(
        sa.select(Mention.user_id).where(Mention.comment_id == comment.id).order_by(Mention.user_id)
    )
    _record_written(comment, subject, parent, tuple(mentioned))


def release_due(limit: int) -> int:
    """Show held comments whose time has come; return how many. Others wait for the next run."""
    due = _due_for_release(limit)
    for comment in due:
        subject = find_subject(comment.subject_type, comment.subject_id, comment.user_id)
        if subject is None:  # its author does not see it any more
            comment.held_until = None
        else:
            show(comment, subject)
    return len(due)


def _due_for_release(limit: int) -> Sequence[Comment]:
    """Return held comments, locked, of newcomers no longer, or of those who have charted a song."""
    charted = sa.exists().where(
        Song.user_id == Comment.user_id,
        Song.status == Status.RELEASED,
        Song.authored_at.is_not(None),
    )
    return db.session.scalars(
        sa.select(Comment)
        .where(
            sa.text("held_until IS NOT NULL"), sa.or_(Comment.held_until <= clock.now(), charted)
        )
        .order_by(Comment.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Comment)
    ).all()


def _held_until(author: User, checked: str, newcomer_days: int) -> datetime | None:
    """Return until when a newcomer's links are held: work, or time, ends it."""
    now = clock.now()
    if not rules.has_link(checked) or not rules.is_newcomer(author.created_at, newcomer_days, now):
        return None
    charted = sa.select(Song.id).where(
        Song.user_id == author.id, Song.status == Status.RELEASED, Song.authored_at.is_not(None)
    )
    if author.is_admin or db.session.scalar(charted.limit(1)) is not None:
        return None
    return rules.newcomer_until(author.created_at, newcomer_days)


# --- rows and events -----------------------------------------------------------------------------


def _parent(subject: Subject, author: User, number: int) -> Comment:
    """Return the comment to reply to, locked. Raises Invalid naming `parent_id`."""
    parent = get_for_update(Comment, number, key_share=True)
    if (
        parent is None
        or (parent.subject_type, parent.subject_id) != subject.key
        or parent.deleted_at is not None
        or parent.held_until is not None
        or parent.status is not None
        or queries.find_shown(parent.id, queries.Reader(author.id)) is None
    ):
        raise Invalid(parent_id=NO_PARENT)
    if parent.parent_id is not None:
        raise Invalid(parent_id=NO_REPLY_TO_REPLY)
    if parent.user_id and db.session.scalar(sa.select(blocked_between(author.id, parent.user_id))):
        raise Invalid(parent_id=NO_PARENT)
    return parent


def _insert(
    subject: Subject, user_id: int, body: str, *, parent: Comment | None = None,
    status: str | None = None,
) -> Comment:  # fmt: skip
    comment = Comment(
        subject_type=subject.type,
        subject_id=subject.id,
        user_id=user_id,
        parent_id=parent.id if parent else None,
        root_id=parent.id if parent else 0,
        status=status,
        created_at=clock.now(),
    )
    _set_body(comment, body)
    db.session.add(comment)
    db.session.flush()
    if parent is None:
        comment.root_id = comment.id
        db.session.flush()
    return comment


def _set_body(comment: Comment, body: str) -> None:
    comment.body, comment.html, comment.html_version = body, markup.to_html(body), markup.VERSION


def _keep_version(comment: Comment) -> None:
    """Keep the text that is about to be replaced, unless the comment is just being written."""
    now = clock.now()
    if rules.is_in_grace(comment.created_at, now):
        return
    comment.edited_at = now
    db.session.add(CommentEdit(comment_id=comment.id, body=comment.body, at=now))
    db.session.flush()
    newest = (
        sa.select(CommentEdit.id)
        .where(CommentEdit.comment_id == comment.id)
        .order_by(CommentEdit.id.desc())
        .limit(rules.MOST_VERSIONS)
    )
    db.session.execute(
        sa.delete(CommentEdit).where(
            CommentEdit.comment_id == comment.id, CommentEdit.id.not_in(newest)
        )
    )


def _record_written(
    comment: Comment, subject: Subject, parent: Comment | None, mentioned: tuple[int, ...]
) -> None:
    if subject.type in rules.FEEDBACK:
        _record(comment, subject, FeedbackCommented(
            comment_id=comment.id, author_id=subject.owner_id
        ))  # fmt: skip
    else:
        _record(comment, subject, Commented(
            comment_id=comment.id,
            owner_id=subject.owner_id,
            parent_id=parent.id if parent else None,
            parent_author_id=parent.user_id if parent else None,
            mentioned=mentioned,
        ))  # fmt: skip
    if mentioned:
        _record_mentions(comment, subject, mentioned)


def _record_mentions(comment: Comment, subject: Subject, user_ids: tuple[int, ...]) -> None:
    _record(comment, subject, UsersMentioned(comment_id=comment.id, user_ids=user_ids))


def _record(
    comment: Comment, subject: Subject, payload: Commented | FeedbackCommented | UsersMentioned
) -> None:
    if comment.user_id is not None:
        record(
            payload,
            user_id=comment.user_id,
            subject_type=SUBJECTS[subject.type],
            subject_id=subject.id,
        )


__all__ = ["Limits", "Mentioned", "Written", "add_step", "edit", "release", "show", "write"]
