"""Versions of a user's notifications: a browser's bell is current while its version is.

They are written right before the commit, in the order of the users' ids, so that a row is held for
a moment only and two transactions never wait for each other. Rows that changed in this unit of work
get the new version with it: their order is that of the commits.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from trackflow_web.domain.people.models import User
from trackflow_web.kernel import cache_versions, signals
from trackflow_web.kernel.database import db, dialect, insert_into, literal_ids
from trackflow_web.notifications.models import Notification, NotificationVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackflow_web.kernel.events import Event

_TOUCHED = "users whose notifications changed"
_CHANGING = "users who changed something"
# How often the user `:user_id` has changed something, for comparison with a replica.
OWN_CHANGES = "(SELECT own_changes FROM notification_versions WHERE user_id = :user_id)"


def touch(user_id: int, notification_ids: Iterable[int] = ()) -> None:
    """Step a user's version with this unit of work; these rows get it."""
    touched = db.session().info.setdefault(_TOUCHED, defaultdict(set))
    touched[user_id].update(notification_ids)


def is_touched(user_id: int) -> bool:
    """Return whether this unit of work changes the user's notifications."""
    return user_id in db.session().info.get(_TOUCHED, ())


def note_change_by(user_id: int) -> None:
    """Count a change by this user, so that no replica is read for them that lacks it."""
    if cache_versions.has_replica():
        db.session().info.setdefault(_CHANGING, set()).add(user_id)


def note_actors(events: Sequence[Event]) -> None:
    """Count changes by everybody who did something, in jobs too."""
    for each in events:
        if each.actor_id is not None:
            note_change_by(each.actor_id)


@event.listens_for(db.session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint is no commit
        return
    touched: dict[int, set[int]] = session.info.pop(_TOUCHED, {})
    changing: set[int] = session.info.pop(_CHANGING, set())
    if changing:
        lists = {"touched_ids": sorted(touched), "changing_ids": sorted(changing)}
        user_ids = sorted(touched.keys() | changing)
        session.execute(_step_both(dialect()), {"user_ids": user_ids, **lists})
    elif touched:
        session.execute(_step(dialect()), {"user_ids": sorted(touched)})
    if not touched:
        return
    signals.send(session, sorted(touched))
    ids = sorted(set().union(*touched.values()))
    if ids:
        session.execute(_STAMP, {"ids": ids})


@lru_cache(maxsize=2)
def _step(dialect_name: str) -> sa.Executable:
    """Return the statement that steps versions; building it takes longer than running it."""
    # From `users`, because somebody may have been deleted in this unit of work.
    users = sa.select(User.id, sa.literal(1)).where(User.id.in_(literal_ids("user_ids")))
    step = insert_into(NotificationVersion, dialect_name).from_select(
        ["user_id", "n"], users.order_by(User.id)
    )
    return step.on_conflict_do_update(
        index_elements=[NotificationVersion.user_id], set_={"n": NotificationVersion.n + 1}
    )


@lru_cache(maxsize=2)
def _step_both(dialect_name: str) -> sa.Executable:
    """Return the statement that steps both numbers: rows are locked in one order only."""
    is_touched = User.id.in_(literal_ids("touched_ids"))
    is_changing = User.id.in_(literal_ids("changing_ids"))
    users = sa.select(
        User.id,
        sa.case((is_touched, sa.literal(1)), else_=sa.literal(0)),
        sa.case((is_changing, sa.literal(1)), else_=sa.literal(0)),
    ).where(User.id.in_(literal_ids("user_ids")))
    step = insert_into(NotificationVersion, dialect_name).from_select(
        ["user_id", "n", "own_changes"], users.order_by(User.id)
    )
    return step.on_conflict_do_update(
        index_elements=[NotificationVersion.user_id],
        set_={
            "n": NotificationVersion.n + step.excluded.n,
            "own_changes": NotificationVersion.own_changes + step.excluded.own_changes,
        },
    )


# Of the plain table: no object of it is in the session.
_ROWS: Any = Notification.__table__
_STAMP = (
    sa.update(_ROWS)
    .where(_ROWS.c.id.in_(literal_ids("ids")))
    .values(
        version=sa.select(NotificationVersion.n)
        .where(NotificationVersion.user_id == _ROWS.c.user_id)
        .scalar_subquery()
    )
)
