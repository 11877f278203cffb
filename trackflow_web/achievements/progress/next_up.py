"""What comes next, measured in the parts of charts that are left. No database here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.achievements.progress import listing
from trackflow_web.domain.songs.rules import PARTS
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.achievements.progress.tile_data import AchievementProgress

SHOWN = 3
NAMED = 2
# Of these it is known which parts are still open, and on what.
SONGS, PACKS = "total_authored", "completed_packs"


@dataclass(frozen=True)
class Opening:
    """A song or a pack that would count once so many parts of it are done."""

    metric: str
    subject_id: int
    label: str
    parts: int

    @property
    def subject_type(self) -> str:
        """`song` or `pack`, as in a receipt."""
        return "song" if self.metric == SONGS else "pack"

    @property
    def parts_text(self) -> str:
        """`2 parts`."""
        return count_of(self.parts, "part")


@dataclass(frozen=True)
class Step:
    """An achievement that is close; `openings` are what is to be done for it, the least first."""

    tile: AchievementProgress
    openings: Sequence[Opening] = ()
    songs_to_add: int = 0

    @property
    def parts(self) -> int | None:
        """How many parts are left; None where the work is not one of parts."""
        if not self.openings:
            return None
        return sum(opening.parts for opening in self.openings) + self.songs_to_add * PARTS

    @property
    def named(self) -> Sequence[Opening]:
        """The first of them, which the page names."""
        return self.openings[:NAMED]

    @property
    def others_text(self) -> str:
        """What is not named: `13 parts on 3 more songs`; empty when all are."""
        rest = self.openings[NAMED:]
        number = len(rest) + self.songs_to_add
        if not number:
            return ""
        parts = sum(opening.parts for opening in rest) + self.songs_to_add * PARTS
        where = "on" if self.openings[0].metric == SONGS else "in"
        noun = self.openings[0].subject_type
        return f"{count_of(parts, 'part')} {where} {count_of(number, f'more {noun}')}"


def needed(tiles: Sequence[AchievementProgress]) -> dict[str, int]:
    """How many more songs and packs the next rungs ask for: what is to be looked up."""
    return {
        tile.metric: tile.missing
        for tile in listing.next_rungs(tiles)
        if tile.metric in {SONGS, PACKS}
    }


def next_up(tiles: Sequence[AchievementProgress], openings: Sequence[Opening]) -> list[Step]:
    """The three that are closest, at most one a ladder.

    What less than a whole song's work would earn comes first, the fewest parts before all; the rest
    keep the order of the share that is missing.
    """
    by_metric: dict[str, list[Opening]] = {SONGS: [], PACKS: []}
    for opening in sorted(openings, key=lambda opening: opening.parts):
        by_metric[opening.metric].append(opening)
    steps = [_step(tile, by_metric) for tile in listing.next_rungs(tiles)]
    # A stable sort: equals stay in the order of the share.
    return sorted(steps, key=_parts_when_few)[:SHOWN]


def _step(tile: AchievementProgress, by_metric: Mapping[str, Sequence[Opening]]) -> Step:
    those = by_metric.get(tile.metric, ())[: tile.missing]
    short = tile.missing - len(those)
    if not those or (tile.metric == PACKS and short):
        return Step(tile)  # how large a pack will be that is not there yet, nobody knows
    return Step(tile, those, songs_to_add=short)


def _parts_when_few(step: Step) -> int:
    return step.parts if step.parts is not None and step.parts < PARTS else PARTS
