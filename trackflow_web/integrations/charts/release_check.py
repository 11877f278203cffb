"""The release check, in the words that scan-chart and Chorus Encore use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.integrations.charts.model import Chart, Difficulty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackflow_web.integrations.charts.uploads import Found

SHORT_SILENCE = 2.0  # seconds
ART = ("album.png", "album.jpg", "album.jpeg")
WANTED = ("name", "artist", "album", "genre", "year", "charter")


def issues(found: Found, chart: Chart | None) -> list[tuple[str, str]]:
    """Return the issues of a song: scan-chart's name for it, and what it means."""
    return [*_files(found), *(_notes(chart) if chart else [("noChart", "There are no notes.")])]


def _files(found: Found) -> Iterator[tuple[str, str]]:
    if not found.has_ini:
        yield "noMetadata", "There is no song.ini."
    missing = [key for key in WANTED if not found.ini.values.get(key)]
    if found.has_ini and "charter" in missing and found.ini.values.get("frets"):
        missing.remove("charter")
    if found.has_ini and missing:
        yield "missingValue", f"song.ini has no {', '.join(missing)}."
    if found.ini.repeated:
        yield "duplicateKey", f"song.ini repeats {', '.join(found.ini.repeated[:5])}."
    if len(found.names) > 1 and not set(ART) & set(found.names):
        yield "noAlbumArt", "There is no album.png or album.jpg."


def _notes(chart: Chart) -> Iterator[tuple[str, str]]:
    if not chart.charted():
        yield "noNotes", "No instrument has notes."
    if not chart.sections:
        yield "noSections", "There are no practice sections."
    if chart.tempos <= 1 and chart.time_signatures <= 1 and not chart.beats:
        yield "isDefaultBPM", "The whole song has one tempo."
    if chart.first_note is not None and chart.first_note < SHORT_SILENCE:
        yield "smallLeadingSilence", "The first note comes less than two seconds after the start."
    for instrument, track in chart.playable.items():
        name = instrument.replace("_", " ")
        if any(track.notes.values()) and not track.expert:
            yield "noExpert", f"The {name} track has no Expert."
        elif track.expert and any(not track.notes.get(each) for each in Difficulty):
            yield "difficultyNotReduced", f"The {name} track lacks lower difficulties."
        if track.bad_lengths:
            yield "brokenNote", f"The {name} track has {track.bad_lengths:,} notes without an end."
