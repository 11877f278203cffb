"""The progress of one user on the whole catalogue, for pages and API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackflow_web.achievements import metrics
from trackflow_web.achievements.awards import holder_counts
from trackflow_web.achievements.awards.holder_counts import Holders
from trackflow_web.achievements.levels import LEVEL_BEST, Names
from trackflow_web.achievements.progress import listing, queries
from trackflow_web.achievements.progress.tile_data import AchievementProgress
from trackflow_web.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trackflow_web.achievements.catalogue.entries import Entry
    from trackflow_web.achievements.progress.listing import Summary


@dataclass(frozen=True)
class UserProgress:
    """The progress of one user: on the entries in force, and on retired ones that they keep.

    `unlisted` are those of seasons that don't run: they have a page only.
    """

    tiles: list[AchievementProgress]
    retired: list[AchievementProgress]
    unlisted: list[AchievementProgress]
    counters: Mapping[str, int]
    users: int
    level_names: Names = field(default_factory=dict)

    @property
    def all(self) -> list[AchievementProgress]:
        """Return the tiles in force, then the retired ones."""
        return [*self.tiles, *self.retired]

    @property
    def summary(self) -> Summary:
        """Return how many of the built-in achievements they have, and their points."""
        return listing.summary(
            self.tiles,
            self.counters[metrics.TOTAL_POINTS],
            self.counters[LEVEL_BEST],
            self.level_names,
        )

    def find(self, code: str) -> AchievementProgress | None:
        """Return the tile with this code, or None."""
        every = (*self.all, *self.unlisted)
        return next((tile for tile in every if tile.code == code), None)

    def unearned(self, entry: Entry) -> AchievementProgress:
        """Return a tile of a retired entry that the user has no longer."""
        return AchievementProgress(entry, current=0, earned_at=None, holders=0, users=self.users)


def of_user(
    user_id: int, *, with_holders: bool = True, earned: Mapping[str, datetime] | None = None
) -> UserProgress:
    """Return the progress of a user; without holders the shares of tiles are 0.

    A caller that has just read the awards passes when they were earned, by code.
    """
    holders = holder_counts.of_each() if with_holders else Holders.unknown()
    registry, counters = queries.registry_and_numbers(user_id)
    if earned is None:
        earned = queries.earned_by(user_id)
    within = queries.within_periods(user_id) if registry.periods else {}
    retired = registry.retired_among(earned)
    shown = registry.shown(earned, clock.now())
    unlisted = registry.unlisted(shown)
    return UserProgress(
        tiles=listing.tiles(counters, earned, holders, shown, within),
        retired=listing.tiles(counters, earned, holders, retired),
        unlisted=listing.tiles(counters, earned, holders, unlisted, within),
        counters=counters,
        users=holders.users,
        level_names=registry.level_names,
    )
