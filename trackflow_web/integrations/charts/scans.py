"""Scans of uploaded chart files: read in the request if they are few, else in a job."""

from __future__ import annotations

import itertools
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trackflow_web.domain.chart_scans import actions, queries
from trackflow_web.domain.chart_scans.actions import Kept
from trackflow_web.domain.chart_scans.rules import READ_AT_ONCE
from trackflow_web.integrations.charts import song_ini, uploads
from trackflow_web.integrations.charts.model import Unreadable
from trackflow_web.integrations.charts.report import report_on
from trackflow_web.integrations.charts.uploads import Found, Upload
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackflow_web.domain.chart_scans.models import ChartScan, ScannedSong
    from trackflow_web.domain.people.models import User

COMPRESSION = 1
# Bytes of packed notes, which are in memory until they are stored. Notes pack to a tenth.
MOST_PACKED = 48 * 1024 * 1024
CHOOSE = "Choose files, a folder or a zip of folders."


@dataclass(frozen=True)
class UploadRead:
    """What was found in an upload, before anything is stored."""

    name: str
    songs: Sequence[Kept]


def read_upload(files: Sequence[Upload]) -> UploadRead:
    """Find the songs of an upload; up to 20 are read at once. Uses no database.

    Raises Invalid naming `files`.
    """
    if not files:
        raise Invalid(files=CHOOSE)
    try:
        return UploadRead(_name_of(files), list(_kept(uploads.songs_of(files))))
    except Unreadable as problem:
        raise Invalid(files=str(problem)) from None


def begin(user: User, found: UploadRead) -> ChartScan:
    """Keep the songs of an upload. Raises Invalid naming `files`."""
    return actions.begin(user, found.name, found.songs)


def read(scan_id: int) -> ScannedSong | None:
    """Return the next unread song of a scan, detached; None if all are read."""
    song = queries.next_unread(scan_id)
    if song is not None:
        db.session.expunge(song)
    return song


def report_of(song: ScannedSong) -> dict[str, Any]:
    """Return the report on a stored song. Uses no database."""
    notes = None if song.notes is None else zlib.decompress(song.notes)
    return _report(_found(song.files, notes))


def _kept(found: Iterator[Found]) -> Iterator[Kept]:
    first = list(itertools.islice(found, READ_AT_ONCE + 1))
    if len(first) <= READ_AT_ONCE:
        for song in first:
            yield Kept(_files(song), report=_report(song))
        return
    left = MOST_PACKED
    for song in itertools.chain(first, found):
        notes = None if song.notes is None else zlib.compress(song.notes, COMPRESSION)
        left -= len(notes or b"")
        if left < 0:
            raise Unreadable(uploads.TOO_MUCH)
        yield Kept(_files(song), notes=notes)


def _name_of(files: Sequence[Upload]) -> str:
    """Return what the page calls an upload."""
    name = files[0].name.replace("\\", "/")
    first = name.split("/")[0] if "/" in name else name
    printable = "".join(char for char in first if char.isprintable()) or "Chart files"
    return printable if len(files) == 1 or "/" in name else "Chart files"


def _files(found: Found) -> dict[str, Any]:
    return {
        "folder": storable(found.folder),
        "names": [storable(name) for name in found.names],
        "values": {storable(key): storable(value) for key, value in found.ini.values.items()},
        "repeated": [storable(key) for key in found.ini.repeated],
        "has_ini": found.has_ini,
        "notes_name": storable(found.notes_name),
        "problems": found.problems,
    }


def _found(files: dict[str, Any], notes: bytes | None) -> Found:
    return Found(
        files["folder"],
        tuple(files["names"]),
        song_ini.SongIni(files["values"], tuple(files["repeated"])),
        has_ini=files["has_ini"],
        notes_name=files["notes_name"],
        notes=notes,
        problems=list(files["problems"]),
    )


def _report(found: Found) -> dict[str, Any]:
    report = report_on(found)
    return {
        "title": storable(report.title),
        "artist": storable(report.artist),
        "album": storable(report.album),
        "year": report.year,
        "charter": storable(report.charter),
        "folder": storable(found.folder),
        "notes_name": storable(report.notes_name),
        "parts": {
            str(part): {**asdict(finding), "charter": storable(report.charters.get(part, ""))}
            for part, finding in report.findings.items()
        },
        "other_credits": [[key, storable(name)] for key, name in report.other_credits],
        "issues": [[name, storable(meaning)] for name, meaning in report.issues],
        "problems": [storable(problem) for problem in report.problems],
    }
