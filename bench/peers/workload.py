"""The songs that every program gets. All programs import this module, so it needs no library."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARTISTS = 400
YEARS = range(1955, 2026)

# The counters of songs, with the number of steps (planned, started, released) a song must have
# taken to count. A released song also counts as finished.
STEPS = {
    "total_songs": 0,
    "total_planned": 0,
    "total_started": 1,
    "total_finished": 2,
    "total_released": 2,
}
# The distinct values that are counted over released songs.
DIFFERENT = ("distinct_artists", "distinct_years", "distinct_decades")
RELEASED = 2
# The counters that adding a planned song changes.
MOVED = ("total_songs", "total_planned")
OF_AWARDS = "total_achievements"


class Song(NamedTuple):
    """One song; `steps` is its status: 0 planned, 1 WIP, 2 released."""

    title: str
    artist: str
    year: int
    steps: int


@dataclass(frozen=True)
class Achievement:
    """An achievement: code, metric, threshold and points."""

    code: str
    metric: str
    threshold: int
    points: int


@dataclass(frozen=True)
class Workload:
    """All achievements, in ascending order of threshold within a metric."""

    achievements: tuple[Achievement, ...]

    @property
    def metrics(self) -> dict[str, list[Achievement]]:
        """Return the achievements by metric; the metric that counts awards comes last."""
        found: dict[str, list[Achievement]] = {}
        for each in sorted(self.achievements, key=lambda each: each.metric == OF_AWARDS):
            found.setdefault(each.metric, []).append(each)
        return found

    def to_json(self) -> dict[str, object]:
        """Return a document for `from_json` in another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, list[dict[str, object]]]) -> Workload:
        """Return the workload of a document of `to_json`."""
        return cls(tuple(Achievement(**each) for each in given["achievements"]))  # type: ignore[arg-type]


def songs_of(user_id: int, count: int) -> Iterator[Song]:
    """Yield a user's songs, a third each planned, WIP and released; the same in every program."""
    dice = random.Random(user_id)
    for number in range(count):
        artist, year = dice.randrange(ARTISTS), dice.choice(YEARS)
        yield Song(f"Song {number}", f"Artist {artist}", year, number % 3)


def one_more(number: int) -> Song:
    """Return a planned song that no user has yet."""
    return Song(f"One more {number}", f"Artist {number % ARTISTS}", YEARS[0], 0)
