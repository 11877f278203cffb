"""`notes.mid`: a standard MIDI file of type 0 or 1.

The bytes are scanned in one loop; mido is fifteen times as slow and raises on files that games
accept. Tests compare both.
"""

# ruff: noqa: PLR2004 -- the numbers are those of the format

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

from trackflow_web.integrations.charts.model import (
    LONGEST_TEXT,
    MOST_EVENTS,
    MOST_TEXTS,
    Unreadable,
    ensure,
)

MOST_TRACKS = 64
HEADER = 14
DEFAULT_TEMPO = 500_000  # microseconds per quarter note
# Meta events.
TEXT, TRACK_NAME, LYRIC, END_OF_TRACK, TEMPO, TIME_SIGNATURE = 1, 3, 5, 0x2F, 0x51, 0x58
# Notes are kept with 7 bits of pitch below the tick.
PITCH_BITS, PITCH_MASK = 7, 0x7F
LONGEST_TIME = 1 << 40
NOT_HELD = -1
TOO_MANY_EVENTS = "This MIDI file has too many events."


@dataclass
class Track:
    """One track: completed notes by pitch, their starts and ends in ticks, texts and lyrics.

    `starts` has `tick << 7 | pitch` of completed notes and `ends` the tick of the end.
    """

    name: str = ""
    notes: Counter[int] = field(default_factory=Counter)
    starts: array[int] = field(default_factory=lambda: array("Q"))
    ends: array[int] = field(default_factory=lambda: array("Q"))
    texts: list[tuple[int, str]] = field(default_factory=list)
    lyrics: list[str] = field(default_factory=list)
    open_notes: int = 0
    last_tick: int = 0

    def spans(self, *pitches: int) -> list[tuple[int, int]]:
        """Return the start and end in ticks of the notes of these pitches, by start."""
        wanted = frozenset(pitches)
        return sorted(
            (start >> PITCH_BITS, end)
            for start, end in zip(self.starts, self.ends, strict=True)
            if start & PITCH_MASK in wanted
        )

    def in_range(self, low: int, high: int) -> int:
        """Return how many notes there are from one pitch to another, both included."""
        return sum(n for pitch, n in self.notes.items() if low <= pitch <= high)


@dataclass
class MidiFile:
    """The tracks of a file; `tempos` are (tick, microseconds per quarter note)."""

    resolution: int
    tracks: list[Track]
    tempos: list[tuple[int, int]]
    time_signatures: int
    is_cut_off: bool

    def seconds(self, tick: int) -> float:
        """Return the time of a tick in seconds."""
        at, tempo, passed = 0, DEFAULT_TEMPO, 0.0
        for changed, new in self.tempos:
            if changed >= tick:
                break
            passed += (changed - at) * tempo
            at, tempo = changed, new
        return (passed + (tick - at) * tempo) / self.resolution / 1_000_000


def read(content: bytes) -> MidiFile:
    """Scan a MIDI file. A track that is cut off counts up to there. Raises Unreadable."""
    ensure(len(content) >= HEADER and content[:4] == b"MThd", "This isn't a MIDI file.")
    length = int.from_bytes(content[4:8])
    kind = int.from_bytes(content[8:10])
    resolution = int.from_bytes(content[12:14])
    ensure(kind in {0, 1}, "This MIDI file has independent tracks (type 2).")
    ensure(0 < resolution < 0x8000, "This MIDI file has no ticks per quarter note.")
    file = MidiFile(resolution, [], [], 0, is_cut_off=False)
    at, events = 8 + max(length, 6), 0
    while at + 8 <= len(content) and len(file.tracks) < MOST_TRACKS:
        size = int.from_bytes(content[at + 4 : at + 8])
        start, end = at + 8, min(at + 8 + size, len(content))
        if content[at : at + 4] == b"MTrk":
            track = Track()
            events = _scan(content, start, end, track, file, events)
            file.tracks.append(track)
            file.is_cut_off |= start + size > len(content)
        at = start + size
    ensure(bool(file.tracks), "This MIDI file has no tracks.")
    file.tempos.sort()
    return file


def _scan(  # noqa: C901, PLR0912, PLR0915 -- one loop over bytes: a call for each would cost more
    data: bytes, at: int, end: int, track: Track, file: MidiFile, events: int
) -> int:
    """Add the events from one position to another to a track; return how many there are in all."""
    tick, status = 0, 0
    # By channel and pitch the tick at which a note began.
    held = [NOT_HELD] * (16 << PITCH_BITS)
    starts, ends = track.starts, track.ends
    try:
        while at < end:
            byte = data[at]
            at += 1
            if byte < 0x80:
                tick += byte
            else:
                delta = byte & 0x7F
                for _ in range(3):
                    byte = data[at]
                    at += 1
                    delta = delta << 7 | byte & 0x7F
                    if byte < 0x80:
                        break
                tick += delta
            events += 1
            if events > MOST_EVENTS:
                raise Unreadable(TOO_MANY_EVENTS)
            byte = data[at]
            if byte >= 0x80:
                at += 1
                if byte < 0xF0:
                    status = byte
            elif status:
                byte = status
            else:
                file.is_cut_off = True  # a value where an event should begin
                break
            high = byte & 0xF0
            if high in {0x80, 0x90}:
                pitch, velocity = data[at] & 0x7F, data[at + 1]
                at += 2
                key = (byte & 0x0F) << PITCH_BITS | pitch
                began = held[key]
                if NOT_HELD < began < tick:
                    starts.append(began << PITCH_BITS | pitch)
                    ends.append(tick)
                elif began == tick:
                    track.open_notes += 1
                held[key] = tick if velocity and high == 0x90 else NOT_HELD
            elif high in {0xA0, 0xB0, 0xE0}:
                at += 2
            elif high in {0xC0, 0xD0}:
                at += 1
            elif byte == 0xFF:
                kind = data[at]
                size, at = _length(data, at + 1)
                body = data[at : min(at + size, end)]
                at += size
                if kind == END_OF_TRACK:
                    break
                _meta(kind, body, tick, track, file)
            elif byte in {0xF0, 0xF7}:
                size, at = _length(data, at)
                at += size
            else:
                file.is_cut_off = True  # events of a live stream have no place in a file
                break
    except IndexError:
        file.is_cut_off = True
    track.notes.update(start & PITCH_MASK for start in starts)
    track.open_notes += len(held) - held.count(NOT_HELD)
    track.last_tick = min(tick, LONGEST_TIME)
    return events


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, and the position after it."""
    value = 0
    for _ in range(4):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at


def _meta(kind: int, body: bytes, tick: int, track: Track, file: MidiFile) -> None:
    if kind == TEMPO:
        if len(body) >= 3 and any(body[:3]):
            file.tempos.append((tick, int.from_bytes(body[:3])))
    elif kind == TIME_SIGNATURE:
        file.time_signatures += 1
    elif kind == TRACK_NAME and not track.name:
        track.name = " ".join(_decoded(body).upper().split())
    elif kind == LYRIC:
        if len(track.lyrics) < MOST_TEXTS:
            track.lyrics.append(_decoded(body))
    elif kind == TEXT and len(track.texts) < MOST_TEXTS:
        track.texts.append((tick, _decoded(body).strip()))


def _decoded(body: bytes) -> str:
    return body[:LONGEST_TEXT].decode("latin-1")
