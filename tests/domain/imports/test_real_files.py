"""Files of services, spreadsheets and users, with cases for every kind of error."""

from __future__ import annotations

import contextlib
import time

import pytest

from trackflow_web.domain.imports import files
from trackflow_web.domain.imports.files import Choice, Exporter, Role, headers
from trackflow_web.domain.imports.rules import MOST_ROWS, Reason, Row
from trackflow_web.kernel.errors import Invalid


def read(text, encoding="utf-8", **options):
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return files.read(content, **options)


# --- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", headers.EXPORTIFY)
@pytest.mark.fault("1")
def test_exportify_is_recognised_in_each_of_its_languages(language):
    address, title, addresses, artist, album, date = headers.EXPORTIFY[language]
    names = (address, title, addresses, artist, "Album URI", album, date, "ISRC")
    header = ",".join(f'"{name}"' for name in names)
    found = read(f'{header}\n"spotify:local:x","One","","Two, Three","","Four","1999-05-01",""\n')
    assert found.exporter is Exporter.EXPORTIFY
    assert found.rows == [Row("One", "Two", "Four", 1999, Reason.LOCAL_FILE)]


def test_exportifys_full_german_header_is_not_confused_by_the_artist_of_the_album():
    found = read(
        "Track-URI,Track-Name,Künstler-URI(s),Künstlername(n),Album-URI,Album-Name,"
        "Album-Künstler-URI(s),Album-Künstlername(n),Veröffentlichungsdatum des Albums,"
        "Track-Nummer,Track-Dauer (ms),Hinzugefügt am,Künstler-Genres\n"
        "x,Fenster,y,Das Haus,x,Türen,y,Various Artists,1987,3,1,2024,z\n"
    )
    assert found.rows == [Row("Fenster", "Das Haus", "Türen", 1987)]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (
            "Shazam Library\nIndex,TagTime,Title,Artist,URL\n1,2026,Green Gate,The Fences,x\n",
            Row("Green Gate", "The Fences"),
        ),
        (
            "Video ID,Song Title,Album Title,Artist Name 1\nx,Green Gate,Gates,The Fences\n",
            Row("Green Gate", "The Fences", "Gates"),
        ),
        (
            "Name\tArtist\tComposer\tAlbum\tYear\nGreen Gate\tThe Fences\tX\tGates\t1983\n",
            Row("Green Gate", "The Fences", "Gates", 1983),
        ),
        (
            "Title,Band,Album,Year,Charter,Progress\nGreen Gate,The Fences,Gates,1983,me,done\n",
            Row("Green Gate", "The Fences", "Gates", 1983),
        ),
        (
            "My list,,\n\nMay 2024,,\n\nSong Name,Band/Artist\nGreen Gate,The Fences\n",
            Row("Green Gate", "The Fences"),
        ),
        (
            "Interpret;Titel;Jahr\nThe Fences;Green Gate;1983\n",
            Row("Green Gate", "The Fences", "", 1983),
        ),
        ("Track,Title,Artist\n7,Green Gate,The Fences\n", Row("Green Gate", "The Fences")),
        (
            "Sort Artist,Artist,Song\nFences,The Fences,Green Gate\n",
            Row("Green Gate", "The Fences"),
        ),
        ("SONG_TITLE|ARTIST_NAME\nGreen Gate|The Fences\n", Row("Green Gate", "The Fences")),
        (
            "Titre,Artiste,Année\nGreen Gate,The Fences,1983\n",
            Row("Green Gate", "The Fences", "", 1983),
        ),
        ("曲名,アーティスト\nGreen Gate,The Fences\n", Row("Green Gate", "The Fences")),
        ("Title of the song,Artist\nGreen Gate,The Fences\n", Row("Green Gate", "The Fences")),
        (
            "曲のタイトル,アルバムのタイトル,アーティスト名 1\nGreen Gate,Gates,The Fences\n",
            Row("Green Gate", "The Fences", "Gates"),
        ),
        (
            "ID video,Titolo brano,Titolo album,Nome artista 1\nx,Green Gate,Gates,The Fences\n",
            Row("Green Gate", "The Fences", "Gates"),
        ),
        (
            "listened_at,artist_name,track_name,release_name\n1,The Fences,Green Gate,Gates\n",
            Row("Green Gate", "The Fences", "Gates"),
        ),
        (
            "master_metadata_track_name,master_metadata_album_artist_name\nGreen Gate,The Fences\n",
            Row("Green Gate", "The Fences"),
        ),
        (
            "Song,Artist,Popularity,Album,Album Date\nGreen Gate,The Fences,5,Gates,1983-01-02\n",
            Row("Green Gate", "The Fences", "Gates", 1983),
        ),
    ],
)
@pytest.mark.fault("2")
def test_column_names_of_services_and_users_are_recognised(text, row):
    assert read(text).rows == [row]


@pytest.mark.parametrize(
    "header",
    [
        "Navn\tKunstner\tKomponist\tAlbum\tÅr",
        "Nimi\tEsittäjä\tSäveltäjä\tAlbumi\tVuosi",
        "Név\tElőadó\tZeneszerző\tAlbum\tÉv",
        "名称\t艺人\t作曲者\t专辑\t年份",
        "이름\t아티스트\t작곡가\t앨범\t연도",
        "Όνομα\tΚαλλιτέχνης\tΣυνθέτης\tΆλμπουμ\tΈτος",
        "Назва\tВиконавець\tКомпозитор\tАльбом\tРік",
        "שם\tאמן\tמלחין\tאלבום\tשנה",
    ],
)
@pytest.mark.fault("2")
def test_apple_music_is_recognised_in_other_languages(header):
    found = read(f"{header}\r\nGreen Gate\tThe Fences\t\tGates\t1983\r\n", "utf-16")
    assert found.rows == [Row("Green Gate", "The Fences", "Gates", 1983)]


@pytest.mark.parametrize(
    "text",
    [
        'Artist,"Song\nTitle","Year\nreleased"\nThe Fences,Green Gate,1983\n',
        '"title", "artist", "year"\n"Green Gate", "The Fences", 1983\n',
        '"title,artist,year"\n"""Green Gate"",The Fences,1983"\n',
    ],
)
@pytest.mark.fault("2")
def test_unusual_quotes_around_a_header_are_read(text):
    assert read(text).rows == [Row("Green Gate", "The Fences", "", 1983)]


def test_commas_in_quotes_behind_a_space_belong_to_the_name():
    found = read('title, artist\n"Green Gate", "Fences, Posts & Wire"\nGo, "Odd" Al\n')
    assert found.rows == [Row("Green Gate", "Fences, Posts & Wire"), Row("Go", '"Odd" Al')]


def test_a_quoted_line_above_the_header_is_no_record_of_its_own():
    found = read('"My list, 2024"\ntitle,artist\n"Green, Gate",The Fences\n"Wire, x"\n')
    assert found.rows == [Row("Green, Gate", "The Fences"), Row("Wire, x", reason=Reason.NO_ARTIST)]


def test_a_song_named_like_a_column_is_not_a_header():
    found = read("title,artist\nTitle,Artist\nLove Song,Band of Doors\n")
    assert found.rows == [Row("Title", "Artist"), Row("Love Song", "Band of Doors")]


def test_a_file_without_a_header_asks_for_its_columns():
    found = read("Love Song,Band of Doors\nGreen Gate,The Fences\nA,B\nC,D\nE,F\n")
    assert not found.columns.are_clear
    assert found.rows == []
    assert list(found.columns.names) == ["Love Song", "Band of Doors"]
    assert found.samples == [["Green Gate", "The Fences"], ["A", "B"], ["C", "D"]]
    with pytest.raises(Invalid, match="not clear which one is the title and artist"):
        files.require_clear(found)


def test_a_user_can_choose_columns_of_a_file_without_a_header():
    choice = Choice(roles={Role.TITLE: 1, Role.ARTIST: 0, Role.YEAR: 2}, first_is_song=True)
    found = read("The Fences,Green Gate,1983\nThe Posts,Wire,TBA\n", choice=choice)
    assert found.rows == [Row("Green Gate", "The Fences", "", 1983), Row("Wire", "The Posts")]


@pytest.mark.fault("2")
def test_a_remembered_choice_is_used_for_the_same_header():
    text = "What,Who\nGreen Gate,The Fences\n"
    key = read(text).columns.key
    known = {key: {Role.TITLE: 0, Role.ARTIST: 1}}
    found = read(text.replace("What,Who", "WHAT, who"), remembered=lambda c: known.get(c.key, {}))
    assert found.rows == [Row("Green Gate", "The Fences")]


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.fault("3")
def test_escaped_commas_belong_to_the_name():
    found = read(
        "Track URI,Track Name,Artist URI(s),Artist Name(s)\n"
        'spotify:track:1,One,spotify:artist:1,"East Gate\\, West Gate"\n'
        'spotify:track:2,Two,"spotify:artist:2, spotify:artist:3","Sun\\, Moon & Co, Anna"\n'
        "spotify:track:3,Three,spotify:artist:3,Anna\n"
    )
    assert [row.artist for row in found.rows] == ["East Gate, West Gate", "Sun, Moon & Co", "Anna"]


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ("Rock &amp; Roll", "Rock & Roll"),
        ('"=""1983"""', "1983"),
        ("'=1+1", "=1+1"),
        ("'Round Midnight", "'Round Midnight"),
        ("One\\, Two", None),
        ('"One\\, Two"', "One, Two"),
        ("\u00a0Wide\u3000 open ", "Wide open"),
    ],
)
def test_wrapping_added_by_exporters_is_removed(cell, title):
    row = read(f"title,artist\n{cell},Anna\n").rows[0]
    assert row.title == title if title else row.reason is Reason.EXTRA_CELLS


@pytest.mark.parametrize(
    ("value", "year"),
    [
        ("1999", 1999),
        ("1999.0", 1999),
        ("1999-05-03", 1999),
        ("03/05/1999", 1999),
        ('", 1994"', 1994),
        ("May 2001", 2001),
        ("0000 or 1987", 1987),
        ("1987/1988", 1987),
        ("TBA", None),
        ("0", None),
        ("88", None),
        ("19991", None),
        ("9999", None),
        ("١٩٩٩", None),
        ("", None),
    ],
)
@pytest.mark.fault("8")
def test_the_year_is_the_first_one_in_the_value_or_none(value, year):
    row = read(f"title,artist,year\nOne,Anna,{value}\n").rows[0]
    assert (row.year, row.reason) == (year, None)


def test_an_invalid_album_is_omitted():
    found = read(f"title,artist,album\nOne,Anna,{'x' * 300}\nTwo,Anna,bell\x07\n")
    assert found.rows == [Row("One", "Anna"), Row("Two", "Anna")]


# --- a bad row never blocks the others -----------------------------------------------------------

GOOD = [Row("Green Gate", "The Fences"), Row("Wire", "The Posts")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x" * 201 + ",Long", Reason.UNUSABLE),
        ("One,bell\x07", Reason.UNUSABLE),
        ("O\0ne,Nul", Reason.UNUSABLE),
        ("One\ufffe\udcff,Half".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), None),
        ("One,Two,Three", Reason.EXTRA_CELLS),
        ("One", Reason.NO_ARTIST),
        (",Anna", Reason.NO_TITLE),
        ('"One" more" time,Anna,x', Reason.NOT_CSV),
        ('One,"Anna', None),
        ("y" * 140_000 + ",Long", Reason.UNUSABLE),
        ('"' + "y" * 140_000 + '",Long', Reason.UNUSABLE),
        ("y" * 140_000 + ",Long,Longer", Reason.NOT_CSV),
        ('One,"An', None),
        ("\u200b,\u3164", Reason.NO_TITLE),
    ],
)
@pytest.mark.fault("C2")
def test_a_bad_row_is_skipped_with_its_reason_and_the_others_are_read(line, reason):
    found = read(f"title,artist\nGreen Gate,The Fences\n{line}\nWire,The Posts\n")
    assert [found.rows[0], found.rows[-1]] == GOOD
    assert len(found.rows) == 3
    assert found.rows[1].reason is reason


def test_quotes_inside_names_are_kept():
    found = read('title,artist\n"Heroes" again,Anna\nGo,"Odd" Al\n"Wire","The ""Posts"""\n')
    assert [(row.title, row.artist) for row in found.rows] == [
        ('"Heroes" again', "Anna"),
        ("Go", '"Odd" Al'),
        ("Wire", 'The "Posts"'),
    ]


def test_an_unclosed_quote_affects_no_other_row():
    songs = "".join(f"Song {number},Anna\n" for number in range(50))
    found = read(f'title,artist\n"Open,Anna\n{songs}Last,"Bert\n')
    assert [row.title for row in found.rows[1:51]] == [f"Song {number}" for number in range(50)]


def test_a_name_over_two_lines_is_one_name():
    assert read('title,artist\n"Green\r\nGate",The Fences\r\n').rows == GOOD[:1]


def test_unnamed_columns_behind_the_header_are_allowed_where_most_rows_have_them():
    found = read("title,artist\nOne,Anna,note\nTwo,Anna,note\nThree,Anna\n")
    assert [row.reason for row in found.rows] == [None, None, None]


# --- encodings and line ends ---------------------------------------------------------------------

ACCENTS = "title;artist\nDéjà là;Jürgen Öl\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_unicode_is_recognised_with_and_without_a_mark(encoding):
    found = read(ACCENTS, encoding)
    assert found.rows == [Row("Déjà là", "Jürgen Öl")]
    assert not found.is_guess


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman"])
@pytest.mark.fault("18")
def test_a_legacy_encoding_is_marked_as_a_guess(encoding):
    found = read("title;artist\nDéjà près;Jürgen Öl\n", encoding)
    assert found.rows == [Row("Déjà près", "Jürgen Öl")]
    assert found.is_guess
    assert found.encoding == encoding


@pytest.mark.parametrize(
    "text", ["曲名,歌手\n青いドア,アンナ\n赤いドア,楽団\n", "title;artist\nСиняя дверь;Анна\n"]
)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.fault("18")
def test_utf_16_without_a_mark_is_recognised_in_other_scripts(text, encoding):
    assert read(text, encoding).rows == read(text).rows


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        ("曲名,アーティスト\n青いドア①,アンナ\nひらがなのうた,すずき\n", "cp932", "shift_jis"),
        ("Название;Исполнитель\nСиняя дверь;Анна\n", "cp1251", "cp1251"),
        ("title;artist\nÄÖÜ;Déjà Ørsted\n", "cp1252", "cp1252"),
    ],
)
@pytest.mark.fault("18")
def test_the_likeliest_encoding_is_guessed(text, codec, encoding):
    found = read(text, codec)
    assert (found.rows, found.encoding, found.is_guess) == (read(text).rows, encoding, True)


@pytest.mark.parametrize("broken", [b"B\xfcrg,Anna\n", b"Burg,Ann\xc3"])
@pytest.mark.fault("C2")
def test_a_broken_letter_affects_no_other_row(broken):
    found = read("title,artist\nDéjà là,Jürgen Öl\n".encode() + broken)
    assert found.rows[0] == Row("Déjà là", "Jürgen Öl")
    assert (len(found.rows), found.is_guess) == (2, True)


@pytest.mark.parametrize("count", [1, 40])
def test_nul_bytes_in_rows_do_not_make_a_file_utf_16(count):
    found = read("title,artist\n" + "O\0ne,Nuls\n" * count + "Wire,The Posts\n")
    assert found.rows[-1] == GOOD[1]


def test_a_user_can_override_the_guessed_encoding():
    content = "title,artist\nŁódź,Żółw\n".encode("cp1250")
    assert read(content).rows[0].artist != "Żółw"
    found = read(content, choice=Choice(encoding="cp1250"))
    assert (found.rows, found.is_guess) == ([Row("Łódź", "Żółw")], False)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.fault("6")
def test_every_line_ending_is_recognised(end):
    lines = ("title,artist,album,year", "One,Anna,Doors,1999", "Two,Anna,Doors,2000", "")
    assert read(end.join(lines)).rows == [
        Row("One", "Anna", "Doors", 1999),
        Row("Two", "Anna", "Doors", 2000),
    ]


# --- size and time -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ['"', '""', '"a,', 'a,"b"c', '"' * 201, ",", "x" * 700 + ',"', '"x' + "," * 1_300, "\0", "\\,"],
)
def test_many_malformed_lines_take_no_longer_than_plain_ones(line, sized):
    rows = sized(1_000, stress=MOST_ROWS)
    content = "title,artist\n" + f"{line}\n" * rows
    begun = time.process_time()
    with contextlib.suppress(Invalid):
        read(content)
    assert time.process_time() - begun < 5 * rows / MOST_ROWS


def test_a_header_of_millions_of_commas_is_rejected_quickly():
    begun = time.process_time()
    with pytest.raises(Invalid):
        files.require_clear(read("," * 16_000_000 + "x\na,b\n"))
    assert time.process_time() - begun < 5


@pytest.mark.fault("C2")
@pytest.mark.parametrize("rows", [1, 14])
def test_rows_of_millions_of_delimiters_are_skipped_quickly(rows):
    content = "title,artist\nOne,Anna\n" + ("," * (14_000_000 // rows) + "\n") * rows
    began = time.process_time()
    file = read(content)
    assert time.process_time() - began < 0.5
    assert [row.reason for row in file.rows] == [None] + [Reason.NOT_CSV] * rows
