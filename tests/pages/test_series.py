"""The pages of album series."""

from __future__ import annotations

import itertools

import pytest

from tests.support.producer import Producer
from trackflow_web.domain.series import queries

ALBUM = {"artist": "Metallica", "album": "Black Album", "year": "1991", "tracks": "One\r\nTwo\r\n"}


@pytest.fixture
def maker(app, alice):
    return Producer(app, alice)


def test_alice_creates_an_album_series_and_links_its_tracks(as_alice, maker):
    maker.add("One", status="released")
    address = as_alice.post("/series/", **ALBUM).location
    page = as_alice.get(address)
    assert [title.get_text() for title in page.all(".track__title")] == ["One", "Two"]
    assert "Link 1 song you have" in page.one("#series-link").text
    assert as_alice.post(f"{address}/link").status == 303
    assert "1/2 tracks" in as_alice.follow().text
    as_alice.post(f"{address}/tracks/2", irrelevant="1")
    page = as_alice.follow()
    assert "Every track is released." in page.text
    assert "1/1 track" in as_alice.get("/series/").text


def test_a_track_can_be_made_relevant_again(subtests, as_alice, maker):
    album = maker.album("One", "Two")
    for value in ("0", "", "False"):
        with subtests.test(value=value):
            as_alice.post(f"/series/{album}/tracks/2", irrelevant="1")
            as_alice.post(f"/series/{album}/tracks/2", irrelevant=value)
            track = as_alice.api("GET", f"/api/series/{album}").json["tracks"][1]
            assert track["irrelevant"] is False


def test_the_fragment_that_completes_an_album_has_a_message(as_alice, maker):
    album, song = maker.album("One"), maker.add("Other", status="released")
    page = as_alice.post(f"/series/{album}/tracks/1", htmx="series-tracks", song_id=song)
    assert (page.status, page.one("#series-link-anyway").text) == (422, "Link anyway")
    said = {"song_id": song, "anyway": "1"}
    page = as_alice.post(f"/series/{album}/tracks/1", htmx="series-tracks", **said)
    assert "Every track is released." in page.text
    # The head of the page takes its colour from it.
    assert page.one("#series-tracks.overview--released")
    page = as_alice.post(f"/series/{album}/tracks/1", htmx="series-tracks")
    assert "Every track is released." not in page.text
    assert page.one("#series-tracks.overview--future")


def test_the_song_chooser_is_open_for_one_track(as_alice, maker):
    maker.add_many(40)
    fitting = maker.add("One (live)")
    album = maker.album("One", "Two")
    assert not as_alice.get(f"/series/{album}").all(".choices")
    page = as_alice.get(f"/series/{album}", track=1)
    assert page.one("#track-1 .choices__title").get_text() == "One (live)"
    assert page.one("#track-q")["value"] == "One"
    assert len(as_alice.get(f"/series/{album}", track=2, q="").all(".choices__song")) == 12
    found = as_alice.get(f"/series/{album}", htmx="track-choices", track=2, q="live")
    assert found.one(".choices__song button")["value"] == str(fitting)
    assert not as_alice.get(f"/series/{album}", track=3).all(".choices")


@pytest.mark.parametrize("query", [{"track": "x"}, {"track": "١"}, {"track": 1, "q": "\x00"}])
def test_an_invalid_chooser_argument_is_rejected(as_alice, maker, query):
    assert as_alice.get(f"/series/{maker.album('One')}", **query).status == 422


@pytest.mark.both_databases
def test_invalid_input_is_rejected_at_its_field(subtests, as_alice):
    for field, value in [
        ("tracks", ""),
        ("tracks", "\n".join(map(str, range(201)))),
        ("tracks", "One\nT\x00wo"),
        ("tracks", "x" * 100_000),
        ("artist", ""),
        ("album", "x" * 201),
    ]:
        with subtests.test(field=field, value=value):
            page = as_alice.post("/series/", **{**ALBUM, field: value})
            assert (page.status, list(page.errors())) == (422, [field])
            kept = next(name for name in ("artist", "album") if name != field)
            assert page.one(f'input[name="{kept}"]')["value"] == ALBUM[kept]


def test_a_duplicate_album_links_to_the_existing_series(as_alice, maker):
    first = maker.album("One")
    page = as_alice.post("/series/", **ALBUM)
    assert page.status == 422
    assert page.one(f'[role=alert] a[href="/series/{first}"]').get_text() == "Black Album"
    assert page.one("textarea").get_text().split() == ["One", "Two"]


@pytest.mark.both_databases
def test_another_users_song_is_rejected_at_the_tracks(subtests, as_alice, maker):
    album = maker.album("One")
    for htmx, song_id in itertools.product(
        [False, "series-tracks"], ["x", "١", "0", "9" * 30, "987654", "\x00"]
    ):
        with subtests.test(htmx=htmx, song_id=song_id):
            page = as_alice.post(f"/series/{album}/tracks/1", htmx=htmx, song_id=song_id)
            assert page.status == 422
            assert page.one("#song_id-error").get_text()


def test_making_a_track_irrelevant_and_back_keeps_its_song(as_alice, maker):
    song, album = maker.add("One"), maker.album("One")
    maker.link(album)
    for said in ("Skip", "Include"):
        form = as_alice.get(f"/series/{album}").one("#track-1-relevance").find_parent("form")
        assert said in form.get_text()
        fields = {field["name"]: field["value"] for field in form.select("input[name]")}
        as_alice.post(form["action"], **fields)
        assert maker.linked(album) == [song]


def test_deleting_a_series_keeps_the_songs(as_alice, maker):
    song, album = maker.add("One"), maker.album("One")
    maker.link(album)
    as_alice.post(f"/series/{album}/delete")
    assert "still in your list" in as_alice.follow().text
    assert as_alice.get(f"/series/{album}").status == 404
    assert as_alice.get(f"/songs/{song}").status == 200


def test_series_return_404_to_other_users(as_charlie, maker, app, charlie):
    album, song = maker.album("Hidden"), maker.add("Hidden")
    own = Producer(app, charlie).album("Hidden")
    assert as_charlie.get(f"/series/{album}").status == 404
    for path in ("/delete", "/tracks/1", "/link"):
        assert as_charlie.post(f"/series/{album}{path}", song_id=song).status == 404, path
    assert as_charlie.post(f"/series/{own}/tracks/1", song_id=song).status == 422
    assert as_charlie.post(f"/series/{own}/tracks/2").status == 404
    page = as_charlie.get(f"/series/{own}", track=1)
    assert not page.all(".choices__song")
    assert not page.all("#series-link")


def test_the_series_list_has_pages(as_alice, maker):
    for number in range(queries.SERIES_A_PAGE + 1):
        maker.album("One", album=f"Album {number}")
    page = as_alice.get("/series/")
    assert page.all(".song__title")[0].get_text() == f"Album {queries.SERIES_A_PAGE}"
    assert as_alice.get(page.one("#pager-next")["href"]).one(".song__title").get_text() == "Album 0"


# --- missing songs -------------------------------------------------------------------------------


def test_missing_songs_are_added_to_future_plans_with_one_summary(as_alice, maker):
    own = maker.add("Two", status="wip")
    album = maker.album("One", "Two", "Three", "Three")
    as_alice.post(f"/series/{album}/tracks/3", irrelevant="1")
    page = as_alice.post(f"/series/{album}/plan", htmx="series-tracks")
    assert page.one("#series-summary").text == (
        "Added 2 songs to Future Plans and linked 1 you already had."
    )
    assert maker.linked(album)[1] == own
    assert maker.linked(album)[2] is None
    assert not page.all("#series-plan")
    assert [chip.get_text() for chip in page.all(".track .status")] == [
        "Future Plans",
        "WIP",
        "Future Plans",
    ]
    as_alice.post(f"/series/{album}/plan")
    assert "No tracks are missing." in as_alice.follow().text


def test_one_missing_song_is_added_from_its_track(as_alice, maker):
    album = maker.album("One", "Two")
    row = as_alice.get(f"/series/{album}").one("#track-2")
    form = row.select_one("#track-2-plan").find_parent("form")
    assert not row.select("h3 a")
    fields = {field["name"]: field["value"] for field in form.select("input[name]")}
    assert as_alice.post(form["action"], **fields).status == 303
    assert "Added 1 song to Future Plans." in as_alice.follow().text
    assert [bool(song) for song in maker.linked(album)] == [False, True]
    assert as_alice.post(f"/series/{album}/plan", track="7").status == 404
    assert as_alice.post(f"/series/{album}/plan", track="x").status == 422


# --- editing -------------------------------------------------------------------------------------


def test_an_album_is_renamed(as_alice, maker):
    album, other = maker.album("One"), maker.album("One", album="Load")
    assert as_alice.post(f"/series/{album}", album="Metallica", year="1992").status == 303
    page = as_alice.follow()
    assert page.one("h1").get_text() == "Metallica"
    assert "Metallica · 1992" in page.one(".song-head").text
    page = as_alice.post(f"/series/{album}", album="load")
    assert (page.status, page.one("[role=alert] a")["href"]) == (422, f"/series/{other}")
    page = as_alice.post(f"/series/{album}", album="")
    assert (page.status, list(page.errors())) == (422, ["album"])
    assert page.one(".song-head details")["open"] == ""


def test_the_track_list_is_edited_and_keeps_its_links(as_alice, maker):
    song = maker.add("Two")
    album = maker.album("One", "Two", "Three", "Four")
    maker.link(album)
    form = as_alice.get(f"/series/{album}", edit="1").one("#track-list")
    fields = {field["name"]: field.get("value", "") for field in form.select("input[type=text]")}
    fields |= {"seen": form.select_one("[name=seen]")["value"], "title-4": "Fourth"}
    moved = {**fields, "place-2": "1", "remove-3": "1", "new": "Five\nSix"}
    page = as_alice.post(form["action"], htmx="series-tracks", **moved)
    titles = [title.get_text() for title in page.all(".track__title")]
    assert titles == ["Two", "One", "Fourth", "Five", "Six"]
    assert maker.linked(album) == [song, None, None, None, None]

    page = as_alice.post(form["action"], **fields)
    assert page.status == 422
    assert "has changed in the meantime" in page.one("#tracks-error").text


def test_invalid_track_lists_are_rejected_at_their_fields(subtests, as_alice, maker):
    album = maker.album("One", "Two")
    for fields, field in [
        ({"title-1": ""}, "title-1"),
        ({"title-2": "x" * 201}, "title-2"),
        ({"place-1": "x"}, "place-1"),
        ({"place-1": "0"}, "place-1"),
        ({"new": "x" * 201}, "new"),
    ]:
        with subtests.test(fields=fields):
            page = as_alice.post(f"/series/{album}/tracks", **fields)
            assert (page.status, list(page.errors())) == (422, [field])
    page = as_alice.post(f"/series/{album}/tracks", **{"remove-1": "1", "remove-2": "1"})
    assert (page.status, page.one("#tracks-error").text) == (422, "Keep at least one track.")


def test_a_track_has_the_colour_of_its_songs_status(as_alice, maker):
    maker.add("One", status="future")
    maker.add("Two", status="wip")
    maker.add("Three", status="released")
    album = maker.album("One", "Two", "Three", "Four")
    maker.link(album)
    rows = as_alice.get(f"/series/{album}").all(".track")
    assert [row["class"][1].removeprefix("track--") for row in rows] == [
        "future",
        "wip",
        "released",
        "open",
    ]
