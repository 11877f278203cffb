"""Whom the demo users follow, and what they have been notified of lately."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from limits import RateLimitItemPerDay

from trackflow_web.domain.moderation import reporting
from trackflow_web.domain.moderation.reporting import Reported
from trackflow_web.domain.moderation.rules import Reason
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations import muting
from trackflow_web.domain.visibility import Held
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Handler
from trackflow_web.kernel.transactions import unit_of_work
from trackflow_web.notifications import handler
from trackflow_web.notifications.models import Notification, NotificationVersion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackflow_web.domain.people.models import User
    from trackflow_web.kernel.events import Event

FOLLOWED_AGO = timedelta(days=12)
NOTIFIED_SINCE = timedelta(days=14)
READ_UNTIL = timedelta(days=2)
# Everybody follows so many others.
FOLLOWED = 5
FOLLOWS_A_DAY = (RateLimitItemPerDay(100),)


def follow(users: Sequence[User]) -> None:
    """Let everybody follow the next few in the list."""
    for place, user in enumerate(users):
        for step in range(1, min(FOLLOWED, len(users) - 1) + 1):
            followed = users[(place + step) % len(users)]
            relations.set_follow(user, followed, wanted=True, limits=FOLLOWS_A_DAY, newcomer_days=0)


def mute_and_report(users: Sequence[User]) -> None:
    """Let the first of them mute an artist, and the second report the last to the moderators."""
    muting.set_mute_of_artist(users[0], "Nickelback", wanted=True)
    reporting.report(
        users[1],
        Reported(Held.PROFILE, users[-1].id, users[-1].id),
        reason=Reason.SPAM,
        text_="The same link in every comment.",
        limits=FOLLOWS_A_DAY,
        newcomer_days=0,
    )


def recent(now: datetime) -> tuple[Handler, ...]:
    """Return the handler of notifications, for what happened in the last days."""

    def handle(events: Sequence[Event]) -> None:
        handler.handle([it for it in events if it.created_at >= now - NOTIFIED_SINCE])

    return (Handler("notifications", handle=handle, reconcile=handle),)


def read_old(now: datetime) -> None:
    """Mark what is some days old as read; none of it is to be a toast any more."""
    with unit_of_work(handlers=()):
        db.session.execute(sa.update(Notification).values(wants_toast=False))
        db.session.execute(
            sa.update(Notification)
            .where(Notification.updated_at < now - READ_UNTIL)
            .values(read=True, read_at=Notification.updated_at, seen_at=Notification.updated_at)
            .execution_options(synchronize_session=False)
        )


def put_in_order() -> None:
    """Let the versions follow the times: each inbox was written in a few transactions."""
    earlier = sa.orm.aliased(Notification)
    place = (
        sa.select(sa.func.count())
        .where(
            earlier.user_id == Notification.user_id,
            sa.tuple_(earlier.updated_at, earlier.id)
            <= sa.tuple_(Notification.updated_at, Notification.id),
        )
        .scalar_subquery()
    )
    newest = (
        sa.select(sa.func.max(Notification.version))
        .where(Notification.user_id == NotificationVersion.user_id)
        .scalar_subquery()
    )
    with unit_of_work(handlers=()):
        for statement in (
            sa.update(Notification).values(version=place),
            sa.update(NotificationVersion).values(n=sa.func.coalesce(newest, 1)),
        ):
            db.session.execute(statement.execution_options(synchronize_session=False))
