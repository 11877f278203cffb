"""Feature requests and bug reports as subjects of comments.

Every member sees all of them, also those of users whose profile is hidden, except those that a
moderator has hidden.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import SubjectType
from trackflow_web.domain.visibility import Held, not_held

if TYPE_CHECKING:
    from trackflow_web.domain.subjects import Viewer

THREADS = {Kind.FEATURE: SubjectType.FEATURE_REQUEST, Kind.BUG: SubjectType.BUG_REPORT}


def _of_kind(
    kind: Kind, viewer: Viewer, *, blocked_too: bool = False
) -> sa.Select[*tuple[Any, ...]]:
    del blocked_too  # they are shown to blocked users as to others
    return (
        sa.select(
            Feedback.id,
            Feedback.user_id.label("owner_id"),
            User.username,
            Feedback.title.label("name"),
        )
        .join(User, User.id == Feedback.user_id)
        .where(Feedback.kind == kind, sa.false() if viewer is None else is_shown_to(viewer))
    )


def is_shown_to(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Return the condition for items that no moderator has hidden from a member."""
    shown = (not_held(type_, Feedback.id) for type_ in (Held.FEATURE_REQUEST, Held.BUG_REPORT))
    return sa.or_(sa.and_(*shown), Feedback.user_id == viewer)


feature_requests = partial(_of_kind, Kind.FEATURE)
bug_reports = partial(_of_kind, Kind.BUG)
