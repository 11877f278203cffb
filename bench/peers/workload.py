"""The songs that every program is given. Nothing here needs a library: all of them import it."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARTISTS = 400
YEARS = range(1955, 2026)

# The numbers that come from songs: how many steps (planned, started, released) a song has to have
# gone. One that is released has also been finished.
STEPS = {
    "total_songs": 0,
    "total_planned": 0,
    "total_started": 1,
    "total_finished": 2,
    "total_released": 2,
}
# Those of which the different ones of released songs are counted.
DIFFERENT = ("distinct_artists", "distinct_years", "distinct_decades")
RELEASED = 2
# What one planned song more moves.
MOVED = ("total_songs", "total_planned")
OF_AWARDS = "total_achievements"


class Song(NamedTuple):
    """One song; `steps` says how far it is: 0 planned, 1 in work, 2 released."""

    title: str
    artist: str
    year: int
    steps: int


@dataclass(frozen=True)
class Achievement:
    """So many of something for so many points."""

    code: str
    metric: str
    threshold: int
    points: int


@dataclass(frozen=True)
class Workload:
    """The achievements there are, easiest first within a metric."""

    achievements: tuple[Achievement, ...]

    @property
    def metrics(self) -> dict[str, list[Achievement]]:
        """The achievements by what they count; the one that counts achievements comes last."""
        found: dict[str, list[Achievement]] = {}
        for each in sorted(self.achievements, key=lambda each: each.metric == OF_AWARDS):
            found.setdefault(each.metric, []).append(each)
        return found

    def to_json(self) -> dict[str, object]:
        """For `from_json` in another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, list[dict[str, object]]]) -> Workload:
        """What `to_json` gave."""
        return cls(tuple(Achievement(**each) for each in given["achievements"]))  # type: ignore[arg-type]


def songs_of(user_id: int, count: int) -> Iterator[Song]:
    """A user's songs: a third each planned only, in work, released; the same in every program."""
    dice = random.Random(user_id)
    for number in range(count):
        artist, year = dice.randrange(ARTISTS), dice.choice(YEARS)
        yield Song(f"Song {number}", f"Artist {artist}", year, number % 3)


def one_more(number: int) -> Song:
    """A planned song that nobody has yet."""
    return Song(f"One more {number}", f"Artist {number % ARTISTS}", YEARS[0], 0)
