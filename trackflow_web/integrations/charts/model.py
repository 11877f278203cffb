"""What the readers of both formats say about a chart."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

# Of one chart; long full-band charts have about 60,000 events.
MOST_EVENTS = 2_000_000
MOST_TEXTS = 5_000
LONGEST_TEXT = 200


class Unreadable(Exception):
    """A file that cannot be read; the text says why."""


class Instrument(StrEnum):
    """An instrument that a chart can have a track for."""

    GUITAR = "guitar"
    BASS = "bass"
    DRUMS = "drums"
    KEYS = "keys"
    PRO_KEYS = "pro_keys"
    VOCALS = "vocals"
    HARM1 = "harm1"
    HARM2 = "harm2"
    HARM3 = "harm3"


class Difficulty(StrEnum):
    """The difficulty of a track's notes."""

    EXPERT = "expert"
    HARD = "hard"
    MEDIUM = "medium"
    EASY = "easy"


@dataclass
class Playable:
    """The notes of an instrument by difficulty, and its overdrive phrases.

    `bad_lengths` are notes whose end is missing or not after their beginning.
    """

    notes: dict[Difficulty, int] = field(default_factory=dict)
    overdrive: int = 0
    bad_lengths: int = 0

    @property
    def expert(self) -> int:
        """How many notes Expert has."""
        return self.notes.get(Difficulty.EXPERT, 0)


@dataclass
class Singing:
    """What a vocals track contains: `pitched` notes lie within phrases."""

    pitched: int = 0
    pitches: int = 0
    phrases: int = 0
    lyrics: int = 0


@dataclass
class Chart:
    """A chart, in what its parts can be told from. Times are in seconds from the start.

    `is_midi`: only MIDI files can hold pro keys, pitched vocals, harmonies and animations.
    """

    is_midi: bool
    playable: dict[Instrument, Playable] = field(default_factory=dict)
    singing: dict[Instrument, Singing] = field(default_factory=dict)
    tempos: int = 0
    time_signatures: int = 0
    beats: int = 0
    fills: int = 0
    final_fills: int = 0
    hand_tracks: tuple[str, ...] = ()
    stage_texts: int = 0
    venue_events: int = 0
    sections: int = 0
    first_note: float | None = None
    length: float = 0.0
    end: float | None = None
    events_after_music_end: bool = False
    problems: list[str] = field(default_factory=list)

    def charted(self) -> list[Instrument]:
        """Return the instruments with notes, in the order of the kinds."""
        found = {each for each, track in self.playable.items() if any(track.notes.values())}
        found |= {each for each, track in self.singing.items() if track.pitched}
        return [each for each in Instrument if each in found]


def ensure(condition: bool, message: str) -> None:  # noqa: FBT001 -- like an assertion
    """Raise Unreadable with the message unless the condition holds."""
    if not condition:
        raise Unreadable(message)
