"""Undoing on pages, and actions on selected songs."""

from __future__ import annotations

import pytest

from tests.support.charter import Charter
from tests.support.producer import Producer
from tests.support.songs import add_song, titles_of
from trackflow_web.domain.bulk.selection import MOST_SONGS

LIST = {"HX-Current-URL": "http://localhost/songs/?status=future&sort=title"}


@pytest.fixture
def songs(app, alice):
    return Charter(app, alice).add_many(3)


def shown(page):
    return [title.get_text() for title in page.all("#song-rows h3 a")]


def sent_by_htmx(browser, path, target, **fields):
    """A request from the list of future songs, sorted by title."""
    data = {**fields, "csrf_token": browser.token()}
    headers = LIST | {"HX-Target": target}
    return browser.request("POST", path, htmx=True, headers=headers, data=data)


def offer(page):
    """The address of the form that undoes."""
    return page.one("form.undo")["action"]


# --- undo -----------------------------------------------------------------------------------------


def test_deleting_a_row_returns_the_counts_and_an_offer_to_undo(songs, as_alice):
    as_alice.get("/songs/")
    page = sent_by_htmx(as_alice, f"/songs/{songs[0]}/delete", f"song-{songs[0]}")
    assert page.status == 200
    assert not page.all("li.song")
    assert page.one("#song-count-future").get_text() == "2"
    message = page.one(".toast--message")
    assert "Your counts drop by one; achievements stay." in message.get_text()
    assert "data-toast" not in message.attrs
    assert page.toasts() == []


def test_undoing_in_the_list_returns_the_list_with_its_filters(songs, as_alice):
    as_alice.get("/songs/")
    deleted = sent_by_htmx(as_alice, f"/songs/{songs[0]}/delete", f"song-{songs[0]}")
    page = sent_by_htmx(as_alice, offer(deleted), "")
    assert page.headers["HX-Retarget"] == "#song-list"
    assert page.headers["HX-Reswap"] == "outerHTML"
    assert shown(page) == ["Song 1", "Song 2", "Song 3"]
    assert page.one("#song-tabs [aria-current]")["id"] == "tab-future"
    again = sent_by_htmx(as_alice, offer(deleted), "")
    assert "This was already undone." in again.text


def test_undoing_elsewhere_leads_back_to_the_page(songs, as_alice):
    as_alice.post(f"/songs/{songs[0]}/delete", next="/songs/?status=future")
    assert as_alice.last.location == "/songs/?status=future"
    form = as_alice.follow().one("form.undo")
    fields = {"next": form.select_one("[name=next]")["value"]}
    page = as_alice.post(form["action"], **fields)
    assert (page.status, page.location) == (303, "/songs/?status=future")
    assert "Restored" in as_alice.follow().text


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/static/x"])
def test_an_undo_leads_to_no_other_site(songs, as_alice, address):
    as_alice.post(f"/songs/{songs[0]}/delete", next=address)
    assert as_alice.last.location == "/"


def test_an_undo_of_somebody_else_or_of_long_ago_returns_404(clock, songs, as_alice, as_charlie):
    as_alice.post(f"/songs/{songs[0]}/delete")
    address = offer(as_alice.follow())
    assert as_charlie.post(address).status == 404
    clock.move(minutes=11)
    assert as_alice.post(address).status == 404


def test_a_removed_collaborator_is_added_again(app, alice, songs, as_alice, as_bob, bob):
    Producer(app, alice).invite(songs[0], "bob")
    page = as_alice.post(f"/songs/{songs[0]}/collaborators/{bob.id}/delete", htmx="song-helpers")
    assert as_bob.get(f"/songs/{songs[0]}").status == 404
    as_alice.post(offer(page))
    assert as_bob.get(f"/songs/{songs[0]}").status == 200


# --- packs ----------------------------------------------------------------------------------------


@pytest.fixture
def pack(songs, as_alice):
    """The address of Alice's pack of Song 1 and Song 2."""
    address = as_alice.post("/packs/", name="Encore").location
    for song in songs[:2]:
        as_alice.post(f"{address}/songs", song_id=song)
    return address


def test_releasing_a_pack_first_lists_unfinished_songs(app, alice, songs, pack, as_alice):
    Charter(app, alice).mark(songs[0], "done")
    page = as_alice.get(f"{pack}/release")
    assert [item.get_text() for item in page.all(".release__songs a")] == ["Song 2"]
    assert "15 parts left" in page.text
    assert page.one("main form button").get_text().strip() == "Release 2 songs anyway"


def test_a_release_is_undone(songs, pack, as_alice):
    as_alice.post(f"{pack}/release")
    page = as_alice.follow()
    assert "Released 2 songs in" in page.text
    as_alice.post(offer(page))
    assert len(as_alice.get("/songs/", status="future").all("#song-rows > li")) == 3


def test_a_song_removed_from_a_pack_is_put_back(songs, pack, as_alice):
    page = as_alice.post(f"{pack}/songs/{songs[0]}/delete", htmx="pack-songs")
    as_alice.post(offer(page))
    assert len(as_alice.get(pack).all("#pack-songs .songs > li")) == 2


def test_a_deleted_pack_or_album_is_restored(app, alice, songs, pack, as_alice):
    album = f"/series/{Producer(app, alice).album('Song 1')}"
    for address, listing in ((pack, "/packs/"), (album, "/series/")):
        page = as_alice.post(f"{address}/delete")
        assert (page.status, page.location) == (303, listing)
        page = as_alice.follow()
        assert "Its songs are still in your list; achievements stay." in page.text
        assert as_alice.get(address).status == 404
        as_alice.post(offer(page))
        assert "Restored" in as_alice.follow().text
        assert as_alice.get(address).status == 200
    assert len(as_alice.get(pack).all("#pack-songs .songs > li")) == 2


# --- selected songs -------------------------------------------------------------------------------


def test_selected_songs_are_changed_by_a_plain_form(app, alice, songs, as_alice):
    form = as_alice.get("/songs/", sort="title").one("#bulk")
    boxes = as_alice.last.all('#song-rows [name="songs"]')
    assert [box["form"] for box in boxes] == ["bulk"] * 3
    assert form.select_one("[name=next]")["value"] == "/songs/?sort=title&page=1"
    page = as_alice.post(
        "/songs/bulk", songs=songs[:2], action="move", status="wip", next="/songs/"
    )
    assert (page.status, page.location) == (303, "/songs/")
    assert "Moved 2 songs to WIP." in as_alice.follow().text


def test_skipped_songs_are_said_with_their_reasons(songs, as_alice):
    as_alice.post(f"/songs/{songs[0]}/status", status="wip")
    as_alice.post("/songs/bulk", songs=[*songs, 987654], action="move", status="wip")
    text = as_alice.follow().text
    assert "Moved 2 songs to WIP. Skipped 2 songs: 1 already set, 1 not found." in text


def test_many_songs_are_deleted_and_restored_with_one_summary(app, alice, songs, as_alice):
    as_alice.get("/songs/")
    page = sent_by_htmx(as_alice, "/songs/bulk", "song-list", songs=songs, action="delete")
    assert "Deleted 3 songs." in page.text
    assert titles_of(app, alice) == []
    as_alice.post(offer(page))
    assert titles_of(app, alice) == ["Song 1", "Song 2", "Song 3"]


@pytest.mark.parametrize("htmx", [False, "song-list"])
def test_a_refused_action_says_why(songs, as_alice, htmx):
    for fields, message in (
        ({"action": "delete"}, "Select at least one song."),
        ({"action": "delete", "songs": ["1"] * (MOST_SONGS + 1)}, "at most 100 songs"),
        ({"action": "burn", "songs": songs}, "one of"),
    ):
        page = as_alice.post("/songs/bulk", htmx=htmx, **fields)
        assert page.status == 422
        assert message in page.alert()


# --- notes, dates, links, templates ---------------------------------------------------------------


def test_a_song_keeps_notes_due_date_and_links(app, alice, as_alice):
    song = add_song(app, alice)
    as_alice.post(
        f"/songs/{song}",
        notes="Solo is\nhard",
        due_on="2026-12-24",
        video_url="https://video.example/1",
        download_url="http://files.example/1.zip",
    )
    page = as_alice.get(f"/songs/{song}")
    assert page.one(".song-notes").get_text() == "Solo is\nhard"
    links = {link.get_text(): link["href"] for link in page.all(".song-links a")}
    assert links["Video"] == "https://video.example/1"
    assert "Due 24 December 2026" in as_alice.get("/songs/").one(f"#song-{song}").get_text()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notes", "x" * 2001),
        ("due_on", "tomorrow"),
        ("due_on", "2026-02-30"),
        ("due_on", "1999-12-31"),
        ("video_url", "javascript:alert(1)"),
        ("video_url", "https://user@evil.example/"),
        ("video_url", "https://"),
        ("download_url", "ftp://files.example/"),
        ("download_url", "https://files.example/" + "x" * 500),
    ],
)
def test_an_invalid_detail_is_rejected_at_its_field(app, alice, as_alice, field, value):
    song = add_song(app, alice)
    page = as_alice.post(f"/songs/{song}", **{field: value})
    assert page.status == 422
    assert list(page.errors()) == [field]


def test_a_template_marks_parts_as_not_needed_and_keeps_what_is_done(app, alice, as_alice):
    song = add_song(app, alice)
    as_alice.post(f"/songs/{song}/parts/keys", state="done")
    page = as_alice.post(f"/songs/{song}/parts", template="no_keys", htmx="song-parts")
    assert page.one("#song-parts [data-part=keys]")["data-state"] == "done"
    assert page.one("#song-parts [data-part=pro_keys]")["data-state"] == "skip"
    page = as_alice.post(f"/songs/{song}/parts", template="full_band", htmx="song-parts")
    assert page.one("#song-parts [data-part=pro_keys]")["data-state"] == "todo"
