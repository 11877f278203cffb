"""The map of decades and years: filled by released songs, or to be filled by planned ones.

Does not read the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackflow_web.domain.authoring.statistics import Planned, YearTally

# Earlier decades are shown to users with songs of them.
FIRST_DECADE = 1950
YEARS = 10
SONGS_NAMED = 3
METRICS = ("distinct_decades", "distinct_years", "distinct_artists")


class Fill(StrEnum):
    """The state of a year or decade on the map."""

    FILLED = "filled"
    PLANNED = "planned"
    EMPTY = "empty"
    TO_COME = "to_come"


@dataclass(frozen=True)
class Year:
    """One year: the number of released songs; without any, the planned ones that would fill it.

    `planned` are the first of those, `planned_songs` is their number.
    """

    year: int
    released: int
    planned: Sequence[Planned]
    is_to_come: bool

    @property
    def planned_songs(self) -> int:
        """Return how many planned songs would fill it."""
        return self.planned[0].songs if self.planned else 0

    @property
    def fill(self) -> Fill:
        """Return its state."""
        return _fill(self.released, self.planned_songs, is_to_come=self.is_to_come)

    @property
    def text(self) -> str:
        """Return its state in words."""
        return _words(self.fill, self.released, self.planned_songs)


@dataclass(frozen=True)
class Decade:
    """Ten years."""

    start: int
    years: Sequence[Year]

    @property
    def name(self) -> str:
        """Return its name: `1980s`."""
        return f"{self.start}s"

    @property
    def released(self) -> int:
        """Return how many songs of it were released."""
        return sum(year.released for year in self.years)

    @property
    def planned_songs(self) -> int:
        """Return the number of planned songs for its open years."""
        return sum(year.planned_songs for year in self.years)

    @property
    def fill(self) -> Fill:
        """Return its state."""
        return _fill(self.released, self.planned_songs)

    @property
    def text(self) -> str:
        """Return its state in words."""
        return _words(self.fill, self.released, self.planned_songs)

    @property
    def gaps(self) -> list[Year]:
        """Return its open years that a planned song would fill."""
        return [year for year in self.years if year.fill is Fill.PLANNED]


def decade_map(
    tallies: Iterable[YearTally], planned: Iterable[Planned], this_year: int
) -> list[Decade]:
    """Return every decade from the fifties on, and earlier ones with a song, the latest first."""
    released = {tally.year: tally.released for tally in tallies if tally.year is not None}
    waiting = defaultdict(list)
    for song in planned:
        waiting[song.year].append(song)
    starts = {*range(FIRST_DECADE, this_year + 1, YEARS)}
    starts |= {year - year % YEARS for year in released}
    return [
        Decade(
            start,
            [
                Year(
                    year,
                    released.get(year, 0),
                    waiting[year][:SONGS_NAMED],
                    is_to_come=year > this_year,
                )
                for year in range(start, start + YEARS)
            ],
        )
        for start in sorted(starts, reverse=True)
    ]


def _fill(released: int, planned: int, *, is_to_come: bool = False) -> Fill:
    if released:
        return Fill.FILLED
    if planned:
        return Fill.PLANNED
    return Fill.TO_COME if is_to_come else Fill.EMPTY


def _words(fill: Fill, released: int, planned: int) -> str:
    return {
        Fill.FILLED: f"{count_of(released, 'song')} released",
        Fill.PLANNED: f"{count_of(planned, 'planned song')} would add it",
        Fill.EMPTY: "missing",
        Fill.TO_COME: "still to come",
    }[fill]
