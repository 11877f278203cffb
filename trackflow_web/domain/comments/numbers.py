"""Numbers of comments: of everybody, and whether some are on the first page of their thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.comments.queries import COMMENTS_A_PAGE
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Iterable


def behind_first_page(comment_ids: Iterable[int]) -> set[int]:
    """Return those of these comments that are not on the first page of their thread."""
    earlier = sa.orm.aliased(Comment)
    before = (
        sa.select(sa.func.count())
        .where(
            earlier.subject_type == Comment.subject_type,
            earlier.subject_id == Comment.subject_id,
            sa.tuple_(earlier.root_id, earlier.id) < sa.tuple_(Comment.root_id, Comment.id),
        )
        .correlate(Comment)
        .scalar_subquery()
    )
    found = sa.select(Comment.id).where(
        Comment.id.in_(list(comment_ids)), before >= COMMENTS_A_PAGE
    )
    return set(db.session.scalars(found))


def latest_comment_id() -> int:
    """Return the id of the latest comment of anybody; 0 before the first."""
    return db.session.scalar(sa.select(sa.func.max(Comment.id))) or 0


def count_held() -> int:
    """Return how many comments wait for the release of their links."""
    held = sa.select(sa.func.count()).where(Comment.held_until.is_not(None))
    return db.session.scalar(held) or 0
