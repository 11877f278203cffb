"""The chart in a MIDI file: which track and pitch means what in Rock Band, Clone Hero and YARG."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from trackflow_web.integrations.charts import midi
from trackflow_web.integrations.charts.model import (
    Chart,
    Difficulty,
    Instrument,
    Playable,
    Singing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackflow_web.integrations.charts.midi import MidiFile, Track

FIVE_LANES = {
    "PART GUITAR": Instrument.GUITAR,
    "T1 GEMS": Instrument.GUITAR,
    "PART BASS": Instrument.BASS,
    "PART KEYS": Instrument.KEYS,
    "PART DRUMS": Instrument.DRUMS,
    "PART DRUM": Instrument.DRUMS,
    "PART DRUMS_2X": Instrument.DRUMS,
    "PART REAL_DRUMS_PS": Instrument.DRUMS,
}
PRO_KEYS = {
    "PART REAL_KEYS_X": Difficulty.EXPERT,
    "PART REAL_KEYS_H": Difficulty.HARD,
    "PART REAL_KEYS_M": Difficulty.MEDIUM,
    "PART REAL_KEYS_E": Difficulty.EASY,
}
SUNG = {
    "PART VOCALS": Instrument.VOCALS,
    "HARM1": Instrument.HARM1,
    "HARM2": Instrument.HARM2,
    "HARM3": Instrument.HARM3,
    "PART HARM1": Instrument.HARM1,
    "PART HARM2": Instrument.HARM2,
    "PART HARM3": Instrument.HARM3,
}
# The lowest pitch of five lanes.
LANES = {
    Difficulty.EXPERT: 96,
    Difficulty.HARD: 84,
    Difficulty.MEDIUM: 72,
    Difficulty.EASY: 60,
}
OVERDRIVE, OLD_OVERDRIVE = 116, 103
PHRASES = (105, 106)
SUNG_FROM, SUNG_TO = 36, 84
FILLS = (120, 121, 122, 123, 124)
BEATS = (12, 13)
PRO_KEYS_FROM, PRO_KEYS_TO = 48, 72
# Pitches that move hands and sticks.
HANDS = {Instrument.GUITAR: (40, 59), Instrument.BASS: (40, 59), Instrument.DRUMS: (24, 51)}
KEYS_HANDS = frozenset({"PART KEYS_ANIM_LH", "PART KEYS_ANIM_RH"})
STAGE_TEXTS = ("[play", "[mellow", "[intense", "[idle_realtime", "[map ")
SECTIONS = ("[section", "[prc_")
KNOWN = frozenset({*FIVE_LANES, *PRO_KEYS, *SUNG, *KEYS_HANDS, "EVENTS", "BEAT", "VENUE"})


def read(content: bytes, *, overdrive: int | None = None) -> Chart:
    """Read `notes.mid`; `overdrive` is the pitch that `song.ini` names. Raises Unreadable."""
    file = midi.read(content)
    chart = Chart(is_midi=True)
    chart.tempos, chart.time_signatures = len(file.tempos), file.time_signatures
    marks = {OVERDRIVE} if overdrive is None else {overdrive}
    coda = _first(file.tracks, "[coda")
    for track in file.tracks:
        _add(chart, track, marks, coda)
    _times(chart, file)
    _problems(chart, file)
    return chart


def _add(chart: Chart, track: Track, marks: set[int], coda: int | None) -> None:
    """Add what one track has. Several tracks of one name count together."""
    name = track.name
    if name in FIVE_LANES:
        _add_lanes(chart, FIVE_LANES[name], track, marks, coda)
    elif name in PRO_KEYS:
        found = chart.playable.setdefault(Instrument.PRO_KEYS, Playable())
        _count(found, PRO_KEYS[name], track.in_range(PRO_KEYS_FROM, PRO_KEYS_TO))
        if PRO_KEYS[name] is Difficulty.EXPERT:
            found.overdrive += sum(track.notes[pitch] for pitch in marks)
    elif name in SUNG:
        _add_singing(chart, SUNG[name], track, marks)
    elif name in KEYS_HANDS and track.notes:
        chart.hand_tracks += (name,)
    elif name == "BEAT":
        chart.beats += sum(track.notes[pitch] for pitch in BEATS)
    elif name == "VENUE":
        chart.venue_events += track.notes.total() + len(track.texts)
    elif name == "EVENTS":
        chart.sections += sum(text.startswith(SECTIONS) for _, text in track.texts)


def _add_lanes(
    chart: Chart, instrument: Instrument, track: Track, marks: set[int], coda: int | None
) -> None:
    found = chart.playable.setdefault(instrument, Playable())
    for difficulty, low in LANES.items():
        _count(found, difficulty, track.in_range(low, low + 4))
    found.overdrive += sum(track.notes[pitch] for pitch in marks)
    found.bad_lengths += track.open_notes
    if any(text.startswith(STAGE_TEXTS) for _, text in track.texts):
        chart.stage_texts += 1
    if instrument in HANDS and track.in_range(*HANDS[instrument]):
        chart.hand_tracks += (track.name,)
    if instrument is Instrument.DRUMS:
        fills = {start for start, _ in track.spans(*FILLS)}
        final = {start for start in fills if coda is not None and start >= coda}
        chart.fills += len(fills - final)
        chart.final_fills += len(final)


def _add_singing(chart: Chart, voice: Instrument, track: Track, marks: set[int]) -> None:
    phrases = track.spans(*PHRASES)
    began = [start for start, _ in phrases]
    pitched: set[int] = set()
    inside = 0
    for packed in track.starts:
        pitch = packed & midi.PITCH_MASK
        if not SUNG_FROM <= pitch <= SUNG_TO:
            continue
        at = bisect_right(began, packed >> midi.PITCH_BITS) - 1
        # The second voices take their phrases from the first.
        if (at >= 0 and packed >> midi.PITCH_BITS < phrases[at][1]) or not phrases:
            inside += 1
            pitched.add(pitch)
    found = chart.singing.setdefault(voice, Singing())
    found.pitched += inside
    found.pitches = max(found.pitches, len(pitched))
    found.phrases += len(phrases)
    words = [text for _, text in track.texts if text and not text.startswith("[")]
    found.lyrics += len(track.lyrics) + len(words)
    overdrive = sum(track.notes[pitch] for pitch in marks)
    if overdrive:
        chart.playable.setdefault(voice, Playable()).overdrive += overdrive
    if any(text.startswith(STAGE_TEXTS) for _, text in track.texts):
        chart.stage_texts += 1


def _count(found: Playable, difficulty: Difficulty, notes: int) -> None:
    if notes:
        found.notes[difficulty] = found.notes.get(difficulty, 0) + notes


def _first(tracks: Iterable[Track], start: str) -> int | None:
    """Return the first tick of a text of `EVENTS` that begins like this."""
    ticks = [
        tick
        for track in tracks
        if track.name == "EVENTS"
        for tick, text in track.texts
        if text.startswith(start)
    ]
    return min(ticks, default=None)


def _times(chart: Chart, file: MidiFile) -> None:
    played = [track for track in file.tracks if track.name in FIVE_LANES or track.name in SUNG]
    first = [min(track.starts) >> midi.PITCH_BITS for track in played if track.starts]
    last = [max(track.ends) for track in file.tracks if track.ends]
    if first:
        chart.first_note = file.seconds(min(first))
    if last:
        chart.length = file.seconds(max(last))
    end, music_end = _first(file.tracks, "[end"), _first(file.tracks, "[music_end")
    if end is not None:
        chart.end = file.seconds(end)
    if music_end is not None:
        chart.events_after_music_end = any(
            max(track.ends) > music_end for track in played if track.ends
        )


def _problems(chart: Chart, file: MidiFile) -> None:
    if file.is_cut_off:
        chart.problems.append("The MIDI file is cut off or damaged; it was read up to there.")
    names: Sequence[str] = [track.name for track in file.tracks if track.name in KNOWN]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        chart.problems.append(f"There are several tracks named {', '.join(twice)}.")
