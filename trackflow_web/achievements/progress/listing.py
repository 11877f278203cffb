"""How far somebody is: summary, what comes next, filters, groups. No database here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from trackflow_web.achievements.catalogue import registry as catalogue
from trackflow_web.achievements.catalogue.ladders import Category, Rarity
from trackflow_web.achievements.metrics import registry as metrics
from trackflow_web.achievements.progress.tile_data import AchievementProgress, State
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trackflow_web.achievements.awards.holder_counts import Holders
    from trackflow_web.achievements.catalogue.registry import Entry

LONGEST_SEARCH = 100
# Points to the next level grow by this with every level: 50, 100, 150, ...
POINTS_A_LEVEL = 50


class Sort(StrEnum):
    """In which order achievements are shown."""

    LADDER = "ladder"
    CLOSEST = "closest"
    RECENT = "recent"
    RAREST = "rarest"
    POINTS = "points"
    NAME = "name"


@dataclass(frozen=True)
class Summary:
    """Where somebody stands in all."""

    earned: int
    total: int
    points: int

    @property
    def percent(self) -> int:
        """Rounded down."""
        return self.earned * 100 // self.total

    @property
    def level(self) -> int:
        """The level that the points reach, from 1."""
        return level_of(self.points)

    @property
    def points_to_next(self) -> int:
        """How many points are missing for the next level."""
        return points_of_level(self.level + 1) - self.points


@dataclass(frozen=True)
class Group:
    """Tiles under one heading; the totals are the whole group's, not of what a filter left."""

    name: str
    category: str
    earned: int
    total: int
    tiles: Sequence[AchievementProgress]


@dataclass(frozen=True)
class Share:
    """How many achievements of one kind somebody has, and the points they gave."""

    name: str
    earned: int
    total: int
    points: int


@dataclass(frozen=True)
class Filters:
    """What a person wants to see; None means everything."""

    category: Category | None = None
    state: State | None = None
    rarity: Rarity | None = None
    q: str = ""
    sort: Sort = Sort.LADDER

    def left_of(self, all_tiles: Iterable[AchievementProgress]) -> list[AchievementProgress]:
        """The tiles that are wanted. Every word of the search has to occur, in whatever order."""
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
    """Check what a person asks for; empty means everything. Raises Invalid naming every field."""
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
    numbers: Mapping[str, int],
    earned: Mapping[str, datetime],
    holders: Holders,
    entries: Iterable[Entry] | None = None,
) -> list[AchievementProgress]:
    """Achievements as one person sees them; all there are, in the order of the catalogue."""
    return [
        AchievementProgress(
            entry=entry,
            # A streak goes on from where it stands, not from where the longest one ended.
            current=numbers.get(metrics.CURRENT.get(entry.metric, entry.metric), 0),
            earned_at=earned.get(entry.code),
            holders=holders.by_code.get(entry.code, 0),
            users=holders.users,
            longest=numbers.get(entry.metric, 0) if entry.metric in metrics.CURRENT else 0,
        )
        for entry in (catalogue.ENTRIES if entries is None else entries)
    ]


def summary(all_tiles: Sequence[AchievementProgress], points: int) -> Summary:
    """Where somebody stands, from all their tiles and their points."""
    earned = sum(tile.state is State.EARNED for tile in all_tiles)
    return Summary(earned=earned, total=len(all_tiles), points=points)


def by_category(all_tiles: Sequence[AchievementProgress]) -> list[Share]:
    """How much of each kind of work is earned; a category without achievements is left out."""
    return _shares(all_tiles, Category, lambda tile: tile.category)


def by_rarity(all_tiles: Sequence[AchievementProgress]) -> list[Share]:
    """How much of each rarity is earned, the easiest first."""
    return _shares(all_tiles, Rarity, lambda tile: tile.rarity)


def _shares(
    all_tiles: Sequence[AchievementProgress],
    kinds: Iterable[str],
    kind_of: Callable[[AchievementProgress], str],
) -> list[Share]:
    counted = [(kind, [tile for tile in all_tiles if kind_of(tile) == kind]) for kind in kinds]
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
    """Of every ladder that can be climbed here the one above the rung reached, closest first."""
    by_code = {tile.code: tile for tile in all_tiles}
    nearest = [
        next(
            (
                by_code[entry.code]
                for entry in rungs
                if by_code[entry.code].state is not State.EARNED
            ),
            None,
        )
        for metric, rungs in catalogue.BY_METRIC.items()
        if metrics.BY_NAME[metric].rows is not None
    ]
    return sorted((tile for tile in nearest if tile is not None), key=_by_closeness)


def ladder(all_tiles: Iterable[AchievementProgress], metric: str) -> list[AchievementProgress]:
    """The achievements for more of the same, easiest first."""
    return sorted((tile for tile in all_tiles if tile.metric == metric), key=lambda t: t.target)


def groups(all_tiles: Sequence[AchievementProgress], wanted: Filters) -> list[Group]:
    """What the filters leave: under the catalogue's headings, or in one group when sorted."""
    left = wanted.left_of(all_tiles)
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
    """Unearned first, by the share that is missing, then by how many, then the easiest."""
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


def level_of(points: int) -> int:
    """The level that so many points reach: 1 from 0, 2 from 50, 3 from 150, 4 from 300 ..."""
    return (1 + math.isqrt(1 + 8 * (points // POINTS_A_LEVEL))) // 2


def points_of_level(level: int) -> int:
    """With how many points a level begins."""
    return POINTS_A_LEVEL * level * (level - 1) // 2
