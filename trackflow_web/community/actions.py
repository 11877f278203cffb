"""Actions on the feed."""

from __future__ import annotations

import sqlalchemy as sa

from trackflow_web.community.models import FeedEntry, HiddenEntry
from trackflow_web.domain.people.models import User
from trackflow_web.domain.visibility import not_held, visible_to
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid, NotFound

# Whoever hides more wants to mute somebody.
MOST_HIDDEN = 5_000
TOO_MANY = "You've hidden very many entries. Mute people instead."


def set_hidden(user: User, feed_id: int, *, wanted: bool) -> None:
    """Hide an entry from a user, or show it again. Raises NotFound, Invalid."""
    visible = (
        sa.select(FeedEntry.id)
        .join(User, User.id == FeedEntry.user_id)
        .where(
            FeedEntry.id == feed_id,
            FeedEntry.withdrawn_at.is_(None),
            visible_to(user.id),
            User.in_feed,
            not_held(FeedEntry.kind, FeedEntry.subject_id),  # type: ignore[arg-type]
        )
    )
    if db.session.scalar(visible) is None:
        raise NotFound
    if not wanted:
        db.session.execute(
            sa.delete(HiddenEntry).where(
                HiddenEntry.user_id == user.id, HiddenEntry.feed_id == feed_id
            )
        )
        return
    hidden = sa.select(sa.func.count()).where(HiddenEntry.user_id == user.id)
    if (db.session.scalar(hidden) or 0) >= MOST_HIDDEN:
        raise Invalid(form=TOO_MANY)
    db.session.execute(
        upsert(HiddenEntry)
        .values(user_id=user.id, feed_id=feed_id, hidden_at=clock.now())
        .on_conflict_do_nothing()
    )
