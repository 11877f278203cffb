"""Reading feature requests and bug reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.comments.statements import is_counted
from trackflow_web.domain.feedback.models import Feedback, FeedbackVote
from trackflow_web.domain.feedback.rules import STATUSES, Kind, Sort, Status
from trackflow_web.domain.feedback.subjects import is_shown_to
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility import visible_to
from trackflow_web.kernel.database import db, get_for_update
from trackflow_web.kernel.pagination import Page
from trackflow_web.kernel.text import like_pattern

ITEMS_A_PAGE = 20


@dataclass(frozen=True)
class FeedbackDetails:
    """A request or report as its reader sees it: with its author and what others said.

    It stays listed if its author is hidden from the reader, but without their name.
    """

    item: Feedback
    author: User
    votes: int
    voted: bool
    comments: int
    is_author_shown: bool


def find(kind: Kind, item_id: int, reader: User, *, for_update: bool = False) -> Feedback | None:
    """Return the one of this kind and id, unless a moderator has hidden it from the reader.

    With `for_update` it is locked until the commit.
    """
    if for_update:
        get_for_update(Feedback, item_id)
    which = (Feedback.id == item_id, Feedback.kind == kind, _is_shown_to(reader))
    return db.session.scalar(sa.select(Feedback).where(*which))


def get_details(item: Feedback, reader: User) -> FeedbackDetails:
    """Return one request or report as the reader sees it."""
    row = db.session.execute(_with_the_rest(reader).where(Feedback.id == item.id)).one()
    return FeedbackDetails(*row)


def list_feedback(
    kind: Kind, reader: User, *, status: Status | None, q: str, sort: Sort, page: int
) -> Page[FeedbackDetails]:
    """Return a page of the items of all users, of one status or all, whose text contains `q`."""
    which = _matching(kind, reader, status, q)
    total = db.session.scalar(sa.select(sa.func.count(Feedback.id)).where(*which)) or 0
    rows = db.session.execute(
        _with_the_rest(reader)
        .where(*which)
        .order_by(*_ORDER[sort])
        .limit(ITEMS_A_PAGE)
        .offset((page - 1) * ITEMS_A_PAGE)
    )
    return Page([FeedbackDetails(*row) for row in rows], page, ITEMS_A_PAGE, total)


def feedback_after(
    kind: Kind, reader: User, *, status: Status | None, q: str, before_id: int | None, limit: int
) -> Sequence[FeedbackDetails]:
    """Return up to `limit` items of all users before `before_id`, newest first."""
    wanted = _with_the_rest(reader).where(*_matching(kind, reader, status, q))
    if before_id is not None:
        wanted = wanted.where(Feedback.id < before_id)
    rows = db.session.execute(wanted.order_by(*_ORDER[Sort.NEWEST]).limit(limit))
    return [FeedbackDetails(*row) for row in rows]


def count_by_status(kind: Kind, reader: User, *, q: str = "") -> dict[str, int]:
    """Return how many items whose text contains `q` are listed in each status, and in `all`."""
    rows = db.session.execute(
        sa.select(Feedback.status, sa.func.count())
        .where(*_matching(kind, reader, None, q))
        .group_by(Feedback.status)
    ).all()
    counts = {str(status): 0 for status in STATUSES[kind]} | {row[0]: row[1] for row in rows}
    return {"all": sum(counts.values())} | counts


# --- parts of the statements -------------------------------------------------------------------

_VOTES = (
    sa.select(sa.func.count())
    .where(FeedbackVote.feedback_id == Feedback.id)
    .correlate(Feedback)
    .scalar_subquery()
)
_COMMENTS = (
    sa.select(sa.func.count())
    .where(
        Comment.subject_type
        == sa.case(
            (Feedback.kind == Kind.FEATURE, SubjectType.FEATURE_REQUEST),
            else_=SubjectType.BUG_REPORT,
        ),
        Comment.subject_id == Feedback.id,
        is_counted(),
    )
    .correlate(Feedback)
    .scalar_subquery()
)
_ORDER: dict[Sort, tuple[sa.ColumnElement[Any], ...]] = {
    Sort.NEWEST: (Feedback.id.desc(),),
    Sort.VOTES: (_VOTES.desc(), Feedback.id.desc()),
}


def _with_the_rest(reader: User) -> sa.Select[*tuple[Any, ...]]:
    voted = sa.exists().where(
        FeedbackVote.feedback_id == Feedback.id, FeedbackVote.user_id == reader.id
    )
    return sa.select(Feedback, User, _VOTES, voted, _COMMENTS, visible_to(reader.id)).join(
        User, User.id == Feedback.user_id
    )


def _matching(
    kind: Kind, reader: User, status: Status | None, q: str
) -> list[sa.ColumnElement[bool]]:
    wanted = [Feedback.kind == kind, _is_shown_to(reader)]
    if status is not None:
        wanted.append(Feedback.status == status)
    if q:
        wanted.append(Feedback.search_key.like(like_pattern(q), escape="\\"))
    return wanted


def _is_shown_to(reader: User) -> sa.ColumnElement[bool]:
    """Return the condition for items that no moderator has hidden; staff and authors see those."""
    if reader.is_admin:
        return sa.true()
    return is_shown_to(reader.id)
