"""Dirty and hostile chart files, each by its name: none raises, and each says what it is."""

from __future__ import annotations

import io
import struct
import time
import zipfile

import pytest

from tests.support import charts
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.chart_scans.models import ScannedSong
from trackflow_web.integrations.charts import scans, song_ini, uploads
from trackflow_web.integrations.charts.model import Unreadable
from trackflow_web.integrations.charts.report import report_on
from trackflow_web.integrations.charts.uploads import Upload, songs_of

GUITAR = charts.track("PART GUITAR", charts.notes(96, times=30))


def songs_in(*files):
    sent = [
        Upload(name, io.BytesIO(data), len(data))
        for name, content in files
        for data in [content.encode() if isinstance(content, str) else content]
    ]
    return [report_on(song) for song in songs_of(sent)]


def said(report):
    """What the report says about everything, in one text."""
    seen = " ".join(found.seen for found in report.findings.values())
    return " ".join([report.title, report.artist, report.charter, seen, *report.problems])


def midi(*tracks, ini=charts.INI, **options):
    return (("song.ini", ini), ("notes.mid", charts.midi(*tracks, **options)))


def zipped(*names, content=b"MThd", info=None):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for field, value in (info or {}).items():
                setattr(entry, field, value)
            archive.writestr(entry, content)
    return (("a.zip", target.getvalue()),)


SYMLINK = {"external_attr": 0o120777 << 16}
# The files, and what the report says: of one song, in some part.
DIRTY = {
    "UTF-16 with a mark of byte order": (
        [("song.ini", "[Song]\nname=Été\nartist=A\n".encode("utf-16"))],
        "Été",
    ),
    "no section": ([("song.ini", "name = One\nartist = A")], "One"),
    "a charter with a colour": (
        [("song.ini", "[song]\nname=One\ncharter=<color=#0F0>Neo</color>")],
        "Neo",
    ),
    "cp1252 with an accent": ([("song.ini", "[song]\nname=Café".encode("cp1252"))], "Café"),
    "UTF-16 of the other order, without a mark": (
        [("song.ini", "[Song]\nname=Été\nartist=A\n".encode("utf-16-be"))],
        "Été",
    ),
    "cp1251": ([("song.ini", "[song]\nname=Синяя дверь".encode("cp1251"))], "Синяя дверь"),
    "UTF-8 with one bad byte": (
        [("song.ini", "[song]\nname=Été déjà\ncharter=".encode() + b"\xfc")],
        "Été déjà",
    ),
    "a name again, empty": ([("song.ini", "[song]\nname=One\nartist=A\nname=\n")], "One"),
    "a folder with a dash and invisible characters": (
        zipped("A \u2013 \u200fT\u00a0(C)/notes.mid", content=charts.midi(GUITAR)),
        "30 notes",
    ),
    "a difficulty of nine": (midi(GUITAR, ini=f"{charts.INI}diff_guitar = 9\n"), "30 notes"),
    "upper case": ([("SONG.INI", charts.INI), ("Notes.MID", charts.midi(GUITAR))], "30 notes"),
    "type 0": (midi(GUITAR, kind=0), "30 notes"),
    "type 2": (midi(GUITAR, kind=2), "independent tracks"),
    "an empty MIDI file": ([("notes.mid", b"")], "isn't a MIDI file"),
    "cut off in an event": ([("notes.mid", charts.midi(GUITAR)[:-7])], "cut off"),
    "a blank behind a name": (midi(charts.track("PART GUITAR ", charts.notes(96, times=30))), "30"),
    "a .chart without resolution": (
        [("notes.chart", charts.chart().replace(b"Resolution = 192", b""))],
        "There is no resolution",
    ),
    "a length of 4 GB": (
        [("notes.mid", charts.midi(GUITAR).replace(b"MTrk\0\0", b"MTrk\xff\xff", 1))],
        "cut off",
    ),
    "an .sng of 2^63 bytes": (
        [("one.sng", b"SNGPKG" + struct.pack("<I", 1) + bytes(16) + b"\xff" * 16)],
        "damaged",
    ),
    "only the name of a folder": (
        [("a.zip", charts.zipped({"A - T (C)/notes.mid": charts.midi(GUITAR)}))],
        "T A C",
    ),
    "a name of another code page": (zipped("a/notes.mid", "a/\x83e\x83X"), "MIDI"),
    "a symlink": (zipped("a/notes.mid", content=b"/etc/passwd", info=SYMLINK), "isn't a MIDI file"),
    "twice the same name": (zipped("a/b/notes.mid", content=charts.midi(GUITAR)), "30 notes"),
}  # fmt: skip


@pytest.mark.parametrize("name", DIRTY)
def test_dirty_files_are_read_as_far_as_they_can_be(name):
    files, expected = DIRTY[name]
    (report,) = songs_in(*files)
    assert expected in said(report)


def test_invisible_characters_are_removed_from_what_is_stored():
    ini = "[song]\nname=\u200fBlue\u200b Door\u00a0\nartist=می\u200cخواهم\ncharter=Ne\u0301o\ufeff"
    notes = charts.midi(GUITAR)
    (song,) = songs_of(
        [Upload("song.ini", io.BytesIO(ini.encode()), 0), Upload("notes.mid", io.BytesIO(notes), 0)]
    )
    report = scans.report_of(ScannedSong(files=scans._files(song), notes=None))
    assert report["title"] == "Blue Door"
    assert report["artist"] == "می\u200cخواهم"
    assert report["charter"] == "Néo"


@pytest.mark.parametrize(
    "name",
    ["../notes.mid", "a/../../notes.mid", "/notes.mid", "C:\\x\\notes.mid", "\\\\host\\notes.mid"],
)
def test_a_name_that_leads_elsewhere_is_left_out(name):
    assert songs_in(*zipped(name)) == []


def test_two_songs_in_one_zip_and_the_extras_of_macs():
    files = charts.zipped(
        {
            "One/notes.mid": charts.midi(GUITAR),
            "Two/notes.mid": charts.midi(GUITAR),
            "__MACOSX/One/._notes.mid": b"x",
            "__MACOSX/notes.mid": b"x",
        }
    )
    assert len(songs_in(("a.zip", files))) == 2


def test_a_directory_behind_the_zip64_locator_is_not_read():
    """zipfile takes its size from there, although the normal end says something small."""
    content = charts.library(1)
    at = content.rfind(b"PK\x05\x06")
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 10**6, 10**6, 150 << 20, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1)
    with pytest.raises(Unreadable, match="too many"):
        songs_in(("a.zip", content[:at] + record + locator + content[at:]))


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_compression_that_takes_memory_at_will_is_refused(kind):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", kind) as archive:
        archive.writestr("a/notes.mid", charts.midi(GUITAR))
    (report,) = songs_in(("a.zip", target.getvalue()))
    assert "compressed in a way" in said(report)


def test_the_metadata_of_an_sng_has_the_limits_of_song_ini():
    metadata = {f"key{at}": "x" for at in range(600)} | {"name": "y" * 90_000}
    packed = charts.sng(dict(reversed(metadata.items())), {"notes.mid": charts.midi(GUITAR)})
    (song,) = songs_of([Upload("one.sng", io.BytesIO(packed), len(packed))])
    assert len(song.ini.values) == song_ini.MOST_KEYS
    assert len(song.ini.values["name"]) == song_ini.LONGEST_VALUE


def test_audio_is_never_read():
    def read():
        pytest.fail("audio was read")

    song = uploads._song("One", {"song.ogg": read, "notes.mid": lambda: b""}, [])
    assert "song.ogg" in song.names
    assert report_on(song).findings[Part.DEMUCS].verdict == "against"


def test_what_is_repeated_endlessly_is_read_in_linear_time_and_named_a_few_times():
    nested = "<" * 1_300 + "b>" * 1_300
    sections = "".join(f"[ExpertDoubleRhythm]\n[a{number % 5_000}]\n" for number in range(50_000))
    begun = time.thread_time()
    for _ in range(20):
        assert song_ini.plain(nested) == ""
    (found,) = songs_in(("notes.chart", f"[Song]\n{{\n}}\n{sections}"))
    # Both took many times as long when each repetition went through all that were before.
    assert time.thread_time() - begun < 3
    assert len(found.problems) < 20
