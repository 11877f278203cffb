"""The report on one song of an upload: what it is called, and the evidence for its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackflow_web.domain.releases.credits import KEYS
from trackflow_web.integrations.charts import dot_chart, midi_chart, release_check, song_ini
from trackflow_web.integrations.charts.evidence import Finding, evidence_of
from trackflow_web.integrations.charts.model import Chart, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.domain.authoring.rules import Part
    from trackflow_web.integrations.charts.uploads import Found

# `Artist - Title (Charter)`, also with a typographic dash. With single spaces: in runs of them it
# would search for minutes.
FOLDER = re.compile(r"(?P<artist>.+?) [-\u2010-\u2015] (?P<title>.+?)(?: \((?P<charter>[^()]+)\))?")
# The keys that name the note of overdrive, and the pitches there are.
OVERDRIVE_KEYS = ("multiplier_note", "star_power_note")
OVERDRIVE_PITCHES = frozenset({103, 116})
# The keys of song.ini that name charters and belong to none of the parts.
OTHER_CREDITS = (
    *("charter_elite_drums", "charter_lower_diff", "charter_pro_bass"),
    "charter_pro_guitar",
)


@dataclass(frozen=True)
class Report:
    """What was found; title and artist are empty where nothing names them.

    `charters` are those whom song.ini names for a part, `other_credits` its keys for other work. A
    name may be of several people: only they know where one ends.
    """

    title: str
    artist: str
    album: str
    year: int | None
    charter: str
    charters: Mapping[Part, str]
    other_credits: list[tuple[str, str]]
    notes_name: str
    findings: Mapping[Part, Finding]
    issues: list[tuple[str, str]]
    problems: list[str]


def report_on(found: Found) -> Report:
    """Read the notes of a song and report on it. Raises nothing for broken files."""
    chart, metadata, problems = _read(found)
    folder = FOLDER.fullmatch(" ".join(found.folder.split()))
    named = folder.groupdict() if folder else {}
    ini = found.ini

    def first(*keys: str, fallback: str = "") -> str:
        return ini.text(*keys) or metadata.text(*keys) or song_ini.plain(fallback)

    return Report(
        title=first("name", fallback=named.get("title") or ""),
        artist=first("artist", fallback=named.get("artist") or ""),
        album=first("album"),
        year=ini.year or metadata.year,
        charter=first("charter", "frets", fallback=named.get("charter") or ""),
        charters={part: ini.text(key) for part, key in KEYS.items() if ini.text(key)},
        other_credits=[(key, ini.text(key)) for key in OTHER_CREDITS if ini.text(key)],
        notes_name=found.notes_name,
        findings=evidence_of(found, chart),
        issues=release_check.issues(found, chart),
        problems=[*found.problems, *problems],
    )


def _read(found: Found) -> tuple[Chart | None, song_ini.SongIni, list[str]]:
    """Return the chart, if it can be read, the metadata in it, and what is wrong with it."""
    none = song_ini.SongIni()
    if found.notes is None:
        return None, none, []
    try:
        if found.notes_name.endswith(".chart"):
            chart, metadata = dot_chart.read(found.notes)
        else:
            named = [found.ini.number(key) for key in OVERDRIVE_KEYS]
            overdrive = next((pitch for pitch in named if pitch in OVERDRIVE_PITCHES), None)
            chart, metadata = midi_chart.read(found.notes, overdrive=overdrive), none
    except Unreadable as problem:
        return None, none, [f"{found.notes_name}: {problem}"]
    return chart, metadata, chart.problems
