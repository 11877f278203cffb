"""Deleting comments, closing threads, and what becomes of them when their subject goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.comments import queries, rules
from trackflow_web.domain.comments.actions import A_STEP
from trackflow_web.domain.comments.events import SUBJECTS, CommentDeleted, CommentRemoved
from trackflow_web.domain.comments.models import (
    Comment,
    CommentClosing,
    CommentEdit,
    Mention,
    Remover,
)
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.subjects import Subject, SubjectType
from trackflow_web.kernel import clock, markup
from trackflow_web.kernel.database import db, get_for_update, upsert
from trackflow_web.kernel.errors import Forbidden
from trackflow_web.kernel.events import record

if TYPE_CHECKING:
    from trackflow_web.domain.people.models import User

ONLY_AUTHOR_OR_OWNER = "Only its author or the owner of the page can delete a comment."
ONLY_OWNER = "Only the owner of the page can close its comments."


def may_manage(subject: Subject, actor: User, *, is_staff: bool) -> bool:
    """Return whether a user may remove others' comments on a subject, and close its thread.

    That is its owner; on requests and reports, which are everybody's, an administrator.
    """
    if subject.type in rules.FEEDBACK:
        return is_staff
    return subject.owner_id == actor.id


def delete(comment: Comment, subject: Subject, actor: User, *, is_staff: bool) -> Comment | None:
    """Delete a comment, loaded for update; return it if its place stays. Raises Forbidden.

    An author's comment leaves its place only where it has replies. One that somebody else removed
    always does: it says who did.
    """
    if comment.status is not None:
        raise Forbidden(A_STEP)
    is_own = comment.user_id == actor.id
    if not is_own and not may_manage(subject, actor, is_staff=is_staff):
        raise Forbidden(ONLY_AUTHOR_OR_OWNER)
    if comment.deleted_at is not None:
        return comment
    _record(comment, subject, actor, is_own=is_own)
    if not is_own or _has_replies(comment.id):
        _empty(comment, Remover.AUTHOR if is_own else Remover.OWNER)
        return comment
    _delete_row(comment)
    return None


def set_closed(subject: Subject, actor: User, *, closed: bool, is_staff: bool) -> None:
    """Close a thread, or open it again. Raises Forbidden."""
    if not may_manage(subject, actor, is_staff=is_staff):
        raise Forbidden(ONLY_OWNER)
    row = {"subject_type": subject.type, "subject_id": subject.id}
    if closed:
        values = {**row, "user_id": actor.id, "closed_at": clock.now()}
        db.session.execute(upsert(CommentClosing).values(values).on_conflict_do_nothing())
        return
    db.session.execute(
        sa.delete(CommentClosing).where(
            CommentClosing.subject_type == subject.type, CommentClosing.subject_id == subject.id
        )
    )


def _has_replies(comment_id: int) -> bool:
    found = sa.select(Comment.id).where(Comment.parent_id == comment_id).limit(1)
    return db.session.scalar(found) is not None


def _empty(comment: Comment, by: Remover) -> None:
    """Leave the place of a comment, without what it said."""
    comment.deleted_at, comment.deleted_by = clock.now(), by
    comment.body, comment.html, comment.html_version = "", "", markup.VERSION
    comment.held_until = None
    _delete_what_belongs_to([comment.id])


def _delete_row(comment: Comment) -> None:
    """Delete a comment, and the empty place above it if this was the last reply there."""
    parent = get_for_update(Comment, comment.parent_id) if comment.parent_id else None
    _delete_reactions([comment.id])
    db.session.delete(comment)
    db.session.flush()
    if (
        parent is not None
        and parent.deleted_by in {Remover.AUTHOR, Remover.ACCOUNT}
        and not _has_replies(parent.id)
    ):
        db.session.delete(parent)
        db.session.flush()


def _delete_what_belongs_to(ids: list[int]) -> None:
    _delete_reactions(ids)
    for table in (CommentEdit, Mention):
        db.session.execute(
            sa.delete(table)
            .where(table.comment_id.in_(ids))
            .execution_options(synchronize_session=False)
        )


def _delete_reactions(ids: list[int]) -> None:
    db.session.execute(
        sa.delete(Reaction)
        .where(Reaction.subject_type == SubjectType.COMMENT, Reaction.subject_id.in_(ids))
        .execution_options(synchronize_session=False)
    )


def _record(comment: Comment, subject: Subject, actor: User, *, is_own: bool) -> None:
    parent = None if comment.parent_id is None else queries.find(comment.parent_id)
    payload_type = CommentDeleted if is_own else CommentRemoved
    record(
        payload_type(
            comment_id=comment.id,
            owner_id=subject.owner_id,
            parent_id=comment.parent_id,
            parent_author_id=parent.user_id if parent else None,
        ),
        user_id=comment.user_id or actor.id,
        actor_id=actor.id,
        subject_type=SUBJECTS[subject.type],
        subject_id=subject.id,
    )
