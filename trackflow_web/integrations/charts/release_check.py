"""The release check, in the words that scan-chart and Chorus Encore use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.integrations.charts.evidence import AUDIO, LABELS
from trackflow_web.integrations.charts.model import Chart, Difficulty, Instrument, Playable
from trackflow_web.kernel.text import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackflow_web.integrations.charts.uploads import Found

SHORT_SILENCE = 2.0  # seconds
ART = frozenset({"album.png", "album.jpg", "album.jpeg"})
WANTED = ("name", "artist", "album", "genre", "year", "charter")
PREVIEW_KEYS = ("preview_start_time", "preview")
SINGERS = frozenset({Instrument.HARM2, Instrument.HARM3})  # who sing to HARM1's overdrive


def issues(found: Found, chart: Chart | None) -> list[tuple[str, str]]:
    """Return the issues of a song: scan-chart's name for it, and what it means to a charter."""
    notes = _notes(chart) if chart else [("noChart", "No notes: there's no chart to play.")]
    return [*_files(found), *notes]


def _files(found: Found) -> Iterator[tuple[str, str]]:
    if not found.has_ini:
        yield "noMetadata", "No song.ini."
    missing = [key for key in WANTED if not found.ini.values.get(key)]
    if found.has_ini and "charter" in missing and found.ini.values.get("frets"):
        missing.remove("charter")
    if found.has_ini and missing:
        yield "missingValue", f"No {', '.join(missing)} in song.ini."
    if found.ini.repeated:
        yield "duplicateKey", f"{', '.join(found.ini.repeated[:5])} twice in song.ini."
    # Of a song sent without its other files, nothing can be told about them.
    if len(found.names) > 1:
        yield from _media(found)


def _media(found: Found) -> Iterator[tuple[str, str]]:
    audio = {name.rpartition(".")[0] for name in found.names if name.endswith(AUDIO)}
    if not ART & set(found.names):
        yield "noAlbumArt", "No album art: album.png or album.jpg, 512 x 512."
    if audio and not audio - {"preview", "crowd"}:
        yield "noAudio", "No audio besides the preview and the crowd."
    starts = [found.ini.number(key) for key in PREVIEW_KEYS]
    if found.has_ini and "preview" not in audio and all(at is None or at < 0 for at in starts):
        yield (
            "missingValue",
            "No preview: neither preview_start_time nor preview audio.",
        )


def _notes(chart: Chart) -> Iterator[tuple[str, str]]:
    if not chart.charted():
        yield "noNotes", "No notes on any instrument."
    if not chart.sections:
        yield "noSections", "No practice sections."
    if chart.tempos <= 1 and chart.time_signatures <= 1 and not chart.beats:
        yield "isDefaultBPM", "No tempo map: one tempo for the whole song."
    if chart.first_note is not None and chart.first_note < SHORT_SILENCE:
        yield "smallLeadingSilence", "Less than two seconds before the first note."
    for instrument, track in chart.playable.items():
        yield from _track(LABELS.get(instrument, str(instrument)), instrument, track)


def _track(name: str, instrument: Instrument, track: Playable) -> Iterator[tuple[str, str]]:
    if not any(track.notes.values()):
        return
    lower = [each for each in Difficulty if not track.notes.get(each)]
    if not track.expert:
        yield "noExpert", f"No {name} on Expert."
    elif lower:
        yield "difficultyNotReduced", f"No {name} on {', '.join(map(str.capitalize, lower))}."
    if not track.overdrive and instrument not in SINGERS:
        yield "noStarPower", f"No overdrive on {name}."
    if track.bad_lengths:
        yield "brokenNote", f"{count_of(track.bad_lengths, 'note')} without an end on {name}."
