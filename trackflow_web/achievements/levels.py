"""Levels: how many points each takes, and what they are called."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# The column with the highest level that a user ever reached.
LEVEL_BEST = "level_best"
# Points to the next level grow by this with every level: 50, 100, 150, ...
POINTS_A_LEVEL = 50
# Shown on the ladder: more than every achievement there is can reach.
LEVELS_SHOWN = 20
# By the first level that has them; administrators can change them.
NAMES = {1: "Roadie", 5: "Session Player", 10: "Headliner", 15: "Legend"}
Names = Mapping[int, str]


@dataclass(frozen=True)
class Rung:
    """One level of the ladder and the points that it starts at."""

    level: int
    name: str
    points: int


def level_of(points: int) -> int:
    """Return the level of a number of points: 1 from 0, 2 from 50, 3 from 150, 4 from 300."""
    return (1 + math.isqrt(1 + 8 * (points // POINTS_A_LEVEL))) // 2


def points_of_level(level: int) -> int:
    """Return how many points a level starts at."""
    return POINTS_A_LEVEL * level * (level - 1) // 2


def name_of_level(level: int, names: Names) -> str:
    """Return what a level is called, with the names of administrators; several share a name."""
    first = max(each for each in NAMES if each <= level)
    return names.get(first) or NAMES[first]


def ladder(reached: int, names: Names) -> list[Rung]:
    """Return the levels from 1, up to at least two above the one that was reached."""
    return [
        Rung(level, name_of_level(level, names), points_of_level(level))
        for level in range(1, max(LEVELS_SHOWN, reached + 2) + 1)
    ]
