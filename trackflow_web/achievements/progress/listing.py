"""Lists of achievements: summary, filters, sorting, groups. Does not read the database."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from trackflow_web.achievements import levels, metrics
from trackflow_web.achievements.catalogue.entries import Kind, State
from trackflow_web.achievements.catalogue.ladders import Category, Rarity
from trackflow_web.achievements.progress.tile_data import AchievementProgress
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trackflow_web.achievements.awards.holder_counts import Holders
    from trackflow_web.achievements.catalogue.entries import Entry

LONGEST_SEARCH = 100


class Sort(StrEnum):
    """The order of achievements."""

    LADDER = "ladder"
    CLOSEST = "closest"
    RECENT = "recent"
    RAREST = "rarest"
    POINTS = "points"
    NAME = "name"


@dataclass(frozen=True)
class Summary:
    """How many achievements a user has, their points, and the highest level they ever reached."""

    earned: int
    total: int
    points: int
    level_best: int = 1
    level_names: levels.Names = field(default_factory=dict)

    @property
    def percent(self) -> int:
        """Return the share earned, rounded down."""
        return self.earned * 100 // self.total

    @property
    def level(self) -> int:
        """Return the level, from 1: that of the points, or a higher one that was reached before."""
        return max(levels.level_of(self.points), self.level_best)

    @property
    def level_name(self) -> str:
        """Return what the level is called."""
        return levels.name_of_level(self.level, self.level_names)

    @property
    def points_to_next(self) -> int:
        """Return how many points are missing for the next level."""
        return levels.points_of_level(self.level + 1) - self.points


@dataclass(frozen=True)
class Group:
    """Tiles under one heading; the totals are of the whole group, regardless of the filter."""

    name: str
    category: str
    earned: int
    total: int
    tiles: Sequence[AchievementProgress]

    @property
    def is_of_category(self) -> bool:
        """Return whether its achievements are those that completing the category requires."""
        return any(tile.entry.counts_for_completionist for tile in self.tiles)


@dataclass(frozen=True)
class Share:
    """How many achievements of one kind a user has, and their points."""

    name: str
    earned: int
    total: int
    points: int


@dataclass(frozen=True)
class Filters:
    """The filters of a list; None means everything."""

    category: Category | None = None
    state: State | None = None
    rarity: Rarity | None = None
    q: str = ""
    sort: Sort = Sort.LADDER

    def apply(self, all_tiles: Iterable[AchievementProgress]) -> list[AchievementProgress]:
        """Return the tiles that pass. Every word of the search has to occur, in any order."""
        words = text.search_key(self.q).split()
        return [
            tile
            for tile in all_tiles
            if (self.category is None or tile.category is self.category)
            and (self.state is None or tile.state is self.state)
            and (self.rarity is None or tile.rarity is self.rarity)
            and (not words or all(word in _searchable(tile) for word in words))
        ]


def filters(*, category: object, state: object, rarity: object, q: object, sort: object) -> Filters:
    """Return the filters of a request; empty means everything. Raise Invalid naming every field."""
    check = Checks()
    checked = Filters(
        category=check(text.choice, category, "category", Category) if category else None,
        state=check(text.choice, state, "state", State) if state else None,
        rarity=check(text.choice, rarity, "rarity", Rarity) if rarity else None,
        q=check(text.line, q, "q", longest=LONGEST_SEARCH, required=False),
        sort=check(text.choice, sort, "sort", Sort) if sort else Sort.LADDER,
    )
    check.finish()
    return checked


def tiles(
    counters: Mapping[str, int],
    earned: Mapping[str, datetime],
    holders: Holders,
    entries: Iterable[Entry],
    within: Mapping[tuple[str, str], int] | None = None,
) -> list[AchievementProgress]:
    """Return entries as one user sees them; `within` has period counters by metric and period."""
    return [
        AchievementProgress(
            entry=entry,
            current=_current(entry, counters, within or {}),
            earned_at=earned.get(entry.code),
            holders=holders.by_code.get(entry.code, 0),
            users=holders.users,
            longest=_longest(entry, counters),
        )
        for entry in entries
    ]


def _current(
    entry: Entry, counters: Mapping[str, int], within: Mapping[tuple[str, str], int]
) -> int:
    if entry.metric is None:
        return 0
    if entry.period is not None:
        return within.get((entry.metric, entry.period), 0)
    # A streak continues from its current day, not from the end of the longest one.
    return counters.get(metrics.CURRENT.get(entry.metric, entry.metric), 0)


def _longest(entry: Entry, counters: Mapping[str, int]) -> int:
    is_streak = entry.period is None and entry.metric in metrics.CURRENT
    return counters.get(entry.metric or "", 0) if is_streak else 0


def summary(
    all_tiles: Sequence[AchievementProgress],
    points: int,
    level_best: int = 1,
    level_names: levels.Names | None = None,
) -> Summary:
    """Return how many of the built-in achievements a user has, their points and level."""
    built_in = [tile for tile in all_tiles if tile.entry.kind is Kind.BUILTIN]
    earned = sum(tile.state is State.EARNED for tile in built_in)
    return Summary(
        earned=earned,
        total=len(built_in),
        points=points,
        level_best=level_best,
        level_names=level_names or {},
    )


def by_category(all_tiles: Sequence[AchievementProgress]) -> list[Share]:
    """Return how many built-in ones of each category are earned; empty categories are left out."""
    return _shares(all_tiles, Category, lambda tile: tile.category)


def by_rarity(all_tiles: Sequence[AchievementProgress]) -> list[Share]:
    """Return how many built-in ones of each rarity are earned, the easiest first."""
    return _shares(all_tiles, Rarity, lambda tile: tile.rarity)


def _shares(
    all_tiles: Sequence[AchievementProgress],
    kinds: Iterable[str],
    kind_of: Callable[[AchievementProgress], str],
) -> list[Share]:
    built_in = [tile for tile in all_tiles if tile.entry.kind is Kind.BUILTIN]
    counted = [(kind, [tile for tile in built_in if kind_of(tile) == kind]) for kind in kinds]
    return [
        Share(
            name=str(kind),
            earned=sum(tile.state is State.EARNED for tile in those),
            total=len(those),
            points=sum(tile.points for tile in those if tile.state is State.EARNED),
        )
        for kind, those in counted
        if those
    ]


def next_rungs(all_tiles: Sequence[AchievementProgress]) -> list[AchievementProgress]:
    """Return the easiest unearned one of every ladder, closest first."""
    nearest: dict[tuple[str | None, str | None], AchievementProgress] = {}
    for tile in sorted(all_tiles, key=lambda tile: tile.target):
        if tile.metric is not None and tile.state is not State.EARNED:
            nearest.setdefault((tile.metric, tile.entry.period), tile)
    return sorted(nearest.values(), key=_by_closeness)


def ladder(
    all_tiles: Iterable[AchievementProgress], of: AchievementProgress
) -> list[AchievementProgress]:
    """Return the achievements for more of what one counts, easiest first."""
    if of.metric is None:
        return [of]
    same = (of.metric, of.entry.period)
    found = (tile for tile in all_tiles if (tile.metric, tile.entry.period) == same)
    return sorted(found, key=lambda tile: tile.target)


def groups(all_tiles: Sequence[AchievementProgress], wanted: Filters) -> list[Group]:
    """Return what passes the filters: by the headings of the catalogue, or sorted in one group."""
    left = wanted.apply(all_tiles)
    if wanted.sort is not Sort.LADDER:
        left.sort(key=_SORT_KEYS[wanted.sort])
        return [_group(SORT_HEADINGS[wanted.sort], "", all_tiles, left)] if left else []
    whole = _by_heading(all_tiles)
    return [
        _group(name, category, whole[name, category], those)
        for (name, category), those in _by_heading(left).items()
    ]


def _by_heading(
    some_tiles: Iterable[AchievementProgress],
) -> dict[tuple[str, str], list[AchievementProgress]]:
    found: dict[tuple[str, str], list[AchievementProgress]] = {}
    for tile in some_tiles:
        found.setdefault((tile.group, tile.category), []).append(tile)
    return found


def _group(
    name: str,
    category: str,
    whole: Sequence[AchievementProgress],
    left: Sequence[AchievementProgress],
) -> Group:
    earned = sum(tile.state is State.EARNED for tile in whole)
    return Group(name=name, category=category, earned=earned, total=len(whole), tiles=left)


SORT_HEADINGS = {
    Sort.LADDER: "By group",
    Sort.CLOSEST: "Closest first",
    Sort.RECENT: "Latest earned first",
    Sort.RAREST: "Rarest first",
    Sort.POINTS: "Most points first",
    Sort.NAME: "By name",
}


def _by_closeness(tile: AchievementProgress) -> tuple[float, int, int]:
    """Order unearned ones first, by the missing share, then by the missing number."""
    share_missing = tile.missing / tile.target if tile.state is not State.EARNED else math.inf
    return share_missing, tile.missing, tile.entry.position


def _by_recency(tile: AchievementProgress) -> tuple[float, int]:
    earned_at = tile.earned_at
    return (-earned_at.timestamp() if earned_at else math.inf), tile.entry.position


_SORT_KEYS: dict[Sort, Callable[[AchievementProgress], tuple[Any, ...]]] = {
    Sort.CLOSEST: _by_closeness,
    Sort.RECENT: _by_recency,
    Sort.RAREST: lambda tile: (tile.holders, -tile.rarity.rank, tile.entry.position),
    Sort.POINTS: lambda tile: (-tile.points, tile.entry.position),
    Sort.NAME: lambda tile: (text.search_key(tile.name), tile.entry.position),
}


def _searchable(tile: AchievementProgress) -> str:
    return text.search_key(tile.name, tile.description, tile.group)
