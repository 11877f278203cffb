"""Rebuilding the feed from source rows: of what happened before there was one, and to repair it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.community import projection
from trackflow_web.community.models import FeedRebuild
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

# Users whose entries one unit of work writes.
USERS_A_STEP = 20


def step() -> bool:
    """Write the entries of the next users; return whether there are more.

    Quietly: nobody is notified, and every entry has the date on which it happened.
    """
    state = db.session.scalar(
        sa.select(FeedRebuild)
        .where(FeedRebuild.done_at.is_(None))
        .order_by(FeedRebuild.id)
        .limit(1)
        # Another worker does it already.
        .with_for_update(skip_locked=True)
    )
    if state is None:
        return False
    user_ids = next_users(state.last_user_id)
    if not user_ids:
        state.done_at = clock.now()
        return False
    projection.rebuild(user_ids)
    state.last_user_id = user_ids[-1]
    return True


def is_waiting() -> bool:
    """Return whether there is a step to do."""
    found = sa.select(FeedRebuild.id).where(FeedRebuild.done_at.is_(None)).limit(1)
    return db.session.scalar(found) is not None


def next_users(after: int) -> Sequence[int]:
    """Return the ids of the next users after this one."""
    found = sa.select(User.id).where(User.id > after).order_by(User.id).limit(USERS_A_STEP)
    return db.session.scalars(found).all()
