"""Request and response bodies of comments."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, StrictBool

from trackflow_web.api.reactions.schemas import ReactionCounts
from trackflow_web.domain.comments import rules
from trackflow_web.web.comments import CommentView


class CommentText(BaseModel):
    """The text of a comment: 2,000 characters, on requests and reports 5,000."""

    body: str = Field(json_schema_extra={"minLength": 1, "maxLength": rules.LONGEST_FEEDBACK_BODY})


class NewComment(CommentText):
    """A comment to post; with a `parent_id` it replies to a comment of the same thread."""

    parent_id: int | None = None


class Comment(BaseModel):
    """A comment; one with a `status` records a status change, and its body the reason.

    `author` is empty when the account is deleted, and "a member" when the caller may not know it.
    """

    id: int
    author: str = Field(description="A username.")
    body: str = Field(description="Markdown; empty when the comment is deleted.")
    html: str
    parent_id: int | None
    status: str | None
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    held: bool = Field(description="Only its author sees it until the account is older.")
    collapsed: bool = Field(description="There is a block between the author and the caller.")
    reactions: ReactionCounts
    not_notified: int = Field(
        0, description="Just posted or changed: how many mentioned users were not notified."
    )

    @classmethod
    def of(cls, view: CommentView, *, not_notified: int = 0) -> Comment:
        """Return a comment as the caller sees it."""
        shown, comment = view.shown, view.shown.comment
        return cls(
            id=comment.id,
            author=view.author_name,
            body=shown.body,
            html=str(view.html),
            parent_id=comment.parent_id,
            status=comment.status,
            created_at=comment.created_at,
            edited_at=comment.edited_at,
            deleted=shown.is_gone,
            held=shown.is_held,
            collapsed=shown.is_collapsed,
            reactions=ReactionCounts.of(view.reactions),
            not_notified=not_notified,
        )


class Comments(BaseModel):
    """A part of a thread: oldest first, each comment followed by its replies."""

    items: list[Comment]
    next: str | None


class ThreadClosed(BaseModel):
    """Whether a thread takes no more comments."""

    closed: StrictBool
