"""Comments and reactions in the export: what the user wrote, and references to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.accounts.pieces import json_list, rows_of, selected
from trackflow_web.domain.comments.models import Comment, CommentClosing, CommentEdit, Mention
from trackflow_web.domain.reactions.models import Reaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The time of its release is exported, as the reason why others do not see it.
COMMENT = (
    "id",
    "subject_type",
    "subject_id",
    "parent_id",
    "body",
    "status",
    "created_at",
    "edited_at",
    "deleted_at",
    "deleted_by",
    "held_until",
)


def talk_of(user_id: int) -> Mapping[str, Iterator[str]]:
    """Return a user's comments with their versions, mentions of them, reactions, closed threads."""
    edits = sa.select(CommentEdit.comment_id, CommentEdit.body, CommentEdit.at)
    own_edits = edits.join(Comment, Comment.id == CommentEdit.comment_id).where(
        Comment.user_id == user_id
    )
    return {
        "comments": json_list(rows_of(Comment, Comment.user_id == user_id, only=COMMENT)),
        "comment_versions": json_list(selected(own_edits, CommentEdit.id)),
        "mentions": json_list(rows_of(Mention, Mention.user_id == user_id)),
        "reactions": json_list(rows_of(Reaction, Reaction.user_id == user_id)),
        "closed_threads": json_list(rows_of(CommentClosing, CommentClosing.user_id == user_id)),
    }
