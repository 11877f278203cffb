"""The demo community: made by the domain's own actions under a set clock, then rechecked.

The actions are dispatched to no handler but that of notifications: the recheck that follows counts
once and dates every award by the row that reached its threshold.
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements import toasts
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.community import projection, rebuild
from trackflow_web.demo import (
    covers,
    custom,
    details,
    feedback,
    notifications,
    profiles,
    public,
    standings,
    talk,
    timeline,
    users,
    webhooks,
)
from trackflow_web.demo.replay import Replay
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people import passwords, profile, queries
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from trackflow_web.demo.users import DemoUser
    from trackflow_web.kernel.events import Handler

# How many of the demo login's achievements are still to be announced: its first page shows one
# summary, as after a time away.
STILL_TO_SHOW = 3


@dataclass(frozen=True)
class Made:
    """The figures of the created demo."""

    people: int
    songs: int
    awards: int


class _Calendar:
    """A clock that is set to the time of the current entry."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        """Set the time."""
        self.at = at


def make(handlers: Sequence[Handler]) -> Made | None:
    """Create the community completely or not at all; return None if users exist."""
    if db.session.scalar(sa.select(User.id).limit(1)) is not None:
        return None
    now = clock.now()
    made: list[int] = []
    with ExitStack() as on_failure:
        on_failure.callback(_remove, made)
        with _running_on(_Calendar(now)) as calendar:
            for demo_user in sorted(users.DEMO_USERS, key=lambda each: -each.joined):
                calendar.at = timeline.joined_at(demo_user, now)
                made.append(_register(demo_user))
            added = _replay(calendar, now)
            with unit_of_work(handlers=()):
                standings.add_seasons(now)
        awards = _reward(handlers, now)
        with _running_on(_Calendar(now)) as calendar, unit_of_work(notifications.recent(now)):
            talk.congratulate(calendar.set, now)
        covers.add(handlers)
        with unit_of_work(handlers=()):
            webhooks.add(now)
        public.publish(handlers)
        notifications.put_in_order()
        on_failure.pop_all()
    return Made(people=len(made), songs=added, awards=awards)


@contextmanager
def _running_on(calendar: _Calendar) -> Iterator[_Calendar]:
    before = clock._source  # noqa: SLF001 -- whatever was read before is read again afterwards
    clock.set_source(calendar)
    try:
        yield calendar
    finally:
        clock.set_source(before)


def _register(demo_user: DemoUser) -> int:
    """Register a user in a separate unit of work: registering starts a new transaction."""
    with unit_of_work(handlers=()):
        user = people.register(
            username=demo_user.username,
            email=f"{demo_user.username}@example.org",
            password=demo_user.password or secrets.token_urlsafe(),
            timezone=demo_user.timezone,
            is_admin=demo_user.is_admin,
            by_operator=True,
        )
        profile.change_profile(user, **profiles.PROFILES.get(user.username, {}))
        profile.change_privacy(user, **profiles.PRIVACY.get(user.username, {}))
    return user.id


def _replay(calendar: _Calendar, now: datetime) -> int:
    """Replay all timelines in order; return the number of songs added."""
    timelines = [timeline.entries(demo_user, now) for demo_user in users.DEMO_USERS]
    written = timeline.merged([*timelines, feedback.entries(now)])
    with unit_of_work(notifications.recent(now)):
        replay = Replay({user.username: user for user in queries.all_users()})
        calendar.at = now - notifications.FOLLOWED_AGO
        notifications.follow(list(replay.demo_users.values()))
        notifications.mute_and_report(list(replay.demo_users.values()))
        for entry in written:
            calendar.at = entry.at
            replay.apply(entry)
        talk.add(calendar.set, now)
        calendar.at = now
        details.add(list(replay.songs.values()), replay.demo_users, now)
    notifications.read_old(now)
    return len(replay.songs)


def _reward(handlers: Sequence[Handler], now: datetime) -> int:
    """Count and award what was earned; return the number of awards."""
    with unit_of_work(handlers):
        custom.create()
        awards = recheck.reconcile_users().awards
        db.session.flush()
        demo = sa.select(User.id).where(User.username == users.DEMO.username).scalar_subquery()
        latest = (
            sa.select(UserAchievement.id)
            .where(UserAchievement.user_id == demo)
            .order_by(UserAchievement.earned_at.desc(), UserAchievement.id.desc())
            .limit(STILL_TO_SHOW)
        )
        waiting = db.session.scalars(latest).all()
        toasts.confirm(
            db.session.scalars(
                sa.select(UserAchievement.id).where(UserAchievement.id.not_in(waiting))
            ).all()
        )
    with unit_of_work(handlers):
        standings.settle(waiting, now)
        custom.grant()
    with unit_of_work(handlers=()):
        _write_feed()
    return len(awards)


def _write_feed() -> None:
    """Write the feed of what the actions of the demo did without its handler."""
    last = 0
    while user_ids := rebuild.next_users(last):
        projection.rebuild(user_ids)
        last = user_ids[-1]


def _remove(user_ids: Sequence[int]) -> None:
    """Delete the users that were registered before something failed."""
    with unit_of_work(handlers=()):
        db.session.execute(sa.delete(User).where(User.id.in_(user_ids)))
        standings.remove_seasons()


def logins() -> list[DemoUser]:
    """Return the demo users one can sign in as: they exist and their password is unchanged."""
    return [
        demo_user
        for demo_user in (users.DEMO, users.ADMIN)
        if (user := queries.find_by_username(demo_user.username)) is not None
        and passwords.matches(user.password_hash, demo_user.password)
    ]
