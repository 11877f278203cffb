"""Cost of reading chart files: one chart of 60,000 events, and a library of 500 songs."""

from __future__ import annotations

import resource
import tempfile
import time
import zipfile
from typing import IO

from trackflow_web.integrations.charts import midi_chart
from trackflow_web.integrations.charts.report import report_on
from trackflow_web.integrations.charts.uploads import Upload, songs_of

EVENTS = 60_000
SONGS, SONGS_QUICK = 500, 5
# A song of a library: notes on and off for each of eight tracks.
EVENTS_OF_A_SONG = 12_000
TRACKS = (
    *("PART GUITAR", "PART BASS", "PART DRUMS", "PART KEYS"),
    *("PART VOCALS", "HARM1", "HARM2", "VENUE"),
)
GOALS = {
    "one chart of 60,000 events, ms": "<= 50",
    "library of 500 songs, seconds": "<= 30",
    "peak RSS, MB": "<= 150",
}


def measure(*, quick: bool) -> dict[str, object]:
    """Return the best time of one chart, the time of a library and the peak memory."""
    content = _midi(EVENTS)
    best = min(_seconds_of(content) for _ in range(2 if quick else 10))
    with tempfile.TemporaryFile() as library:  # as an upload of this size is kept
        _write_library(library, SONGS_QUICK if quick else SONGS)
        start = time.perf_counter()
        upload = Upload("library.zip", library, library.tell())
        songs = sum(bool(report_on(song).findings) for song in songs_of([upload]))
        seconds = time.perf_counter() - start
    return {
        "one chart of 60,000 events, ms": round(best * 1000, 1),
        "songs": songs,
        "library of 500 songs, seconds": round(seconds, 1),
        "peak RSS, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _seconds_of(content: bytes) -> float:
    start = time.perf_counter()
    midi_chart.read(content)
    return time.perf_counter() - start


def _midi(events: int) -> bytes:
    """Return a chart with that many notes on and off."""
    note = b"\x60\x90\x60\x64\x30\x80\x60\x00"
    body = note * (events // len(TRACKS) // 2)
    tracks = b""
    for name in TRACKS:
        content = b"\x00\xff\x03" + bytes([len(name)]) + name.encode() + body + b"\x00\xff\x2f\x00"
        tracks += b"MTrk" + len(content).to_bytes(4) + content
    return b"MThd\x00\x00\x00\x06\x00\x01" + len(TRACKS).to_bytes(2) + b"\x01\xe0" + tracks


def _write_library(target: IO[bytes], songs: int) -> None:
    notes = _midi(EVENTS_OF_A_SONG)
    with zipfile.ZipFile(target, "w") as archive:
        for at in range(songs):
            archive.writestr(f"{at}/song.ini", f"[song]\nname = Song {at}\nartist = Artist {at}\n")
            archive.writestr(f"{at}/notes.mid", notes)
            archive.writestr(f"{at}/guitar.ogg", b"")
    target.seek(0, 2)
