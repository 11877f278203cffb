"""Reading chart files: what is found, what cannot be told, and what is damaged."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest

from tests.support import charts
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.integrations.charts import (
    dot_chart,
    members,
    midi,
    midi_chart,
    song_ini,
    uploads,
)
from trackflow_web.integrations.charts.model import Instrument, Unreadable
from trackflow_web.integrations.charts.report import report_on
from trackflow_web.integrations.charts.uploads import Found, Upload, songs_of


def found_in(**files):
    """The songs of an upload: names with `__` for folders."""
    return list(songs_of([upload(name, content) for name, content in files.items()]))


def upload(name, content):
    data = content.encode() if isinstance(content, str) else content
    return Upload(name, io.BytesIO(data), len(data))


def songs_in(*uploads):
    return list(songs_of([upload(name, content) for name, content in uploads]))


def report(*uploads):
    (song,) = songs_in(*uploads)
    return report_on(song)


def verdicts(*uploads):
    return {part: str(found.verdict) for part, found in report(*uploads).findings.items()}


def of_midi(*tracks, ini=charts.INI):
    return report(("song.ini", ini), ("notes.mid", charts.midi(*tracks))).findings


# --- evidence ------------------------------------------------------------------------------------


def test_a_full_band_chart_is_evidence_for_every_part_that_files_can_prove():
    stems = [(f"{name}.ogg", b"") for name in ("song", "guitar", "drums_1", "vocals")]
    package = ("one_rb3con", b"")
    found = verdicts(
        *[(f"one/{name}", data) for name, data in [("song.ini", charts.INI), *stems]],
        ("one/notes.mid", charts.full_band()),
        package,
    )
    assert found == dict.fromkeys(Part, "for") | {Part.FAKE_ENDING: "unknown"}


def test_a_dot_chart_cannot_tell_what_it_cannot_hold():
    found = verdicts(("notes.chart", charts.chart()))
    assert found[Part.GUITAR] == found[Part.TEMPO_MAP] == found[Part.OVERDRIVE] == "for"
    assert found[Part.BASS] == found[Part.DRUMS] == "against"
    cannot = (Part.PRO_KEYS, Part.VOCALS, Part.HARMONIES, Part.ANIMATIONS)
    assert {found[part] for part in cannot} == {"unknown"}


def test_drums_with_animation_only_are_no_drums():
    found = of_midi(charts.track("PART DRUMS", charts.notes(30, times=50)))
    assert str(found[Part.DRUMS].verdict) == "against"
    assert str(found[Part.ANIMATIONS].verdict) == "for"


def test_a_second_voice_without_the_first_is_no_harmony():
    found = of_midi(charts.track("HARM2", charts.phrase((60, 62) * 10)))
    assert str(found[Part.HARMONIES].verdict) == "against"


def test_a_fill_in_the_big_rock_ending_is_no_drum_fill():
    found = of_midi(
        charts.track("EVENTS", charts.text("[coda]", 1000)),
        charts.track("PART DRUMS", charts.notes(96, times=100), charts.note(120, delta=90_000)),
    )
    assert str(found[Part.DRUM_FILLS].verdict) == "against"
    assert "big rock ending" in found[Part.DRUM_FILLS].seen


@pytest.mark.parametrize(("ini", "verdict"), [("multiplier_note = 103", "for"), ("", "against")])
def test_overdrive_is_on_the_note_that_song_ini_names(ini, verdict):
    track = charts.track("PART GUITAR", charts.notes(96, times=30), charts.note(103))
    found = of_midi(track, ini=f"{charts.INI}{ini}\n")
    assert str(found[Part.OVERDRIVE].verdict) == verdict


def test_a_track_that_song_ini_denies_is_proposed_as_not_needed():
    found = of_midi(
        charts.track("PART GUITAR", charts.notes(96, times=30)),
        ini=f"{charts.INI}diff_keys = -1\ndiff_guitar = -1\ndiff_bass = 0\n",
    )
    assert [str(part) for part, each in found.items() if each.not_needed] == ["keys"]


def test_unpitched_vocals_are_no_vocals():
    found = of_midi(charts.track("PART VOCALS ", charts.phrase((60,) * 15)))
    assert str(found[Part.VOCALS].verdict) == "against"
    assert "one pitch" in found[Part.VOCALS].seen


def test_the_release_check_speaks_like_scan_chart():
    found = report(
        ("song.ini", charts.INI),
        ("notes.mid", charts.midi(charts.track("PART BASS", charts.notes(84, times=30)))),
    )
    names = {name for name, _ in found.issues}
    assert {"noExpert", "noSections", "noAlbumArt", "missingValue", "isDefaultBPM"} <= names


def test_the_release_check_tells_charters_what_is_missing():
    drums = charts.track("PART DRUMS", charts.notes(84, 72, times=30))
    bass = charts.track("PART BASS", charts.notes(*charts.ALL_LANES, times=5), charts.note(116))
    keys = charts.track("PART KEYS", charts.notes(96, times=5))
    found = report(
        ("song.ini", f"{charts.INI}preview_start_time = -1\n"),
        ("notes.mid", charts.midi(drums, bass, keys)),
        ("song.ogg", ""),
    )
    assert [meaning for _, meaning in found.issues] == [
        "No genre in song.ini.",
        "No album art: album.png or album.jpg, 512 x 512.",
        "No preview: neither preview_start_time nor preview audio.",
        "No practice sections.",
        "No tempo map: one tempo for the whole song.",
        "Less than two seconds before the first note.",
        "No drums on Expert.",
        "No overdrive on drums.",
        "No keys on Hard, Medium, Easy.",
        "No overdrive on keys.",
    ]


@pytest.mark.parametrize("preview", ["preview.ogg", "preview_start_time = 0", "preview = 55000"])
def test_a_song_with_a_preview_misses_none(preview):
    ini = charts.INI if preview.endswith(".ogg") else f"{charts.INI}{preview}\n"
    found = report(("song.ini", ini), ("song.ogg", ""), (preview.partition(" ")[0], ""))
    assert not [meaning for _, meaning in found.issues if "preview" in meaning]


# --- MIDI ----------------------------------------------------------------------------------------


@pytest.mark.tools
def test_the_scanner_counts_the_notes_that_mido_counts():
    import mido  # noqa: PLC0415 -- needs requirements-dev.txt

    content = charts.full_band()
    ours = {track.name: track.notes.total() for track in midi.read(content).tracks}
    theirs = {}
    for track in mido.MidiFile(file=io.BytesIO(content), clip=True).tracks:
        held, n = set(), 0
        for message in track:
            if message.type == "note_on" and message.velocity:
                held.add(message.note)
            elif message.type in {"note_off", "note_on"} and message.note in held:
                held.discard(message.note)
                n += 1
        theirs[track.name.upper()] = n
    assert ours == theirs


def test_running_status_and_long_times_are_read():
    body = (
        charts.meta(3, "PART BASS")
        + b"\x81\x70\x90\x60\x64\x3c\x60\x00\x83\x80\x00\x60\x64\x3c\x60\x00"
    )
    content = charts.midi(b"MTrk" + len(body).to_bytes(4) + body)
    (track,) = midi.read(content).tracks
    assert track.notes == {96: 2}
    assert track.last_tick == 240 + 60 + 3 * 16384 + 60


def test_a_file_cut_off_in_an_event_counts_up_to_there():
    whole = charts.midi(charts.track("PART GUITAR", charts.notes(96, times=30)))
    chart = midi_chart.read(whole[:-9])
    assert 27 <= chart.playable[Instrument.GUITAR].expert < 30
    assert "cut off" in chart.problems[0]


def test_seconds_follow_the_tempos():
    file = midi.read(charts.midi(charts.track("t", charts.tempo(60), charts.tempo(120, 480))))
    assert file.seconds(960) == pytest.approx(1.5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MThd",
        charts.midi(kind=2),
        charts.midi(resolution=0),
        charts.midi(resolution=0xE250),
        charts.midi(),
        b"RIFF" + bytes(100),
    ],
)
def test_no_midi_file_is_unreadable(content):
    with pytest.raises(Unreadable):
        midi.read(content)


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_a_damaged_byte_never_breaks_the_reader(at):
    content = bytearray(charts.full_band())
    for value in (0x00, 0x7F, 0x80, 0xF0, 0xFF):
        content[14 + at] = value
        with contextlib.suppress(Unreadable):
            midi_chart.read(bytes(content))


# --- .chart and song.ini -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_a_chart_is_read_in_every_encoding(encoding):
    text = charts.chart().decode().replace("Johnny", "Jöhnny")
    chart, metadata = dot_chart.read(text.encode(encoding))
    assert chart.playable[Instrument.GUITAR].expert == 30
    assert metadata.text("artist") == "Jöhnny Cash"
    assert metadata.year == 2002


def test_a_chart_without_resolution_says_so():
    chart, _ = dot_chart.read(charts.chart().replace(b"Resolution", b"R"))
    assert "resolution" in chart.problems[0]


def test_lines_that_mean_nothing_are_left_out():
    content = (
        charts.chart() + b"\n[ExpertDrums]\n{\n -5 = N 0 0\n x\n 9 = N 99999999999 0\n 10 = N 0 0"
    )
    chart, _ = dot_chart.read(content)
    assert chart.playable[Instrument.DRUMS].expert == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[Song]\nname = One".encode("utf-16"), "One"),
        ("[Song]\nname = Oné".encode("utf-16-le"), "Oné"),
        ("\ufeff[song]\nNAME=Oné".encode(), "Oné"),
        ("[song]\nname = Oné".encode("cp1252"), "Oné"),
        (b"name = One\nname = Two", "Two"),
        (b"[other]\nname = No\n[SONG]\nname = Yes = [really]", "Yes = [really]"),
        (b"[song]\nname = <color=#00FF00>I <3 <b>you</b></color>", "I <3 you"),
        (b"[song]\nname = <<b>b>x", "x"),
        (b"[song]\nname = <<<b>b>b>a < b > c</i>", "a < b > c"),
        (b"", ""),
    ],
)
def test_song_ini_is_read_as_games_read_it(content, expected):
    assert song_ini.read(content).text("name") == expected


@pytest.mark.parametrize(
    ("text", "year"), [(", 2002", 2002), ("2002 (remaster)", 2002), ("?", None)]
)
def test_a_year_is_found_in_its_text(text, year):
    assert song_ini.SongIni({"year": text}).year == year


def test_charter_wins_over_its_old_name():
    ini = song_ini.SongIni({"frets": "Old", "charter": "New"})
    assert report_on(Found("", (), ini)).charter == "New"


# --- uploads -------------------------------------------------------------------------------------


def test_a_zip_of_folders_has_a_song_for_each():
    found = songs_in(("library.zip", charts.library(3)))
    assert [report_on(song).title for song in found] == ["Song 0", "Song 1", "Song 2"]


def test_a_folder_without_song_ini_is_named_by_its_name():
    content = charts.zipped({"Metallica - One (Alice)/Notes.MID": charts.full_band()})
    found = report(("a.zip", content))
    assert (found.artist, found.title, found.charter) == ("Metallica", "One", "Alice")


@pytest.mark.fault("A1")
@pytest.mark.parametrize(
    "name",
    [
        "Metallica - One (Alice)",
        "Metallica\n-\nOne\n(Alice)",
        "Metallica" + " " * 9 + "-" + " " * 9 + "One (Alice)",
    ],
)
def test_white_space_in_the_name_of_a_folder_is_a_space(name):
    """Otherwise a name of 300 characters with runs of it keeps the worker for half a second."""
    report = report_on(Found(name, ()))
    assert (report.artist, report.title, report.charter) == ("Metallica", "One", "Alice")
    assert report_on(Found("Metallica - One\nTwo", ())).title == "One Two"


def test_midi_is_read_before_chart():
    found = report(("notes.chart", charts.chart()), ("notes.mid", charts.full_band()))
    assert found.notes_name == "notes.mid"


def test_an_sng_is_a_package():
    content = charts.sng({"name": "One", "artist": "Metallica"}, {"notes.mid": charts.full_band()})
    found = report(("one.sng", content))
    assert (found.title, found.artist) == ("One", "Metallica")
    assert str(found.findings[Part.COMPILE].verdict) == "for"
    assert str(found.findings[Part.GUITAR].verdict) == "for"


def test_an_sng_inside_a_zip_is_a_song_unless_it_is_a_package_of_one():
    one, two = (
        charts.sng({"name": name, "artist": "A"}, {"song.opus": b"x" * 9999, "notes.mid": notes})
        for name, notes in (("One", charts.full_band()), ("Two", charts.midi()))
    )
    files = {"a/one.sng": one, "b/song.ini": "[Song]\nname=Three", "b/notes.mid": b"", "B.SNG": two}
    found = {song.folder: song for song in songs_in(("a.zip", charts.zipped(files)))}
    assert set(found) == {"b", "one"}
    assert found["one"].notes == charts.full_band()
    assert report_on(found["one"]).title == "One"


@pytest.mark.parametrize("at", [26, 34, 42, 90])
def test_a_damaged_sng_inside_a_zip_is_a_problem_of_that_song(at):
    content = bytearray(charts.sng({"name": "One"}, {"notes.mid": charts.full_band()}))
    content[at : at + 8] = b"\xff" * 8
    files = {"one.sng": bytes(content), "two.sng": charts.sng({"name": "Two"}, {}), "x.sng": b""}
    one, two, other = songs_in(("a.zip", charts.zipped(files)))
    assert one.problems
    assert not two.problems
    assert other.problems == ["This isn't a .sng file."]


def test_an_sng_inside_a_zip_has_the_limits_of_other_files(monkeypatch):
    packed = charts.sng({"name": "One"}, {"song.opus": bytes(5000), "notes.mid": b"MThd" * 10})
    zipped = charts.zipped({"one.sng": packed})
    monkeypatch.setattr(members, "MOST_SKIPPED", 4000)
    (song,) = songs_in(("a.zip", zipped))
    assert song.problems == [members.TOO_FAR]
    monkeypatch.setattr(members, "MOST_SKIPPED", 6000)
    monkeypatch.setattr(uploads, "MOST_OF_A_FILE", 30)
    (song,) = songs_in(("a.zip", zipped))
    assert song.problems == ["notes.mid is too large."]
    bomb = charts.sng({"name": "One"}, {"a": bytes(2_000_000)}, mask=bytes(16))
    (song,) = songs_in(("a.zip", charts.zipped({"one.sng": bomb})))
    assert song.problems == [members.A_BOMB]


@pytest.mark.parametrize("at", [26, 34, 42, 90])
def test_a_damaged_sng_is_a_problem_of_that_song(at):
    content = bytearray(charts.sng({"name": "One"}, {"notes.mid": charts.full_band()}))
    content[at : at + 8] = b"\xff" * 8
    (song,) = songs_in(("one.sng", bytes(content)))
    assert song.problems


def test_names_that_lead_elsewhere_are_left_out():
    names = (
        "../notes.mid",
        "/abs/notes.mid",
        "C:/x/notes.mid",
        "__MACOSX/a/notes.mid",
        "a/\x01/notes.mid",
    )
    content = charts.zipped({name: charts.full_band() for name in names})
    assert songs_in(("a.zip", content)) == []
    packed = charts.sng({"name": "One"}, {"..\\..\\notes.mid": charts.full_band()})
    (song,) = songs_in(("one.sng", packed))
    assert song.notes is None


def test_a_bomb_is_a_problem_of_that_song():
    content = charts.zipped({"a/notes.mid": bytes(20_000_000), "b/notes.mid": charts.full_band()})
    found = songs_in(("a.zip", content))
    assert "compressed" in found[0].problems[0]
    assert found[1].notes is not None


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"PK\x03\x04" + bytes(200), b"x" * 1000])
def test_a_broken_zip_is_refused(content):
    with pytest.raises(Unreadable):
        songs_in(("a.zip", content))


def test_a_zip_with_too_many_files_is_refused_before_they_are_counted():
    content = bytearray(charts.library(1))
    at = content.rfind(b"PK\x05\x06")
    content[at + 12 : at + 16] = (2**31).to_bytes(4, "little")
    with pytest.raises(Unreadable, match="too many"):
        songs_in(("a.zip", bytes(content)))


def test_a_zip_in_a_zip_is_only_a_name():
    content = charts.zipped({"a/inner.zip": charts.library(2), "a/song.ini": charts.INI})
    (song,) = songs_in(("a.zip", content))
    assert "inner.zip" in song.names


def test_an_encrypted_file_is_a_problem_of_that_song():
    content = bytearray(charts.zipped({"a/notes.mid": charts.full_band()}))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        assert len(archive.infolist()) == 1
    content[6] |= 1
    at = content.rfind(b"PK\x01\x02")
    content[at + 8] |= 1
    (song,) = songs_in(("a.zip", bytes(content)))
    assert "encrypted" in song.problems[0]
