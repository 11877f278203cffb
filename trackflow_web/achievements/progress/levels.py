"""Levels: how many points each takes."""

from __future__ import annotations

import math

# Points to the next level grow by this with every level: 50, 100, 150, ...
POINTS_A_LEVEL = 50


def level_of(points: int) -> int:
    """Return the level of a number of points: 1 from 0, 2 from 50, 3 from 150, 4 from 300."""
    return (1 + math.isqrt(1 + 8 * (points // POINTS_A_LEVEL))) // 2


def points_of_level(level: int) -> int:
    """Return how many points a level starts at."""
    return POINTS_A_LEVEL * level * (level - 1) // 2
