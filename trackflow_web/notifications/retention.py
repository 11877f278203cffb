"""How long notifications are kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications import versions
from trackflow_web.notifications.actions import UNDO_LASTS
from trackflow_web.notifications.models import UNREAD, Notification
from trackflow_web.notifications.types import OLDER_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_KEPT_FOR = timedelta(days=90)
UNREAD_KEPT_FOR = timedelta(days=180)
ALWAYS_KEPT = 200
USERS_A_STEP = 500
# Of one user and type in one run.
MOST_FOLDED = 500
RULE = (
    f"Read notifications are kept for {READ_KEPT_FOR.days} days. After {UNREAD_KEPT_FOR.days} days"
    f" unread ones become one line for each kind. Your latest {ALWAYS_KEPT} always stay."
)


def next_users(after: int) -> Sequence[int]:
    """Return the ids of the users of the next step, in order."""
    found = sa.select(User.id).where(User.id > after).order_by(User.id).limit(USERS_A_STEP)
    return db.session.scalars(found).all()


def too_old(first: int, last: int) -> Sequence[int]:
    """Return the ids of rows to delete of users with these ids and between."""
    now, each = clock.now(), _placed(first, last)
    return db.session.scalars(
        sa.select(each.c.id).where(
            sa.or_(
                sa.and_(
                    each.c.place > ALWAYS_KEPT, each.c.read, each.c.updated_at < now - READ_KEPT_FOR
                ),
                each.c.deleted_at < now - UNDO_LASTS,
            )
        )
    ).all()


def delete(ids: Sequence[int]) -> int:
    """Delete rows by their ids, which are read or deleted for good; return how many."""
    gone = db.session.scalars(
        sa.delete(Notification)
        .where(
            Notification.id.in_(ids),
            sa.or_(Notification.read, Notification.deleted_at.is_not(None)),
        )
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)


@dataclass(frozen=True)
class Folded:
    """Unread rows of a user and type that become one, the latest first."""

    user_id: int
    type: str
    ids: Sequence[int]


def to_fold(first: int, last: int) -> list[Folded]:
    """Return what is to be folded of these users: what is old, and what was folded before."""
    each = _placed(first, last)
    is_old = sa.and_(each.c.place > ALWAYS_KEPT, each.c.updated_at < clock.now() - UNREAD_KEPT_FOR)
    is_folded = Notification.group_key.startswith(OLDER_KEY)
    rows = db.session.execute(
        sa.select(Notification.id, Notification.user_id, Notification.type)
        .join(each, each.c.id == Notification.id)
        .where(UNREAD, sa.or_(is_old, is_folded))
        .order_by(Notification.user_id, Notification.version.desc(), Notification.id.desc())
    )
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows:
        groups[row.user_id, row.type].append(row.id)
    return [Folded(user_id, type_, ids) for (user_id, type_), ids in groups.items() if ids[1:]]


def fold(group: Folded) -> int:
    """Fold the first rows of a group that are still unread into one; return how many are gone.

    The latest one keeps its place. It may hold what was folded before; the next run folds the rest.
    """
    rows = db.session.execute(
        sa.select(Notification.id, Notification.n)
        .where(Notification.id.in_(group.ids[:MOST_FOLDED]), UNREAD)
        .order_by(Notification.version.desc(), Notification.id.desc())
        .with_for_update()
    ).all()
    if not rows[1:]:
        return 0
    latest, *others = rows
    db.session.execute(
        sa.delete(Notification)
        .where(Notification.id.in_([row.id for row in others]))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(Notification)
        .where(Notification.id == latest.id)
        .values(
            group_key=f"{OLDER_KEY}{group.type}",
            n=latest.n + sum(row.n for row in others),
            wants_toast=False,
        )
        .execution_options(synchronize_session=False)
    )
    versions.touch(group.user_id)
    return len(others)


def _placed(first: int, last: int) -> sa.Subquery:
    """Return rows of these users with their places, the latest first."""
    rows = Notification
    place = sa.func.row_number().over(
        partition_by=rows.user_id, order_by=(rows.version.desc(), rows.id.desc())
    )
    return (
        sa.select(rows.id, place.label("place"), rows.read, rows.updated_at, rows.deleted_at)
        .where(rows.user_id.between(first, last))
        .subquery()
    )
