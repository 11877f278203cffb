"""Next up: the closest achievements by the parts left to do. Does not read the database."""

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
# The metrics whose open parts are known.
SONGS, PACKS = "total_authored", "completed_packs"


@dataclass(frozen=True)
class Opening:
    """A song or a pack that counts once its open parts are done."""

    metric: str
    subject_id: int
    label: str
    parts: int

    @property
    def subject_type(self) -> str:
        """Return `song` or `pack`, as in a receipt."""
        return "song" if self.metric == SONGS else "pack"

    @property
    def parts_text(self) -> str:
        """Return the parts in words: `2 parts`."""
        return count_of(self.parts, "part")


@dataclass(frozen=True)
class Step:
    """A close achievement; `openings` are what to do for it, the fewest parts first."""

    tile: AchievementProgress
    openings: Sequence[Opening] = ()
    songs_to_add: int = 0

    @property
    def parts(self) -> int | None:
        """Return how many parts are left; None where parts do not count."""
        if not self.openings:
            return None
        return sum(opening.parts for opening in self.openings) + self.songs_to_add * PARTS

    @property
    def named(self) -> Sequence[Opening]:
        """Return the first of them, which the page names."""
        return self.openings[:NAMED]

    @property
    def others_text(self) -> str:
        """Return the others in words: `13 parts on 3 more songs`; empty without others."""
        rest = self.openings[NAMED:]
        number = len(rest) + self.songs_to_add
        if not number:
            return ""
        parts = sum(opening.parts for opening in rest) + self.songs_to_add * PARTS
        where = "on" if self.openings[0].metric == SONGS else "in"
        noun = self.openings[0].subject_type
        return f"{count_of(parts, 'part')} {where} {count_of(number, f'more {noun}')}"


def needed(tiles: Sequence[AchievementProgress]) -> dict[str, int]:
    """Return how many more songs and packs the next rungs need, by metric."""
    return {
        tile.metric: tile.missing
        for tile in listing.next_rungs(tiles)
        if tile.metric in {SONGS, PACKS} and tile.entry.period is None
    }


def next_up(tiles: Sequence[AchievementProgress], openings: Sequence[Opening]) -> list[Step]:
    """Return the three closest, at most one per ladder.

    Those that take less than a whole song come first, by their parts; the rest are ordered by the
    missing share.
    """
    by_metric: dict[str | None, list[Opening]] = {SONGS: [], PACKS: []}
    for opening in sorted(openings, key=lambda opening: opening.parts):
        by_metric[opening.metric].append(opening)
    steps = [_step(tile, by_metric) for tile in listing.next_rungs(tiles)]
    # A stable sort: equals stay in the order of the share.
    return sorted(steps, key=_parts_when_few)[:SHOWN]


def _step(tile: AchievementProgress, by_metric: Mapping[str | None, Sequence[Opening]]) -> Step:
    of_ladder = by_metric.get(tile.metric, ()) if tile.entry.period is None else ()
    those = of_ladder[: tile.missing]
    short = tile.missing - len(those)
    if not those or (tile.metric == PACKS and short):
        return Step(tile)  # the size of a pack that does not exist yet is unknown
    return Step(tile, those, songs_to_add=short)


def _parts_when_few(step: Step) -> int:
    return step.parts if step.parts is not None and step.parts < PARTS else PARTS
