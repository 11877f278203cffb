"""The preview of an import: what would become of its rows, before anything is made."""

from __future__ import annotations

import gc
import io

import pytest

from tests.support.songs import add_song
from trackflow_web.achievements.progress.queries import numbers_of

pytestmark = pytest.mark.both_databases

CSV = (
    "title,artist,album,year\n"
    "Green Gate,The Fences,Gates,1983\n"
    "Green Gate - 2011 Remaster,The Fences,Gates,2011\n"
    "Green Gate (Live),The Fences,,\n"
    "Wire,The Posts,,TBA\n"
    "WIRE,Posts,,\n"
    ",The Posts,,\n"
)
UNCLEAR = "What,Who,Plate\nGreen Gate,The Fences,Gates\nWire,The Posts,\nNail,The Boards,\nSaw,A,\n"


def send(browser, text=CSV, **fields):
    content = text.encode() if isinstance(text, str) else text
    return browser.post("/imports/", file=(io.BytesIO(content), "list.csv"), **fields)


def total_songs(app, person):
    with app.app_context():
        return numbers_of(person.id)["total_songs"]


def figures(page):
    return {each["data-preview"]: each.text for each in page.all("[data-preview]")}


@pytest.mark.fault("preview")
def test_a_preview_is_shown_before_songs_are_added(app, as_alice, alice):
    answer = send(as_alice)
    assert answer.status == 303
    page = as_alice.follow()
    assert page.one("#import")["data-state"] == "preview"
    assert figures(page) == {"new": "4", "skipped": "2", "similar": "2"}
    assert "1 skipped: no title" in page.text
    assert "1 skipped: listed twice" in page.text
    assert "Read as a sheet of your own" in page.text
    assert total_songs(app, alice) == 0


def test_one_button_starts_a_preview(app, as_alice, alice):
    address = send(as_alice, status="wip").location
    page = as_alice.get(address)
    assert page.one("#import-start").text == "Import 4 songs"
    assert as_alice.post(f"{address}/start").status == 303
    assert as_alice.follow().one("#import")["data-state"] == "done"
    assert total_songs(app, alice) == 4
    assert as_alice.post(f"{address}/start").status == 422


@pytest.mark.fault("18b")
def test_likely_duplicates_are_listed_and_can_be_skipped(app, alice, as_alice):
    add_song(app, alice, "Wire", artist="The Posts")
    text = (
        "title,artist\nWire (Acoustic),The Posts\nNail [feat. Bert],The Boards\nNail,The Boards\n"
    )
    address = send(as_alice, text).location
    page = as_alice.get(address)
    assert [each.text for each in page.all("[data-similar]")] == [
        "Wire (Acoustic) by The Posts, like Wire",
        "Nail by The Boards, like Nail [feat. Bert]",
    ]
    as_alice.post(f"{address}/start", without_similar="1")
    page = as_alice.follow()
    assert "2 skipped: likely duplicate" in page.text
    assert total_songs(app, alice) == 2


SAME_TITLES = (
    "title,artist,album\nInterval,Anna,Gates\nGreen Gate,Anna,Gates\nInterval,Anna,Gates\n"
    "Green Gate,Anna,Live at the Barn\nGreen Gate,Anna,Live in Town\n"
)


@pytest.mark.fault("16")
def test_a_song_from_another_album_is_added_on_request(app, alice, as_alice):
    address = send(as_alice, SAME_TITLES).location
    page = as_alice.get(address)
    assert figures(page) == {"new": "2", "skipped": "3", "similar": "0"}
    assert "2 skipped: already in your list from another album" in page.text
    assert "1 skipped: listed twice" in page.text
    as_alice.post(f"{address}/start", anyway="1")
    assert total_songs(app, alice) == 4
    again = send(as_alice, SAME_TITLES, name="Again").location
    assert figures(as_alice.get(again))["new"] == "0"


def test_a_song_from_another_album_is_skipped_otherwise(app, alice, as_alice):
    add_song(app, alice, "Green Gate", artist="Anna", album="Gates")
    address = send(as_alice, SAME_TITLES).location
    as_alice.post(f"{address}/start")
    assert total_songs(app, alice) == 2


@pytest.mark.fault("18")
def test_a_guessed_encoding_is_shown_and_can_be_changed(as_alice):
    address = send(as_alice, "title;artist\nŁódź;Żółw\n".encode("cp1250")).location
    page = as_alice.get(address)
    assert page.one("[data-encoding]")["data-encoding"] == "cp1252"
    assert "Żółw" not in page.text
    columns = {"column_title": "0", "column_artist": "1", "encoding": "cp1250"}
    assert as_alice.post(f"{address}/columns", **columns).status == 303
    page = as_alice.follow()
    assert "Żółw" in page.text
    assert not page.all("[data-encoding]")


@pytest.mark.fault("18")
def test_columns_are_found_in_the_chosen_encoding(as_alice):
    address = send(as_alice, "Tytuł;Wykonawca\nŁódź;Żółw\n".encode("cp1250")).location
    assert "not clear which columns" in as_alice.get(address).text
    fields = {"column_title": "", "column_artist": "1", "encoding": "cp1250"}
    assert as_alice.post(f"{address}/columns", **fields).status == 303
    page = as_alice.follow()
    assert figures(page)["new"] == "1"
    assert "Łódź" in page.text


@pytest.mark.fault("8")
def test_an_unusable_name_of_a_file_or_playlist_does_not_prevent_its_import(as_alice):
    header = "title,artist,playlist name"
    for file, name in [
        ((io.BytesIO(CSV.encode()), f"{'x' * 250}.csv"), "x" * 200),
        ((io.BytesIO(f"{header}\nA,B,{'y' * 250}\n".encode()), "list.csv"), "y" * 200),
        ((io.BytesIO(f"{header}\nA,B,\u200b\n".encode()), "my_list.csv"), "my list"),
    ]:
        assert as_alice.post("/imports/", file=file).status == 303
        assert as_alice.follow().one("h1").text == name


@pytest.mark.fault("2")
def test_unclear_columns_are_shown_with_three_rows_and_the_choice_is_remembered(
    app, as_alice, alice
):
    address = send(as_alice, UNCLEAR).location
    page = as_alice.get(address)
    assert "not clear which columns" in page.text
    assert [th.text for th in page.all(".table--samples th")] == ["What", "Who", "Plate"]
    assert len(page.all("[data-sample]")) == 3
    assert as_alice.post(f"{address}/start").status == 422
    chosen = {"column_title": "0", "column_artist": "1", "column_album": "2", "column_year": ""}
    as_alice.post(f"{address}/columns", **chosen)
    assert figures(as_alice.follow())["new"] == "4"
    as_alice.post(f"{address}/start")
    assert total_songs(app, alice) == 4
    again = send(as_alice, "WHAT,who,Plate\nHinge,The Boards,\n", name="Another")
    assert figures(as_alice.get(again.location))["new"] == "1"
    assert send(as_alice, "What,Who,Plate\nBolt,B,\n", name="Third", start="1").status == 303
    assert total_songs(app, alice) == 5


def test_a_list_without_a_header_can_be_imported(app, as_alice, alice):
    address = send(as_alice, "The Fences,Green Gate\nThe Posts,Wire\n").location
    chosen = {"column_title": "1", "column_artist": "0", "first_is_song": "1"}
    as_alice.post(f"{address}/columns", **chosen)
    as_alice.post(f"{address}/start")
    assert total_songs(app, alice) == 2


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, {"column_title", "column_artist"}),
        ({"column_title": "0"}, {"column_artist"}),
        ({"column_title": "0", "column_artist": "9"}, {"column_artist"}),
        ({"column_title": "0", "column_artist": "x"}, {"column_artist"}),
        ({"column_title": "0", "column_artist": "1", "encoding": "utf-7"}, {"encoding"}),
    ],
)
def test_an_invalid_choice_is_rejected_at_its_field(as_alice, fields, told):
    address = send(as_alice, UNCLEAR).location
    page = as_alice.post(f"{address}/columns", first_is_song="1", **fields)
    assert page.status == 422
    assert set(page.errors()) == told
    # What was chosen stays chosen.
    assert page.all("[name=first_is_song][checked]")
    for name in fields.keys() - told:
        assert page.one(f"[name={name}] option[selected]")["value"] == fields[name]


def test_unclear_columns_are_rejected_without_a_preview(as_alice):
    page = send(as_alice, UNCLEAR, start="1")
    assert page.status == 422
    assert "Row 1 must name the columns" in page.errors()["file"]
    assert "“Plate”" in page.errors()["file"]


def test_a_preview_can_be_discarded(app, as_alice, alice):
    address = send(as_alice).location
    as_alice.post(f"{address}/cancel")
    assert as_alice.follow().one("#import")["data-state"] == "cancelled"
    assert as_alice.post(f"{address}/start").status == 422
    assert total_songs(app, alice) == 0


def test_a_new_preview_replaces_the_oldest(as_alice, most):
    most(MAX_PREVIEWS=2)
    addresses = [send(as_alice, name=f"List {n}").location for n in range(3)]
    assert as_alice.get(addresses[0]).status == 404
    assert all(as_alice.get(address).status == 200 for address in addresses[1:])


def test_a_preview_expires(app, as_alice, clock):
    address = send(as_alice).location
    clock.move(hours=23)
    app.extensions["trackflow.jobs"].sweep()
    assert as_alice.get(address).status == 200
    clock.move(hours=2)
    app.extensions["trackflow.jobs"].sweep()
    assert as_alice.get(address).status == 404


@pytest.mark.parametrize("deed", ["start", "columns"])
def test_another_users_preview_returns_404(as_alice, as_charlie, deed):
    address = send(as_alice).location
    assert as_charlie.post(f"{address}/{deed}").status == 404


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.fault("10")
def test_rejecting_a_large_file_reports_both_limits(as_alice):
    page = send(as_alice, b"title,artist\n" + b"x" * (17 << 20))
    assert page.status == 413
    assert "16 MB and 10,000 rows" in page.errors()["file"]
    gc.collect()


# The test client leaves the file open that it spools a large upload to.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.fault("10")
def test_ten_thousand_full_rows_are_accepted(app, as_alice):
    row = ",".join(f'"{"x" * 20} {{0}}"' for _ in range(33))
    names = ",".join(f'"Column {number}"' for number in range(31))
    header = f'"Track Name","Artist Name(s)",{names}\n'
    text = header + "".join(f"{row.format(number)}\n" for number in range(10_000))
    assert len(text) > 7_000_000
    address = send(as_alice, text).location
    assert figures(as_alice.get(address))["new"] == "10,000"
    gc.collect()
