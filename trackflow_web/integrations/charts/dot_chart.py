"""`notes.chart`: the text format of Clone Hero."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trackflow_web.integrations.charts.decoding import decoded
from trackflow_web.integrations.charts.model import (
    LONGEST_TEXT,
    MOST_EVENTS,
    Chart,
    Difficulty,
    Instrument,
    Playable,
    Unreadable,
)
from trackflow_web.integrations.charts.song_ini import SongIni

DEFAULT_RESOLUTION = 192
LARGEST_RESOLUTION = 100_000
TRACKS = {
    "Single": Instrument.GUITAR,
    "DoubleBass": Instrument.BASS,
    "Drums": Instrument.DRUMS,
    "Keyboard": Instrument.KEYS,
}
DIFFICULTIES = {each.capitalize(): each for each in Difficulty}
_SECTION = re.compile(r"\[([^\]\r\n]{1,100})\]")
_EVENT = re.compile(r"\s*(-?[0-9]{1,12})\s*=\s*([A-Z]{1,2})\s+(.*)", re.ASCII)
_NOTE = re.compile(r"([0-9]{1,4})\s+([0-9]{1,12})", re.ASCII)
_RESOLUTION = re.compile(r"[0-9]{1,6}", re.ASCII)
# Frets and pads; 5 and 6 of guitars are markers, 7 an open note, 32 the second kick of drums.
FRETTED, DRUMMED = frozenset({0, 1, 2, 3, 4, 7}), frozenset({0, 1, 2, 3, 4, 5, 32})
OVERDRIVE, FILL = "2", "64"
# Sections that are named in the report because they are there more than once.
MOST_REPEATED = 10
TOO_MANY_EVENTS = "This chart has too many events."
NOT_A_CHART = "This isn't a .chart file: it has no sections."
MICRO_BEATS = 60_000  # a tempo is in thousandths of a beat per minute


@dataclass
class _Reading:
    """What has been read; ticks are converted at the end, because tempos come in any order."""

    chart: Chart = field(default_factory=lambda: Chart(is_midi=False))
    metadata: dict[str, str] = field(default_factory=dict)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    first: int | None = None
    last: int = 0
    end: int | None = None
    sections: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)
    unordered: bool = False


def read(content: bytes) -> tuple[Chart, SongIni]:
    """Read `notes.chart`: the chart and the metadata of `[Song]`. Raises Unreadable."""
    reading = _Reading()
    section, tick, events = "", 0, 0
    for line in decoded(content).splitlines():
        stripped = line.strip()
        header = _SECTION.fullmatch(stripped)
        if header is not None:
            section, tick = header[1].strip(), 0
            _begin(reading, section)
            continue
        if section == "Song":
            _add_metadata(reading, stripped)
            continue
        event = _EVENT.match(stripped)
        if event is None:
            continue
        events += 1
        if events > MOST_EVENTS:
            raise Unreadable(TOO_MANY_EVENTS)
        at = int(event[1])
        if at < 0:
            continue
        reading.unordered |= at < tick
        tick = at
        _add(reading, section, at, event[2], event[3])
    if not reading.sections:
        raise Unreadable(NOT_A_CHART)
    return _finished(reading), SongIni(reading.metadata)


def _begin(reading: _Reading, section: str) -> None:
    if section in reading.sections and section != "Song" and len(reading.repeated) < MOST_REPEATED:
        reading.repeated.add(section)
    reading.sections.add(section)


def _add_metadata(reading: _Reading, line: str) -> None:
    key, is_pair, value = line.partition("=")
    if is_pair and len(reading.metadata) < 100:  # noqa: PLR2004 -- the format knows about twenty
        text = value.strip()
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
        reading.metadata[key.strip().lower()] = text[:LONGEST_TEXT]


def _add(reading: _Reading, section: str, tick: int, kind: str, rest: str) -> None:
    if section == "SyncTrack":
        _add_tempo(reading, tick, kind, rest)
    elif section == "Events":
        _add_text(reading, tick, rest)
    else:
        _add_note(reading, section, tick, kind, rest)


def _add_tempo(reading: _Reading, tick: int, kind: str, rest: str) -> None:
    value = rest.split(maxsplit=1)[0] if rest.split() else ""
    if kind == "TS":
        reading.chart.time_signatures += 1
    elif kind == "B" and value.isascii() and value.isdigit() and int(value[:12]) > 0:
        reading.chart.tempos += 1
        reading.tempos.append((tick, int(value[:12])))


def _add_text(reading: _Reading, tick: int, rest: str) -> None:
    text = rest.strip().strip('"')[:LONGEST_TEXT]
    if text.startswith(("section", "prc_")):
        reading.chart.sections += 1
    elif text == "end":
        reading.end = tick


def _add_note(reading: _Reading, section: str, tick: int, kind: str, rest: str) -> None:
    difficulty = next(
        (each for name, each in DIFFICULTIES.items() if section.startswith(name)), None
    )
    if difficulty is None:
        return
    instrument = TRACKS.get(section[len(difficulty) :])
    numbers = _NOTE.match(rest)
    if instrument is None or numbers is None:
        return
    track = reading.chart.playable.setdefault(instrument, Playable())
    if kind == "S":
        if difficulty is Difficulty.EXPERT and numbers[1] == OVERDRIVE:
            track.overdrive += 1
        elif difficulty is Difficulty.EXPERT and numbers[1] == FILL:
            reading.chart.fills += 1
    elif kind == "N":
        lanes = DRUMMED if instrument is Instrument.DRUMS else FRETTED
        if int(numbers[1]) in lanes:
            track.notes[difficulty] = track.notes.get(difficulty, 0) + 1
            reading.first = tick if reading.first is None else min(reading.first, tick)
            reading.last = max(reading.last, tick + int(numbers[2]))


def _finished(reading: _Reading) -> Chart:
    chart = reading.chart
    resolution = reading.metadata.get("resolution", "")
    ticks = int(resolution) if _RESOLUTION.fullmatch(resolution) else 0
    if not 0 < ticks <= LARGEST_RESOLUTION:
        ticks = DEFAULT_RESOLUTION
        chart.problems.append(f"There is no resolution; {DEFAULT_RESOLUTION} was taken.")
    if reading.unordered:
        chart.problems.append("Some events are out of order.")
    for section in sorted(reading.repeated):
        chart.problems.append(f"[{section}] is there more than once.")
    reading.tempos.sort()
    chart.length = _seconds(reading, reading.last, ticks)
    if reading.first is not None:
        chart.first_note = _seconds(reading, reading.first, ticks)
    if reading.end is not None:
        chart.end = _seconds(reading, reading.end, ticks)
    return chart


def _seconds(reading: _Reading, tick: int, resolution: int) -> float:
    at, tempo, passed = 0, 120_000, 0.0
    for changed, new in reading.tempos:
        if changed >= tick:
            break
        passed += (changed - at) / tempo
        at, tempo = changed, new
    return (passed + (tick - at) / tempo) * MICRO_BEATS / resolution
