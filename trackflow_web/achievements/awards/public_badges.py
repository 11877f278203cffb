"""What somebody shows of their achievements, and two people side by side. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.achievements.progress import listing
from trackflow_web.achievements.progress.tile_data import EntryFields, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trackflow_web.achievements.catalogue.registry import Entry

# As many as can be pinned; who pins fewer than three has others beside them.
MOST_SHOWN = 5
LEAST_SHOWN = 3


@dataclass(frozen=True)
class Badge(EntryFields):
    """An achievement that somebody has; `pin` is its place (from 1) among those they put first."""

    entry: Entry
    earned_at: datetime
    worth: int
    pin: int | None = None

    state = State.EARNED

    @property
    def points(self) -> int:
        """Those of the day it was earned."""
        return self.worth


@dataclass(frozen=True)
class PublicBadges:
    """Somebody's achievements as the person who looks may see them, newest first."""

    badges: Sequence[Badge]

    @property
    def points(self) -> int:
        """What they are worth together; hidden ones give nothing away here."""
        return sum(badge.points for badge in self.badges)

    @property
    def level(self) -> int:
        """The level that those points reach."""
        return listing.level_of(self.points)

    @property
    def pinned(self) -> list[Badge]:
        """Those put first, in their order."""
        pinned = [badge for badge in self.badges if badge.pin is not None]
        return sorted(pinned, key=lambda badge: badge.pin or 0)

    @property
    def others(self) -> list[Badge]:
        """The rest, newest first."""
        return [badge for badge in self.badges if badge.pin is None]

    @property
    def best(self) -> list[Badge]:
        """Up to five: the pinned ones in their order, then the rarest, then the newest."""
        pinned = self.pinned
        # A stable sort: among equals the newest stays first.
        others = sorted(self.others, key=lambda badge: -badge.rarity.rank)
        shown = max(len(pinned), LEAST_SHOWN) if pinned else MOST_SHOWN
        return [*pinned, *others][: min(shown, MOST_SHOWN)]


@dataclass(frozen=True)
class Comparison:
    """What two people have: each alone, and both; in the order of the catalogue."""

    only_mine: Sequence[Badge]
    only_theirs: Sequence[Badge]
    both: Sequence[tuple[Badge, Badge]]


def compare(mine: PublicBadges, theirs: PublicBadges) -> Comparison:
    """Two people side by side; in `both` mine comes first."""
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
