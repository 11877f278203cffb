"""Playlist files as the exporters write them."""

from __future__ import annotations

import pytest

from trackflow_web.domain.imports import files, rules
from trackflow_web.domain.imports.files import Exporter
from trackflow_web.domain.imports.rules import Reason, Row
from trackflow_web.kernel.errors import Invalid


def read(text, encoding="utf-8"):
    return files.read(text.encode(encoding))


def artists(text):
    return [row.artist for row in read(text).rows]


def refusal(content):
    with pytest.raises(Invalid) as caught:
        files.read(content.encode() if isinstance(content, str) else content)
    return caught.value.errors["file"]


# --- formats -------------------------------------------------------------------------------------


def test_current_exportify_files_are_read():
    found = read(
        '"Track URI","Track Name","Album Name","Artist Name(s)","Release Date","Duration (ms)"\n'
        '"spotify:track:1","One","Justice","Metallica;Guest","1988-08-25","446000"\n'
    )
    assert found.exporter is Exporter.EXPORTIFY
    assert found.rows == [Row("One", "Metallica", "Justice", 1988)]


def test_older_exportify_files_are_read():
    found = read(
        '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album Name",'
        '"Album Release Date"\n'
        '"spotify:track:1","Split","spotify:artist:a, spotify:artist:b",'
        '"Sufjan Stevens, Bon Iver","Both","2003"\n'
        '"spotify:track:2","Earfquake","spotify:artist:c",'
        '"Tyler, The Creator","Igor","2019-05-17"\n'
    )
    assert found.rows == [
        Row("Split", "Sufjan Stevens", "Both", 2003),
        Row("Earfquake", "Tyler, The Creator", "Igor", 2019),
    ]


def test_tunemymusic_files_are_read():
    found = read(
        "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\n"
        'Bad Habit,"Steve Lacy, Foushee",Gemini Rights,My Mix,Playlist,USSM12204340,x\n'
    )
    assert found.exporter is Exporter.TUNEMYMUSIC
    assert found.name == "My Mix"
    assert found.rows == [Row("Bad Habit", "Steve Lacy", "Gemini Rights")]


def test_soundiiz_files_are_read():
    found = read("\ufefftitle;artist;album;isrc\nBlinding Lights;The Weeknd;After Hours;USUG1\n")
    assert found.exporter is Exporter.SOUNDIIZ
    assert found.rows == [Row("Blinding Lights", "The Weeknd", "After Hours")]


def test_our_own_format_keeps_the_artist_as_written():
    found = read('title,artist,album,year\nSeptember,"Earth, Wind & Fire",,1978\n')
    assert found.exporter is Exporter.OURS
    assert found.rows == [Row("September", "Earth, Wind & Fire", "", 1978)]


def test_a_file_of_several_playlists_has_no_playlist_name():
    text = "Track name,Artist name,Playlist name\nA,B,One\nC,D,Two\n"
    assert read(text).name == ""


# --- the first artist ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("Metallica", "Metallica"),
        ("Metallica, Lou Reed", "Metallica"),
        ("Earth, Wind & Fire, Somebody", "Earth, Wind & Fire"),
        ("Crosby, Stills, Nash & Young", "Crosby, Stills, Nash & Young"),
        ("TYLER, THE CREATOR", "TYLER, THE CREATOR"),
    ],
)
def test_the_first_artist_of_a_list_is_used(cell, first):
    assert artists(f'Track name,Artist name,Album\nX,"{cell}",\n') == [first]


def test_where_semicolons_separate_commas_belong_to_names():
    text = 'Track Name,Artist Name(s)\nA,"Foo, Bar"\nB,One;Two\n'
    assert artists(text) == ["Foo, Bar", "One"]


def test_where_bare_commas_separate_commas_with_a_space_belong_to_names():
    text = 'Track Name,Artist Name(s)\nA,"Foo, Bar,Baz"\nB,"One,Two"\nC,"10,000 Maniacs"\n'
    assert artists(text) == ["Foo, Bar", "One", "10,000 Maniacs"]


# --- how it is written ---------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_common_delimiter_is_recognised(delimiter):
    text = "title,artist,year\r\nOne,Metallica,1988\r\n".replace(",", delimiter)
    assert read(text).rows == [Row("One", "Metallica", "", 1988)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_with_and_without_a_byte_order_mark_are_read(encoding):
    assert read("title,artist\nDéjà vu,Beyoncé\n", encoding).rows == [Row("Déjà vu", "Beyoncé")]


def test_excels_delimiter_hint_is_not_read_as_a_header():
    assert read("sep=;\ntitle;artist\nA;B\n").rows == [Row("A", "B")]


def test_line_breaks_inside_quotes_become_spaces():
    assert read('title,artist\n"A\nB","C\u2028D"\n').rows == [Row("A B", "C D")]


def test_empty_lines_are_ignored():
    assert read("title,artist\n\nA,B\n\n  ,\nC,D\n").rows == [Row("A", "B"), Row("C", "D")]


def test_formulas_stay_text():
    assert read('title,artist\n"=1+1",@b\n').rows == [Row("=1+1", "@b")]


@pytest.mark.parametrize(
    ("date", "year"),
    [("1988-08-25", 1988), ("1988-08", 1988), ("1988", 1988), ("0000", None), ("", None)],
)
def test_the_year_is_taken_from_the_start_of_a_date(date, year):
    found = read(f"Track Name,Artist Name(s),Release Date\nA,B,{date}\n")
    assert found.rows[0].year == year


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("spotify:local:x,A,B", Reason.LOCAL_FILE),
        ("spotify:episode:x,A,B", Reason.EPISODE),
        ("spotify:track:x,,B", Reason.NO_TITLE),
        ("spotify:track:x,A,", Reason.NO_ARTIST),
    ],
)
def test_skipped_rows_have_a_reason(line, reason):
    assert read(f"Track URI,Track Name,Artist Name(s)\n{line}\n").rows[0].reason is reason


# --- rejected files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"\x00" * 100, "is empty"),
        ("title,artist\n", "no song"),
        ("title,artist\n,\n\n", "no song"),
        (f"title,artist,{'x' * 140_000}\nA,B,c\n", "Row 1 is not CSV"),
        (f"My list\ntitle,artist,{'x' * 140_000}\nA,B,c\n", "Row 2 is not CSV"),
        (b"PK\x03\x04\x00\xff", "a spreadsheet or a zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel file"),
        (bytes(range(256)) * 20, "isn't a text file"),
    ],
)
@pytest.mark.fault("C2", "6")
def test_a_file_without_a_playlist_is_rejected(content, told):
    assert told in refusal(content)


def test_millions_of_empty_lines_are_rejected():
    assert "too many lines" in refusal("title,artist\nA,B\n" + "\r\n \r" * 1_000_000)


def test_at_most_ten_thousand_rows_are_accepted():
    line = "A,B\n"
    assert len(read("title,artist\n" + line * rules.MOST_ROWS).rows) == rules.MOST_ROWS
    assert "Row 10002" in refusal("title,artist\n" + line * (rules.MOST_ROWS + 1))


# --- URLs ----------------------------------------------------------------------------------------

ID = "3cEYpjA9oz9GiPac4AsH4n"


@pytest.mark.parametrize(
    "address",
    [
        ID,
        f" {ID} ",
        f"spotify:playlist:{ID}",
        f"spotify:user:somebody:playlist:{ID}",
        f"https://open.spotify.com/playlist/{ID}",
        f"https://open.spotify.com/playlist/{ID}?si=abc#x",
        f"open.spotify.com/intl-de/playlist/{ID}",
        f"https://open.spotify.com/user/somebody/playlist/{ID}",
    ],
)
def test_a_playlist_id_is_read_from_its_url(address):
    assert rules.spotify_id(address) == ID


@pytest.mark.parametrize(
    "address",
    [
        "",
        "short",
        f"https://open.spotify.com/album/{ID}",
        f"https://example.org/playlist/{ID}",
        f"https://open.spotify.com.example.org/playlist/{ID}",
        f"{ID}/../../me",
        f"{ID}x",
    ],
)
def test_urls_that_are_not_of_a_playlist_are_rejected(address):
    with pytest.raises(Invalid, match="playlist"):
        rules.spotify_id(address)


def test_files_of_equivalent_names_have_the_same_key():
    assert rules.key_of_file("Thé  Róad trip") == rules.key_of_file("the road TRIP")


@pytest.mark.parametrize(
    ("filename", "name"),
    [("my_list.csv", "my list"), (r"C:\x\Mix.CSV", "Mix"), ("noending", "noending"), (None, "")],
)
def test_a_playlist_is_named_after_its_file(filename, name):
    assert files.name_of_file(filename) == name
