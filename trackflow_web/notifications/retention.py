"""How long notifications are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications import versions
from trackflow_web.notifications.actions import UNDO_LASTS
from trackflow_web.notifications.models import Notification

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_KEPT_FOR = timedelta(days=90)
UNREAD_KEPT_FOR = timedelta(days=180)
ALWAYS_KEPT = 200
USERS_A_STEP = 500
RULE = (
    f"Read notifications are kept for {READ_KEPT_FOR.days} days and unread ones for"
    f" {UNREAD_KEPT_FOR.days}; your latest {ALWAYS_KEPT} always stay."
)


def next_users(after: int) -> Sequence[int]:
    """Return the ids of the users of the next step, in order."""
    found = sa.select(User.id).where(User.id > after).order_by(User.id).limit(USERS_A_STEP)
    return db.session.scalars(found).all()


def prune(first: int, last: int) -> int:
    """Delete what is too old of users with these ids and between; return how many rows."""
    now, rows = clock.now(), Notification
    whose = rows.user_id.between(first, last)
    place = sa.func.row_number().over(
        partition_by=rows.user_id, order_by=(rows.version.desc(), rows.id.desc())
    )
    placed = sa.select(
        rows.id, place.label("place"), rows.read, rows.updated_at, rows.deleted_at
    ).where(whose)
    each = placed.subquery()
    is_old = sa.or_(
        sa.and_(each.c.read, each.c.updated_at < now - READ_KEPT_FOR),
        each.c.updated_at < now - UNREAD_KEPT_FOR,
    )
    old = sa.select(each.c.id).where(
        sa.or_(sa.and_(each.c.place > ALWAYS_KEPT, is_old), each.c.deleted_at < now - UNDO_LASTS)
    )
    gone = db.session.execute(
        sa.delete(rows)
        .where(rows.id.in_(old))
        .returning(rows.user_id, rows.read)
        .execution_options(synchronize_session=False)
    ).all()
    for user_id in {row.user_id for row in gone if not row.read}:
        versions.touch(user_id)
    return len(gone)
