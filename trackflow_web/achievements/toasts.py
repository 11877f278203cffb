"""What was unlocked and not shown yet, and which answer shows it.

What waits lives in the database, so that it survives redirects, other tabs and crashes. An answer
that will show it claims it for a moment and says when it was written; if it never was, the claim
runs out. Nobody knows then whether it was seen, so what was claimed together comes again as the
same message, of which a browser shows the first only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.catalogue.ladders import Rarity
from trackflow_web.achievements.models import UserAchievement
from trackflow_web.domain.people.models import Announced
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackflow_web.achievements.catalogue.registry import Entry

RESERVED_FOR = timedelta(seconds=2)
# Who comes back after a long time finds old ones on the page, not in their face.
OLDEST_SHOWN = timedelta(days=30)
MOST_AT_ONCE = 3


@dataclass(frozen=True)
class Toast:
    """One achievement to announce; `id` is the award's."""

    id: int
    entry: Entry
    earned_at: datetime


@dataclass(frozen=True)
class Toasts:
    """What one answer announces: up to three, or a summary of all."""

    claimed: tuple[int, ...]
    shown: tuple[Toast, ...]
    as_summary: bool

    @property
    def count(self) -> int:
        """How many achievements they tell of."""
        return len(self.shown)

    @property
    def id(self) -> int:
        """What a summary is known by: the first award in it."""
        return min(self.claimed)

    @property
    def points(self) -> int:
        """What they are worth together."""
        return sum(toast.entry.points for toast in self.shown)

    @property
    def rarest(self) -> Entry:
        """The hardest of them; among equals the first."""
        return max((toast.entry for toast in self.shown), key=lambda entry: entry.rarity.rank)


@dataclass(frozen=True)
class Batch:
    """What was claimed together, until when; without a time, what nobody has claimed yet."""

    claimed_until: datetime | None = None


NEW = Batch()


def waiting(user_id: int) -> Batch | None:
    """What the next answer is to show: what is new, else what waits since a claim ran out."""
    asked = {"owner_id": user_id, "moment": clock.now()}
    row = db.session.execute(_WAITING, asked).first()
    return None if row is None else Batch(row.shown_until)


def reserve(user_id: int, wanted: Announced = Announced.ALL, *, batch: Batch = NEW) -> Toasts:
    """Reserve what waits for the answer that is being made; two answers never get the same.

    What the user does not want to be told of counts as shown.
    """
    now = clock.now()
    # A null is no value to compare with, and the statements are kept.
    claimed = _NEVER_CLAIMED if batch.claimed_until is None else _CLAIMED_UNTIL
    rows = db.session.execute(
        sa.update(UserAchievement)
        .where(claimed)
        .values(shown_until=now + RESERVED_FOR, notified=_unwanted(wanted))
        .returning(
            UserAchievement.id,
            UserAchievement.achievement_id,
            UserAchievement.earned_at,
            UserAchievement.awarded_at,
            UserAchievement.backfilled,
            UserAchievement.notified,
        ),
        {"owner_id": user_id, "until": batch.claimed_until},
    ).all()
    rows = [row for row in rows if not row.notified]
    fresh = [row for row in rows if now - row.awarded_at < OLDEST_SHOWN]
    shown = [
        Toast(row.id, catalogue.BY_CODE[code], row.earned_at)
        for row in fresh
        if (code := catalogue.code_of(row.achievement_id)) in catalogue.BY_CODE
    ]
    shown.sort(key=lambda toast: (toast.earned_at, toast.entry.position))
    return Toasts(
        claimed=tuple(row.id for row in rows),
        shown=tuple(shown),
        as_summary=len(shown) > MOST_AT_ONCE
        or bool(shown and any(row.backfilled for row in fresh)),
    )


def confirm(award_ids: Sequence[int]) -> None:
    """Note that an answer with these was written: they are not shown again."""
    db.session.execute(
        sa.update(UserAchievement)
        .where(UserAchievement.id.in_(award_ids))
        .values(notified=True, shown_until=None)
    )


def forget_unwanted(user_id: int, wanted: Announced) -> None:
    """Note what waits and is not wanted as shown, so that it does not come when it is wanted."""
    db.session.execute(
        sa.update(UserAchievement)
        .where(UserAchievement.user_id == user_id, ~UserAchievement.notified, _unwanted(wanted))
        .values(notified=True, shown_until=None)
    )


def _unwanted(wanted: Announced) -> sa.ColumnElement[bool]:
    """Which awards are not announced to somebody who wants these."""
    if wanted == Announced.ALL:
        return sa.false()
    if wanted == Announced.NONE:
        return sa.true()
    return UserAchievement.achievement_id.in_(
        [
            achievement_id
            for code, achievement_id in catalogue.ids().items()
            if code in catalogue.BY_CODE and catalogue.BY_CODE[code].rarity.rank < Rarity.RARE.rank
        ]
    )


_NOT_SHOWN = sa.and_(UserAchievement.user_id == sa.bindparam("owner_id"), ~UserAchievement.notified)
_NEVER_CLAIMED = sa.and_(_NOT_SHOWN, UserAchievement.shown_until.is_(None))
_CLAIMED_UNTIL = sa.and_(_NOT_SHOWN, UserAchievement.shown_until == sa.bindparam("until"))
# Asked by every page and action, and made once: making it costs more than running it.
_WAITING = (
    sa.select(UserAchievement.shown_until)
    .where(
        _NOT_SHOWN,
        sa.or_(
            UserAchievement.shown_until.is_(None),
            UserAchievement.shown_until <= sa.bindparam("moment"),
        ),
    )
    .order_by(UserAchievement.shown_until.nulls_first())
    .limit(1)
)
