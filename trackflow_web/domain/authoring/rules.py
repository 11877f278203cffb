"""The 15 parts of a chart and when a song counts as fully authored."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.domain.songs.rules import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection

# Marking nearly everything as not needed is no charting.
LEAST_DONE = 5


class Part(StrEnum):
    """A part of a chart, in the order of the work."""

    DEMUCS = "demucs"
    MIDI = "midi"
    TEMPO_MAP = "tempo_map"
    FAKE_ENDING = "fake_ending"
    DRUMS = "drums"
    BASS = "bass"
    GUITAR = "guitar"
    VOCALS = "vocals"
    HARMONIES = "harmonies"
    PRO_KEYS = "pro_keys"
    KEYS = "keys"
    ANIMATIONS = "animations"
    DRUM_FILLS = "drum_fills"
    OVERDRIVE = "overdrive"
    COMPILE = "compile"

    @property
    def label(self) -> str:
        """The display name of the part."""
        return LABELS.get(self, self.replace("_", " ").capitalize())


LABELS = {Part.MIDI: "MIDI"}


class State(StrEnum):
    """The state of a part."""

    TODO = "todo"
    DONE = "done"
    SKIP = "skip"


def is_authored(states: Collection[State]) -> bool:
    """Return whether a song with parts in these states is fully authored; todo may be left out."""
    settled = sum(state is not State.TODO for state in states)
    done = sum(state is State.DONE for state in states)
    return settled == PARTS and done >= LEAST_DONE
