"""Comments as subjects of reactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.comments import rules
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import is_visible
from trackflow_web.domain.visibility import Held, blocked_between, has_blocked, not_held

if TYPE_CHECKING:
    from trackflow_web.domain.subjects import Viewer


def comments(viewer: Viewer, *, blocked_too: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """Return the comments that a viewer may see; their name is the key of the thread."""
    thread = Comment.subject_type + ":" + sa.cast(Comment.subject_id, sa.String)
    if viewer is None:
        is_blocked: sa.ColumnElement[bool] = sa.false()
    elif blocked_too:
        is_blocked = has_blocked(Comment.user_id, viewer)
    else:
        is_blocked = blocked_between(viewer, Comment.user_id)
    return (
        sa.select(
            Comment.id, Comment.user_id.label("owner_id"), User.username, thread.label("name")
        )
        .join(User, User.id == Comment.user_id)
        .where(
            Comment.status.is_(None),
            Comment.deleted_at.is_(None),
            Comment.held_until.is_(None),
            not_held(Held.COMMENT, Comment.id),
            sa.not_(is_blocked),
            is_visible(
                Comment.subject_type,
                Comment.subject_id,
                rules.THREADS,
                viewer,
                blocked_too=blocked_too,
            ),
        )
    )
