"""The 15 parts of a chart and when a song counts as fully authored."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.domain.songs.rules import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Marking nearly everything as not needed is no charting.
LEAST_DONE = 5
LONGEST_TEMPLATE_NAME = 40
# What a template of a user is called in forms and in the API: this and its id.
OWN_TEMPLATE = "own-"


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

    @property
    def word(self) -> str:
        """The name of the part within a sentence."""
        return LABELS.get(self, self.replace("_", " "))


LABELS = {Part.MIDI: "MIDI"}


class Group(StrEnum):
    """What kind of work a part is."""

    PREP = "prep"
    INSTRUMENTS = "instruments"
    VOCALS = "vocals"
    FINISH = "finish"

    @property
    def label(self) -> str:
        """The group's name as people write it."""
        return self.capitalize()


GROUPS: dict[Group, tuple[Part, ...]] = {
    Group.PREP: (Part.DEMUCS, Part.MIDI, Part.TEMPO_MAP, Part.FAKE_ENDING),
    Group.INSTRUMENTS: (Part.DRUMS, Part.BASS, Part.GUITAR, Part.PRO_KEYS, Part.KEYS),
    Group.VOCALS: (Part.VOCALS, Part.HARMONIES),
    Group.FINISH: (Part.ANIMATIONS, Part.DRUM_FILLS, Part.OVERDRIVE, Part.COMPILE),
}


class Template(StrEnum):
    """Which parts songs of a kind do not need."""

    FULL_BAND = "full_band"
    NO_KEYS = "no_keys"
    NO_HARMONIES = "no_harmonies"
    NO_KEYS_OR_HARMONIES = "no_keys_or_harmonies"
    INSTRUMENTAL = "instrumental"
    VOCALS_ONLY = "vocals_only"

    @property
    def label(self) -> str:
        """The template's name as people write it."""
        return self.replace("_", " ").capitalize()

    @property
    def not_needed(self) -> frozenset[Part]:
        """The parts that these songs do without."""
        return NOT_NEEDED[self]


_KEYS = frozenset({Part.KEYS, Part.PRO_KEYS})
_DRUMS = frozenset({Part.DRUMS, Part.DRUM_FILLS})
_HARMONIES = frozenset({Part.HARMONIES})
NOT_NEEDED: dict[Template, frozenset[Part]] = {
    Template.FULL_BAND: frozenset(),
    Template.NO_KEYS: _KEYS,
    Template.NO_HARMONIES: _HARMONIES,
    Template.NO_KEYS_OR_HARMONIES: _KEYS | _HARMONIES,
    Template.INSTRUMENTAL: _HARMONIES | {Part.VOCALS},
    Template.VOCALS_ONLY: _KEYS | _DRUMS | {Part.BASS, Part.GUITAR},
}


class State(StrEnum):
    """The state of a part."""

    TODO = "todo"
    DONE = "done"
    SKIP = "skip"


def template_of(states: Mapping[Part, State]) -> Template | None:
    """Return the template whose parts are the ones that are not needed; None without one."""
    not_needed = {part for part, state in states.items() if state is State.SKIP}
    return next((each for each in Template if each.not_needed == not_needed), None)


def is_authored(states: Collection[State]) -> bool:
    """Return whether a song with parts in these states is fully authored; todo may be left out."""
    settled = sum(state is not State.TODO for state in states)
    done = sum(state is State.DONE for state in states)
    return settled == PARTS and done >= LEAST_DONE
