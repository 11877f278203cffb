"""The public awards of a user, and a comparison of two users. Does not read the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.achievements import levels
from trackflow_web.achievements.catalogue.entries import EntryFields, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue.entries import Entry

# As many as can be pinned; with fewer than three pins others follow them.
MOST_SHOWN = 5
LEAST_SHOWN = 3


@dataclass(frozen=True)
class Badge(EntryFields):
    """An award as others see it; `pin` is its place (from 1) among the pinned ones."""

    entry: Entry
    earned_at: datetime
    worth: int
    pin: int | None = None

    state = State.EARNED

    @property
    def points(self) -> int:
        """Return the points of the day it was earned."""
        return self.worth


@dataclass(frozen=True)
class PublicBadges:
    """The awards of a user that the reader may see, newest first.

    Points and level are those of all awards: privacy hides which ones a user has.
    """

    badges: Sequence[Badge]
    points: int
    level_best: int = 1

    @property
    def level(self) -> int:
        """Return the level that the points reach, or a higher one that was reached before."""
        return max(levels.level_of(self.points), self.level_best)

    @property
    def pinned(self) -> list[Badge]:
        """Return the pinned ones in their order."""
        pinned = [badge for badge in self.badges if badge.pin is not None]
        return sorted(pinned, key=lambda badge: badge.pin or 0)

    @property
    def others(self) -> list[Badge]:
        """Return the others, newest first."""
        return [badge for badge in self.badges if badge.pin is None]

    @property
    def best(self) -> list[Badge]:
        """Return up to five: the pinned ones in their order, then the rarest, then the newest."""
        pinned = self.pinned
        # A stable sort: among equals the newest stays first.
        others = sorted(self.others, key=lambda badge: -badge.rarity.rank)
        shown = max(len(pinned), LEAST_SHOWN) if pinned else MOST_SHOWN
        return [*pinned, *others][: min(shown, MOST_SHOWN)]


@dataclass(frozen=True)
class Comparison:
    """The awards of two users: of each only, and of both; in the order of the catalogue."""

    only_mine: Sequence[Badge]
    only_theirs: Sequence[Badge]
    both: Sequence[tuple[Badge, Badge]]


def compare(mine: PublicBadges, theirs: PublicBadges) -> Comparison:
    """Compare two users; in `both` mine comes first."""
    by_code = {badge.code: badge for badge in theirs.badges}
    own = {badge.code for badge in mine.badges}
    return Comparison(
        only_mine=_ordered(badge for badge in mine.badges if badge.code not in by_code),
        only_theirs=_ordered(badge for badge in theirs.badges if badge.code not in own),
        both=[
            (badge, by_code[badge.code])
            for badge in _ordered(badge for badge in mine.badges if badge.code in by_code)
        ],
    )


def _ordered(badges: Iterable[Badge]) -> list[Badge]:
    return sorted(badges, key=lambda badge: badge.entry.position)
