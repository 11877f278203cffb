"""The pages of packs."""

from __future__ import annotations

import itertools

import pytest

from tests.support.charter import statements_of
from tests.support.producer import Producer
from trackflow_web.domain.packs import queries
from trackflow_web.pages.songs import context as songs

MOST_STATEMENTS = 10


@pytest.fixture
def maker(app, alice):
    return Producer(app, alice)


def test_alice_creates_a_pack_and_adds_songs(as_alice, maker):
    song = maker.add("One")
    answer = as_alice.post("/packs/", name="Encore")
    assert answer.status == 303
    address = answer.location
    assert "First Pack" not in as_alice.get("/packs/").one("h1").get_text()
    assert as_alice.post(f"{address}/songs", song_id=song).location == address
    page = as_alice.get(address)
    assert [title.get_text() for title in page.all(".song__title a")] == ["One"]
    assert as_alice.get(f"/songs/{song}").one(f'a[href="{address}"]').get_text() == "Encore"


def test_a_song_can_be_made_needed_again(subtests, as_alice, maker):
    pack = maker.pack("Encore", song := maker.add("One"))
    for value in ("0", "", "False"):
        with subtests.test(value=value):
            as_alice.post(f"/packs/{pack}/songs", song_id=song, optional="1")
            as_alice.post(f"/packs/{pack}/songs", song_id=song, optional=value)
            assert as_alice.api("GET", f"/api/songs/{song}").json["is_optional"] is False


def test_the_list_shows_the_progress_of_each_pack(as_alice, maker):
    maker.pack("Encore", maker.authored("One"), maker.add("Two"))
    maker.pack("Done", maker.authored("Three"))
    rows = as_alice.get("/packs/").all(".song")
    assert [row.progress["value"] + "/" + row.progress["max"] for row in rows] == ["15/15", "15/30"]
    assert "Complete" in rows[0].get_text()
    assert "Complete" not in rows[1].get_text()


def test_the_fragment_that_completes_a_pack_has_a_message(as_alice, maker):
    pack = maker.pack("Encore", maker.authored("One"), missing := maker.add("Two"))
    page = as_alice.post(f"/packs/{pack}/songs", htmx="pack-songs", song_id=missing, optional="1")
    assert "Complete" in page.one(".song-head").get_text()
    assert page.one(f"#song-{missing} .pill").get_text() == "optional"
    page = as_alice.post(f"/packs/{pack}/songs", htmx="pack-songs", song_id=missing)
    assert "Complete" not in page.one(".song-head").get_text()


def test_removing_a_song_returns_the_list_without_it(as_alice, maker):
    pack = maker.pack("Encore", song := maker.add("One"))
    page = as_alice.post(f"/packs/{pack}/songs/{song}/delete", htmx="pack-songs")
    assert not page.all(".song")
    assert page.one(f"#choice-{song}")
    assert as_alice.post(f"/packs/{pack}/songs/{song}/delete").status == 404


def test_the_song_chooser_offers_a_few_songs_and_a_search(as_alice, maker):
    maker.add_many(40)
    pack = maker.pack("Encore", inside := maker.add("Inside"))
    page = as_alice.get(f"/packs/{pack}")
    assert len(page.all(".choices__song")) == 12
    found = as_alice.get(f"/packs/{pack}", htmx="pack-choices", q="song 17")
    assert [title.get_text() for title in found.all(".choices__title")] == ["Song 17"]
    assert not as_alice.get(f"/packs/{pack}", q="inside").all(f"#choice-{inside}")
    assert "No other songs match" in as_alice.get(f"/packs/{pack}", q="100%").text
    assert as_alice.get(f"/packs/{pack}", q="\x00").status == 422


@pytest.mark.both_databases
def test_another_users_song_is_rejected_at_the_song_list(subtests, as_alice, maker):
    pack = maker.pack("Encore", maker.add())
    for htmx, song_id in itertools.product(
        [False, "pack-songs"], ["", "x", "١", "0", "9" * 30, "987654", "\x00"]
    ):
        with subtests.test(htmx=htmx, song_id=song_id):
            page = as_alice.post(f"/packs/{pack}/songs", htmx=htmx, song_id=song_id)
            assert page.status == 422
            assert page.one("#song_id-error").get_text()


@pytest.mark.both_databases
def test_an_invalid_name_is_rejected_at_its_field(subtests, as_alice, maker):
    pack = maker.pack("Encore")
    for name in ["", " ", "x" * 201, "x" * 100_000, "a\x00b"]:
        with subtests.test(name=name):
            for address in ("/packs/", f"/packs/{pack}"):
                page = as_alice.post(address, name=name)
                assert (page.status, list(page.errors())) == (422, ["name"])


def test_a_duplicate_name_links_to_the_existing_pack(as_alice, maker):
    first, other = maker.pack("Encore"), maker.pack("Other")
    for address in ("/packs/", f"/packs/{other}"):
        page = as_alice.post(address, name="encore")
        assert page.status == 422
        assert page.one(f'[role=alert] a[href="/packs/{first}"]').get_text() == "Encore"
        assert page.one('input[name="name"]')["value"] == "encore"


def test_deleting_a_renamed_pack_keeps_its_songs(as_alice, maker):
    pack = maker.pack("Encore", song := maker.add())
    as_alice.post(f"/packs/{pack}", name="<b>Afters</b>")
    assert as_alice.follow().one("h1").get_text() == "<b>Afters</b>"
    as_alice.post(f"/packs/{pack}/delete")
    assert "still in your list" in as_alice.follow().text
    assert as_alice.get(f"/packs/{pack}").status == 404
    assert as_alice.get(f"/songs/{song}").status == 200


def test_releasing_a_pack_shows_one_summary_toast(as_alice, maker, clock):
    as_alice.post("/packs/", name="Encore")
    pack = maker.pack(
        "Big", *(maker.add(f"{n}", f"Artist {n}", year=1900 + 10 * n) for n in range(10))
    )
    as_alice.get("/songs/")
    as_alice.post(f"/packs/{pack}/release")
    page = as_alice.follow()
    assert page.toasts() == ["summary"]
    assert "Released 10 songs in Big." in page.text
    assert not page.all(f'form[action="/packs/{pack}/release"]')
    assert not as_alice.get("/songs/").toasts()


def test_releasing_a_pack_twice_earns_nothing_more(as_alice, maker):
    pack = maker.pack("Encore", maker.add())
    for _ in range(2):
        as_alice.post(f"/packs/{pack}/release")
        page = as_alice.follow()
    assert "All songs in Encore are already released." in page.text
    assert not page.toasts()


def test_a_new_song_can_be_added_to_a_pack(as_alice, maker):
    pack = maker.pack("Encore")
    as_alice.post("/songs/", title="One", artist="Metallica", pack_id=pack)
    assert [song.get_text() for song in as_alice.get(f"/packs/{pack}").all(".song__title a")] == [
        "One"
    ]


@pytest.mark.both_databases
def test_another_users_pack_is_rejected_by_field_and_adds_nothing(subtests, as_alice, maker):
    song = maker.add("Two")
    for pack_id in ["x", "0", "987654", "9" * 30, "١"]:
        with subtests.test(pack_id=pack_id):
            page = as_alice.post("/songs/", title="One", artist="Metallica", pack_id=pack_id)
            assert (page.status, list(page.errors())) == (422, ["pack_id"])
            assert as_alice.post(f"/songs/{song}", title="New", pack_id=pack_id).status == 422
            assert as_alice.get("/songs/").one(".song__title").get_text() == "Two"


def test_packs_return_404_to_other_users(as_charlie, maker, app, charlie):
    pack = maker.pack("Secret", song := maker.add("Hidden"))
    own = Producer(app, charlie).pack("Own")
    assert as_charlie.get(f"/packs/{pack}").status == 404
    for path in ("", "/delete", "/songs", f"/songs/{song}/delete", "/release", "/collaborators"):
        page = as_charlie.post(f"/packs/{pack}{path}", name="x", song_id=song, username="charlie")
        assert page.status == 404, path
    assert as_charlie.post(f"/packs/{own}/songs", song_id=song).status == 422
    assert as_charlie.post("/songs/", title="A", artist="B", pack_id=pack).status == 422
    for path in ("/packs/", f"/packs/{own}", "/songs/"):
        page = as_charlie.get(path)
        assert "Secret" not in page.html
        assert "Hidden" not in page.html


def test_the_number_of_statements_does_not_depend_on_the_number_of_songs(as_alice, maker, app):
    pack, album = maker.pack("Encore", *maker.add_many(3)), maker.album("Song 1", "Song 2")
    maker.link(album)
    as_alice.post("/checklist/hide")  # only users with few songs see it
    lists = "/packs/", "/series/", "/songs/"
    objects = f"/packs/{pack}", f"/series/{album}?track=1&q=song"

    def look(path):
        as_alice.get(path)
        with statements_of(app) as seen:
            size = len(as_alice.get(path).html)
        return len(seen), size

    maker.add_many(30, start=4)  # more than a beginner has
    few = {path: look(path) for path in (*lists, *objects)}
    maker.add_many(490, start=34)
    for path, (statements, size) in few.items():
        asked, larger = look(path)
        assert asked == statements <= MOST_STATEMENTS, path
        assert larger < size + 10_000 or path in lists, path


def titles(page):
    return [title.get_text() for title in page.all(".song__title a")]


def test_the_pack_list_has_pages(as_alice, maker):
    for number in range(queries.PACKS_A_PAGE + 1):
        maker.pack(f"Pack {number}")
    page = as_alice.get("/packs/")
    assert titles(page)[0] == f"Pack {queries.PACKS_A_PAGE}"
    page = as_alice.get(page.one("#pager-next")["href"])
    assert titles(page) == ["Pack 0"]
    assert page.one("#pager-previous")["href"] == "/packs/?page=1"


def test_the_songs_of_a_pack_have_pages(as_alice, maker):
    pack = maker.pack(
        "Encore", *maker.add_many(queries.SONGS_A_PAGE, start=100), maker.add("The end")
    )
    page = as_alice.get(f"/packs/{pack}")
    assert len(titles(page)) == queries.SONGS_A_PAGE
    assert titles(as_alice.get(page.one("#pager-next")["href"], htmx="pack-songs")) == ["The end"]
    assert titles(as_alice.get(f"/packs/{pack}", page="9")) == ["The end"]


def test_a_song_form_offers_the_latest_packs_and_the_songs_own(as_alice, maker, monkeypatch):
    monkeypatch.setattr(songs, "MOST_PACKS", 1)
    song = maker.add("One")
    maker.pack("Old", song)
    maker.pack("New")

    def offered(path):
        return [each.get_text() for each in as_alice.get(path).all("#pack_id option")]

    assert offered(f"/songs/{song}/edit") == ["No pack", "New", "Old"]
    assert offered("/songs/") == ["No pack", "New"]
