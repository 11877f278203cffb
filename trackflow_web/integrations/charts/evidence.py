"""What the files of a song say about its 15 parts: for, against, or nothing that could be told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackflow_web.domain.authoring.rules import Part
from trackflow_web.integrations.charts.model import Chart, Difficulty, Instrument
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackflow_web.integrations.charts.uploads import Found

# Fewer notes are a sketch.
LEAST_NOTES = 20
LEAST_SUNG = 10
# A drum track so long without a fill lets nobody activate overdrive.
NOTES_FOR_FILLS, SECONDS_FOR_FILLS = 50, 60
ENDS_EARLY = 20  # seconds
AUDIO = (".opus", ".ogg", ".mp3", ".wav", ".flac")
STEM = re.compile(r"(?:guitar|bass|rhythm|drums(?:_[1-4])?|vocals(?:_[12])?|keys)")
PACKAGES = ("_rb3con", ".yargsong", ".sng", ".con", "_con", "_live", ".rba")
ABSENT = -1
# The claims of `song.ini` about what there is to play.
CLAIMS: dict[Part, tuple[str, ...]] = {
    Part.DRUMS: ("diff_drums", "diff_drums_real"),
    Part.BASS: ("diff_bass",),
    Part.GUITAR: ("diff_guitar",),
    Part.KEYS: ("diff_keys",),
    Part.PRO_KEYS: ("diff_keys_real",),
    Part.VOCALS: ("diff_vocals",),
    Part.HARMONIES: ("diff_vocals_harm",),
}
LABELS = {
    Instrument.PRO_KEYS: "pro keys",
    Instrument.HARM1: "HARM1",
    Instrument.HARM2: "HARM2",
    Instrument.HARM3: "HARM3",
}


class Verdict(StrEnum):
    """What the evidence for a finished part comes to."""

    FOR = "for"
    AGAINST = "against"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """The evidence about a part, and what was seen; `not_needed` if the song has no such part."""

    verdict: Verdict
    seen: str
    not_needed: bool = False


def evidence_of(found: Found, chart: Chart | None) -> dict[Part, Finding]:
    """Return the finding for each of the 15 parts; `chart` is None if no notes could be read."""
    return {part: _with_claim(part, found, FINDERS[part](found, chart)) for part in Part}


def _with_claim(part: Part, found: Found, finding: Finding) -> Finding:
    """Propose `not needed` where there is no track and `song.ini` says that there is none."""
    claims = [found.ini.number(key) for key in CLAIMS.get(part, ())]
    says_none = ABSENT in claims and all(claim in {ABSENT, None} for claim in claims)
    if says_none and finding.verdict is not Verdict.FOR:
        seen = f"{finding.seen} song.ini says there is none ({CLAIMS[part][0]} = -1)."
        return Finding(finding.verdict, seen, not_needed=True)
    return finding


def _for(seen: str) -> Finding:
    return Finding(Verdict.FOR, seen)


def _against(seen: str) -> Finding:
    return Finding(Verdict.AGAINST, seen)


def _unknown(seen: str) -> Finding:
    return Finding(Verdict.UNKNOWN, seen)


NO_NOTES = "No notes file could be read."


def _demucs(found: Found, chart: Chart | None) -> Finding:
    del chart
    audio = [name.rpartition(".")[0] for name in found.names if name.endswith(AUDIO)]
    stems = [name for name in audio if STEM.fullmatch(name)]
    if len(stems) > 1:
        return _for(f"Separate audio: {', '.join(stems[:8])}.")
    if audio:
        return _against(f"Only {', '.join(audio[:3])}: no separate instruments.")
    return _unknown("No audio files were sent. Only their names are looked at.")


def _midi(found: Found, chart: Chart | None) -> Finding:
    if chart is None:
        return _against(NO_NOTES) if found.notes_name else _unknown("No notes file was found.")
    tracks = chart.charted()
    if not tracks:
        return _against(f"{found.notes_name} has no notes for an instrument.")
    return _for(f"{found.notes_name} has {count_of(len(tracks), 'charted track')}.")


def _tempo_map(found: Found, chart: Chart | None) -> Finding:
    del found
    if chart is None:
        return _unknown(NO_NOTES)
    if chart.tempos > 1 or chart.time_signatures > 1 or chart.beats:
        changes = count_of(chart.tempos, "tempo")
        meters = count_of(chart.time_signatures, "time signature")
        beat = " and a BEAT track" if chart.beats else ""
        return _for(f"{changes}, {meters}{beat}.")
    return _against("One tempo and one time signature for the whole song.")


def _fake_ending(found: Found, chart: Chart | None) -> Finding:
    del found
    if chart is not None and chart.events_after_music_end:
        return _unknown("Notes go on after [music_end].")
    if chart is not None and chart.end is not None and chart.length - chart.end > ENDS_EARLY:
        return _unknown("[end] is long before the last event.")
    return _unknown("Files can't show this.")


def _lanes(instrument: Instrument) -> Callable[[Found, Chart | None], Finding]:
    def finding(found: Found, chart: Chart | None) -> Finding:
        del found
        if chart is None:
            return _unknown(NO_NOTES)
        if instrument is Instrument.PRO_KEYS and not chart.is_midi:
            return _unknown("A .chart file can't hold pro keys.")
        track = chart.playable.get(instrument)
        notes = track.expert if track else 0
        if track is None or not any(track.notes.values()):
            return _against("There is no track with notes.")
        if notes < LEAST_NOTES:
            return _against(f"Only {count_of(notes, 'note')} on Expert.")
        missing = [each for each in Difficulty if not track.notes.get(each)]
        lower = f" No {', '.join(missing)}." if missing else ""
        return _for(f"{count_of(notes, 'note')} on Expert.{lower}")

    return finding


def _vocals(found: Found, chart: Chart | None) -> Finding:
    del found
    if chart is None:
        return _unknown(NO_NOTES)
    if not chart.is_midi:
        return _unknown("A .chart file can't hold pitched vocals.")
    voice = chart.singing.get(Instrument.VOCALS)
    if voice is None or not voice.pitched:
        return _against("There are no notes to sing.")
    seen = f"{count_of(voice.pitched, 'note')} in {count_of(voice.phrases, 'phrase')}"
    if voice.pitched < LEAST_SUNG or not voice.lyrics:
        return _against(f"{seen}, {count_of(voice.lyrics, 'lyric')}.")
    if voice.pitches == 1:
        return _against(f"{seen}, all of one pitch.")
    return _for(f"{seen}, {count_of(voice.lyrics, 'lyric')}.")


def _harmonies(found: Found, chart: Chart | None) -> Finding:
    del found
    if chart is None:
        return _unknown(NO_NOTES)
    if not chart.is_midi:
        return _unknown("A .chart file can't hold harmonies.")
    voices = [
        voice
        for voice in (Instrument.HARM1, Instrument.HARM2, Instrument.HARM3)
        if voice in chart.singing and chart.singing[voice].pitched
    ]
    names = ", ".join(voice.upper() for voice in voices)
    if {Instrument.HARM1, Instrument.HARM2} <= set(voices):
        return _for(f"{names} have notes.")
    return _against(f"Only {names} has notes." if voices else "There are no harmony tracks.")


def _animations(found: Found, chart: Chart | None) -> Finding:
    del found
    if chart is None:
        return _unknown(NO_NOTES)
    if not chart.is_midi:
        return _unknown("A .chart file can't hold animations.")
    seen = (
        [f"hand and limb notes on {', '.join(sorted(set(chart.hand_tracks)))}"]
        if chart.hand_tracks
        else []
    )
    if chart.stage_texts and chart.stage_texts * 2 >= len(chart.charted()):
        seen.append(f"[play] and similar texts on {count_of(chart.stage_texts, 'track')}")
    if chart.venue_events:
        seen.append(f"{count_of(chart.venue_events, 'event')} on VENUE")
    if seen:
        return _for(f"{'; '.join(seen).capitalize()}.")
    return _against("No animation notes, texts or venue.")


def _drum_fills(found: Found, chart: Chart | None) -> Finding:
    del found
    if chart is None:
        return _unknown(NO_NOTES)
    drums = chart.playable.get(Instrument.DRUMS)
    if drums is None or not drums.expert:
        return _against("There are no drums.")
    if chart.fills:
        return _for(f"{count_of(chart.fills, 'drum fill')}.")
    final = " but the one in the big rock ending" if chart.final_fills else ""
    if drums.expert > NOTES_FOR_FILLS and chart.length > SECONDS_FOR_FILLS:
        return _against(f"No drum fills{final} (noDrumActivationLanes).")
    return _unknown(f"No drum fills{final}, and the drums are short.")


def _overdrive(found: Found, chart: Chart | None) -> Finding:
    del found
    if chart is None:
        return _unknown(NO_NOTES)
    # The second voices take theirs from the first.
    charted = [each for each in chart.charted() if each not in {Instrument.HARM2, Instrument.HARM3}]
    if not charted:
        return _against("Nothing is charted.")
    without = [
        LABELS.get(each, str(each))
        for each in charted
        if each not in chart.playable or not chart.playable[each].overdrive
    ]
    if not without:
        return _for(f"Phrases on all {count_of(len(charted), 'track')}.")
    return _against(f"No phrases on {', '.join(without)} (noStarPower).")


def _compile(found: Found, chart: Chart | None) -> Finding:
    del chart
    packages = [name for name in found.names if name.endswith(PACKAGES)]
    if packages:
        return _for(f"A package: {packages[0]}.")
    return _unknown("No package beside the folder.")


FINDERS: dict[Part, Callable[[Found, Chart | None], Finding]] = {
    Part.DEMUCS: _demucs,
    Part.MIDI: _midi,
    Part.TEMPO_MAP: _tempo_map,
    Part.FAKE_ENDING: _fake_ending,
    Part.DRUMS: _lanes(Instrument.DRUMS),
    Part.BASS: _lanes(Instrument.BASS),
    Part.GUITAR: _lanes(Instrument.GUITAR),
    Part.VOCALS: _vocals,
    Part.HARMONIES: _harmonies,
    Part.PRO_KEYS: _lanes(Instrument.PRO_KEYS),
    Part.KEYS: _lanes(Instrument.KEYS),
    Part.ANIMATIONS: _animations,
    Part.DRUM_FILLS: _drum_fills,
    Part.OVERDRIVE: _overdrive,
    Part.COMPILE: _compile,
}
