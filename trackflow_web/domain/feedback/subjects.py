"""Feature requests and bug reports as subjects of comments.

Every member sees all of them, also those of users whose profile is hidden.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.people.models import User
from trackflow_web.domain.subjects import SubjectType

if TYPE_CHECKING:
    from trackflow_web.domain.subjects import Viewer

THREADS = {Kind.FEATURE: SubjectType.FEATURE_REQUEST, Kind.BUG: SubjectType.BUG_REPORT}


def _of_kind(kind: Kind, viewer: Viewer) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            Feedback.id,
            Feedback.user_id.label("owner_id"),
            User.username,
            Feedback.title.label("name"),
        )
        .join(User, User.id == Feedback.user_id)
        .where(Feedback.kind == kind, sa.true() if viewer is not None else sa.false())
    )


feature_requests = partial(_of_kind, Kind.FEATURE)
bug_reports = partial(_of_kind, Kind.BUG)
