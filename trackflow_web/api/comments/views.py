"""Threads of comments on releases, awards, packs, requests and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.api.comments import schemas
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import NO_CONTENT, api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.domain.comments import actions, queries, removal
from trackflow_web.kernel.errors import Checks, NotFound
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.comments import (
    comment_limits,
    comment_or_404,
    is_staff,
    place_of,
    reader,
    thread_or_404,
    views_of,
)

if TYPE_CHECKING:
    from trackflow_web.domain.comments.queries import Place
    from trackflow_web.domain.subjects import Subject


@api.get("/comments/<subject>/<id:subject_id>")
@described(schemas.Comments, query=Paging)
def list_comments(subject: str, subject_id: int) -> schemas.Comments:
    """List the comments on something, oldest first, each followed by its replies."""
    found = thread_or_404(subject, subject_id)
    check = Checks()
    at_most, after = check(pagination.limit), check(_place)
    check.finish()
    rows = queries.page(found, reader(), after=after, limit=at_most + 1)
    following = pagination.cursor_after(
        rows, at_most, lambda shown: f"{shown.comment.root_id}.{shown.comment.id}"
    )
    items = [schemas.Comment.of(view) for view in views_of(rows[:at_most])]
    return schemas.Comments(items=items, next=following)


@api.post("/comments/<subject>/<id:subject_id>")
@described(schemas.Comment, status=201, body=schemas.NewComment)
def post_comment(subject: str, subject_id: int) -> tuple[schemas.Comment, int]:
    """Comment on something, or reply to a comment on it."""
    return write(thread_or_404(subject, subject_id)), 201


@api.put("/comments/<subject>/<id:subject_id>/closed")
@described(schemas.ThreadClosed, body=schemas.ThreadClosed)
def close_thread(subject: str, subject_id: int) -> schemas.ThreadClosed:
    """Close the comments on something of one's own, or open them again."""
    found, wanted = thread_or_404(subject, subject_id), bodies.parse_body(schemas.ThreadClosed)
    removal.set_closed(found, get_current_user(), closed=wanted.closed, is_staff=is_staff())
    return wanted


@api.patch("/comments/<id:comment_id>")
@described(schemas.Comment, body=schemas.CommentText)
def edit_comment(comment_id: int) -> schemas.Comment:
    """Change a comment of one's own; after five minutes it is marked as edited."""
    shown, subject = comment_or_404(comment_id)
    not_told = actions.edit(
        shown.comment,
        subject,
        get_current_user(),
        body=bodies.parse_body(schemas.CommentText).body,
        limits=comment_limits(),
    )
    return _posted(comment_id, not_told)


@api.delete("/comments/<id:comment_id>")
@described(None, status=204)
def delete_comment(comment_id: int) -> tuple[str, int]:
    """Delete a comment of one's own, or one on something of one's own."""
    shown, subject = comment_or_404(comment_id)
    removal.delete(shown.comment, subject, get_current_user(), is_staff=is_staff())
    return NO_CONTENT


def write(subject: Subject) -> schemas.Comment:
    """Post the comment in the body of the request."""
    draft = bodies.parse_body(schemas.NewComment)
    written = actions.write(
        subject,
        get_current_user(),
        body=draft.body,
        parent_id=draft.parent_id,
        limits=comment_limits(),
    )
    return _posted(written.comment.id, written.not_told)


def _posted(comment_id: int, not_told: int) -> schemas.Comment:
    shown = queries.find_shown(comment_id, reader())
    if shown is None:
        raise NotFound
    (view,) = views_of([shown])
    return schemas.Comment.of(view, not_notified=not_told)


def _place() -> Place | None:
    cursor = pagination.place(str)
    return place_of(cursor) if cursor else None
