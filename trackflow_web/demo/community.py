"""Making the demo community: the domain's own actions under a moved clock, then a recheck.

The listeners do not hear the actions one by one: the recheck that follows counts once and dates
every award by the row that reached its threshold.
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
from trackflow_web.demo import cast, diary, wishes
from trackflow_web.demo.doing import Doing
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people import passwords, queries
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from trackflow_web.demo.cast import Resident
    from trackflow_web.kernel.events import Handler

# How many of the demo login's achievements are still to be announced: its first page shows one
# summary, as after a time away.
STILL_TO_SHOW = 3


@dataclass(frozen=True)
class Made:
    """What was made."""

    people: int
    songs: int
    awards: int


class _Calendar:
    """A clock that stands where the diary is open."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def make(handlers: Sequence[Handler]) -> Made | None:
    """Make the community; None, and nothing is changed, when anybody is here already.

    It is there as a whole or not at all.
    """
    if db.session.scalar(sa.select(User.id).limit(1)) is not None:
        return None
    now = clock.now()
    made: list[int] = []
    with ExitStack() as on_failure:
        on_failure.callback(_remove, made)
        with _reading(_Calendar(now)) as calendar:
            for resident in sorted(cast.RESIDENTS, key=lambda each: -each.joined):
                calendar.at = diary.joined_at(resident, now)
                made.append(_register(resident))
            added = _live(calendar, now)
        awards = _reward(handlers)
        on_failure.pop_all()
    return Made(people=len(made), songs=added, awards=awards)


@contextmanager
def _reading(calendar: _Calendar) -> Iterator[_Calendar]:
    before = clock._source  # noqa: SLF001 -- whatever was read before is read again afterwards
    clock.set_source(calendar)
    try:
        yield calendar
    finally:
        clock.set_source(before)


def _register(resident: Resident) -> int:
    """Give somebody an account, in its own unit of work: registering begins a new transaction."""
    with unit_of_work(handlers=()):
        user = people.register(
            username=resident.username,
            email=f"{resident.username}@example.org",
            password=resident.password or secrets.token_urlsafe(),
            timezone=resident.timezone,
            is_admin=resident.is_admin,
            by_operator=True,
        )
    return user.id


def _live(calendar: _Calendar, now: datetime) -> int:
    """Do all that is in the diaries, in order; gives the number of songs added."""
    diaries = [diary.entries(resident, now) for resident in cast.RESIDENTS]
    written = diary.merged([*diaries, wishes.entries(now)])
    with unit_of_work(handlers=()):
        doing = Doing({user.username: user for user in queries.all_users()})
        for entry in written:
            calendar.at = entry.at
            doing.do(entry)
        calendar.at = now
    return len(doing.songs)


def _reward(handlers: Sequence[Handler]) -> int:
    """Count and award what was earned; gives how many achievements were given."""
    with unit_of_work(handlers):
        awards = recheck.recheck().awards
        db.session.flush()
        demo = sa.select(User.id).where(User.username == cast.DEMO.username).scalar_subquery()
        latest = (
            sa.select(UserAchievement.id)
            .where(UserAchievement.user_id == demo)
            .order_by(UserAchievement.earned_at.desc(), UserAchievement.id.desc())
            .limit(STILL_TO_SHOW)
        )
        toasts.confirm(
            db.session.scalars(
                sa.select(UserAchievement.id).where(UserAchievement.id.not_in(latest))
            ).all()
        )
    return len(awards)


def _remove(user_ids: Sequence[int]) -> None:
    """Take back those who were registered before something went wrong."""
    with unit_of_work(handlers=()):
        db.session.execute(sa.delete(User).where(User.id.in_(user_ids)))


def logins() -> list[Resident]:
    """Those of the cast as whom one can sign in: here, and with the password of the cast still."""
    return [
        resident
        for resident in (cast.DEMO, cast.ADMIN)
        if (user := queries.find_by_username(resident.username)) is not None
        and passwords.matches(user.password_hash, resident.password)
    ]
