"""Imports in the browser: a file in, its page, cancel, undo."""

from __future__ import annotations

import io

import pytest

from tests.support.browsing import Browser
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.domain.imports.rules import MOST_ROWS

# It identifies Spotify tracks, so it counts as a playlist of Spotify.
CSV = (
    "title,artist,album,year,Track URI\n"
    "One,Metallica,...And Justice for All,1988,spotify:track:1\n"
    "Hurt,Johnny Cash,,2002,spotify:track:2\n"
)
EXPORTIFY = (
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date\n"
    "spotify:track:1,One,Justice,Metallica;Guest,1988-08-25\n"
    "spotify:local:2,Demo,,Me,\n"
    "spotify:episode:3,Episode 1,,A Podcast,2020\n"
    "spotify:track:4,,,Nobody,\n"
    "spotify:track:5,ONE,Justice,The Metallica,1988\n"
)


def send(browser, text=CSV, *, filename="list.csv", start="1", **fields):
    content = text.encode() if isinstance(text, str) else text
    return browser.post("/imports/", file=(io.BytesIO(content), filename), start=start, **fields)


def numbers(app, person):
    with app.app_context():
        return numbers_of(person.id)


@pytest.fixture
def waiting_app(make_app):
    """An application whose jobs are done by hand."""
    return make_app(JOBS="worker")


def run_due_jobs(app):
    return app.extensions["trackflow.jobs"].run_due()


# --- a file --------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_importing_a_file_adds_its_songs(app, as_alice, alice):
    answer = send(as_alice, status="wip")
    assert answer.status == 303
    page = as_alice.follow()
    assert page.one("#import")["data-state"] == "done"
    assert page.one(".figure:nth-of-type(2) dd").text == "2"
    songs = as_alice.get("/songs/", status="wip").text
    assert "Metallica" in songs
    assert "Johnny Cash" in songs
    assert numbers(app, alice)["total_spotify_imports"] == 1
    assert numbers(app, alice)["total_started"] == 2


def test_the_achievements_of_an_import_are_shown_as_one_summary(as_alice):
    send(as_alice)
    assert as_alice.follow().toasts() == ["summary"]


def test_the_page_lists_skipped_rows_with_reasons(as_alice):
    send(as_alice, EXPORTIFY)
    page = as_alice.follow()
    for reason in ("a local file", "a podcast episode", "no title", "listed twice"):
        assert reason in page.text
    assert as_alice.get(page.response.request.path, outcome="imported").text.count("Metallica") == 1


@pytest.mark.both_databases
def test_importing_a_playlist_again_adds_new_songs_and_counts_once(app, as_alice, alice):
    send(as_alice, name="Road trip")
    send(as_alice, CSV + "Creep,Radiohead,,1993\n", name="ROAD  Trip")
    page = as_alice.follow()
    assert "2 skipped: already in your list" in page.text
    assert numbers(app, alice)["total_spotify_imports"] == 1
    assert numbers(app, alice)["total_songs"] == 3


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("title,artist\nOne,Metallica\n", 0),
        ("title,artist,isrc\nOne,Metallica,USEE18800030\n", 0),
        ("title,artist,Track URI\nOne,Metallica,spotify:track:1\n", 1),
        ("title,artist,Track URI\nOne,Metallica,spotify:local:1\nTwo,Metallica,\n", 0),
        ("title,artist,URL\nOne,Metallica,https://open.spotify.com/intl-de/track/1\n", 1),
        ("Track name,Artist name,Spotify - id\nOne,Metallica,5IyblF777jLZj1vGHG2UD3\n", 1),
        ("Track name,Artist name,Spotify - id\nOne,Metallica,none\n", 0),
    ],
)
@pytest.mark.parametrize("start", ["1", ""])
def test_only_a_file_that_identifies_spotify_tracks_counts_as_spotify(
    app, as_alice, alice, file, counts, start
):
    address = send(as_alice, file, start=start).location
    if not start:
        as_alice.post(f"{address}/start")
    assert numbers(app, alice)["total_songs"] > 0 or "local" in file
    assert numbers(app, alice)["total_spotify_imports"] == counts


def test_a_playlist_without_new_songs_does_not_count(app, as_alice, alice):
    send(as_alice, name="One")
    send(as_alice, name="Another")
    assert numbers(app, alice)["total_spotify_imports"] == 1


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty"),
        ("colour,size\nred,1\n", "Row 1 must name the columns"),
        ("title,artist\n", "no songs in this file"),
        (f"title,artist,{'x' * 140_000}\nA,B,c\n", "Row 1 is not CSV"),
        (b"PK\x03\x04", "a spreadsheet or a zip file"),
        ("title,artist\n" + "One,Two\n" * (MOST_ROWS + 1), f"Row {MOST_ROWS + 2} is one too many"),
    ],
)
def test_a_file_without_a_playlist_is_rejected(app, as_alice, alice, content, told):
    page = send(as_alice, content)
    assert page.status == 422
    assert told in page.errors()["file"]
    assert numbers(app, alice)["total_songs"] == 0
    assert "No imports yet." in as_alice.get("/imports/").text


def test_a_form_without_a_file_is_rejected(as_alice):
    page = as_alice.post("/imports/", name="Nothing")
    assert page.status == 422
    assert page.errors()["file"] == "Choose a file."


def test_formulas_in_a_file_stay_text(as_alice):
    send(as_alice, 'title,artist\n"=cmd|1",@x\n+1,-1\n')
    assert "=cmd|1" in as_alice.get("/songs/").text


def test_markup_in_a_file_stays_text(as_alice):
    send(as_alice, 'title,artist\n"<img src=x onerror=1>",<b>x</b>\n', name="<i>name</i>")
    page = as_alice.follow()
    assert not page.all("main i, main b, main img")


# --- watching ------------------------------------------------------------------------------------


def signed_in(app, person):
    browser = Browser(app)
    browser.enter(person)
    return browser


def test_the_page_polls_until_the_import_is_done(app, alice, waiting_app):
    browser = signed_in(waiting_app, alice)
    address = send(browser).location
    before = browser.get(address, htmx="import")
    assert before.one("#import")["hx-get"] == address
    assert before.one("#import").get("hx-trigger")
    assert "<html" not in before.html
    run_due_jobs(waiting_app)
    after = browser.get(address, htmx="import")
    assert after.one("#import").get("hx-get") is None
    assert after.toasts() == ["summary"]


def test_without_javascript_a_link_shows_the_progress(app, alice, waiting_app):
    browser = signed_in(waiting_app, alice)
    address = send(browser).location
    page = browser.get(address)
    assert any(link["href"] == address for link in page.all("a.without-script"))
    assert page.one("#import progress")


def test_a_cancelled_import_adds_no_song(app, alice, waiting_app):
    browser = signed_in(waiting_app, alice)
    address = send(browser).location
    browser.post(f"{address}/cancel")
    run_due_jobs(waiting_app)
    assert browser.get(address).one("#import")["data-state"] == "cancelled"
    assert numbers(app, alice)["total_songs"] == 0


def test_at_most_three_imports_may_wait(app, alice, waiting_app):
    browser = signed_in(waiting_app, alice)
    for number in range(3):
        assert send(browser, name=f"List {number}").status == 303
    page = send(browser, name="One more")
    assert page.status == 429
    assert page.headers["Retry-After"]
    run_due_jobs(waiting_app)
    assert send(browser, name="One more").status == 303


# --- undo ----------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_undoing_an_import_removes_its_songs_and_lowers_the_counters(app, as_alice, alice):
    address = send(as_alice).location
    as_alice.post(f"{address}/undo")
    page = as_alice.follow()
    assert page.one("#import")["data-state"] == "undone"
    assert "Removing 2 songs." in page.text
    assert "Removed 2 songs." in page.text
    assert numbers(app, alice)["total_songs"] == 0
    assert numbers(app, alice)["total_spotify_imports"] == 0


@pytest.mark.fault("17")
def test_undoing_an_import_withdraws_awards_of_the_import_only(app, as_alice, alice):
    address = send(as_alice).location
    as_alice.get(address)
    tile = as_alice.get("/achievements/").one('[data-achievement="spotify_explorer"]')
    assert tile["data-state"] == "earned"
    as_alice.post(f"{address}/undo")
    assert "earned only by this import" in as_alice.follow().text
    tile = as_alice.get("/achievements/").one('[data-achievement="spotify_explorer"]')
    assert tile["data-state"] != "earned"
    assert numbers(app, alice)["total_points"] == 0


@pytest.mark.both_databases
def test_undoing_an_import_keeps_edited_songs(app, as_alice, alice):
    address = send(as_alice).location
    link = as_alice.get(address).one('main th a:-soup-contains("One")')["href"]
    as_alice.post(f"{link}/parts/drums", state="done")
    as_alice.post(f"{address}/undo")
    page = as_alice.follow()
    assert "Removing 1 song. 1 song that you've worked on" in page.text
    assert "One" in page.text
    assert numbers(app, alice)["total_songs"] == 1


def test_an_undone_import_cannot_be_undone_again(as_alice):
    address = send(as_alice).location
    as_alice.post(f"{address}/undo")
    assert as_alice.post(f"{address}/undo").status == 422


def test_a_playlist_counts_while_another_import_of_it_exists(app, as_alice, alice):
    first = send(as_alice, name="Mix").location
    send(as_alice, CSV + "Creep,Radiohead,,1993\n", name="Mix")
    as_alice.post(f"{first}/undo")
    assert numbers(app, alice)["total_spotify_imports"] == 1


# --- whose it is ---------------------------------------------------------------------------------


def test_another_users_import_returns_404(subtests, as_alice, as_charlie):
    address = send(as_alice).location
    for deed in ["", "/cancel", "/undo"]:
        with subtests.test(deed=deed):
            answer = as_charlie.post(f"{address}{deed}") if deed else as_charlie.get(address)
            assert answer.status == 404


def test_anonymous_visitors_are_redirected_to_sign_in(stranger):
    assert stranger.get("/imports/").status == 303


# --- achievements --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "playlists"),
    [("spotify_explorer", 1), ("playlist_master", 5), ("spotify_power_user", 10)],
)
def test_playlists_earn_achievements(as_alice, code, playlists):
    for number in range(playlists):
        state = as_alice.get("/achievements/").one(f'[data-achievement="{code}"]')["data-state"]
        assert state != "earned"
        uri = f"spotify:track:{number}"
        file = f"title,artist,Track URI\nSong {number},Somebody,{uri}\n"
        send(as_alice, file, name=f"List {number}")
    tile = as_alice.get("/achievements/").one(f'[data-achievement="{code}"]')
    assert tile["data-state"] == "earned"


def test_a_receipt_lists_imported_and_skipped_songs(as_alice):
    for number in range(3):
        as_alice.post("/songs/", title=f"By hand {number}", artist="Anna", status="wip")
    send(as_alice, "title,artist\nBy file 1,Anna\nBy file 2,Anna\n", status="wip")
    lines = as_alice.get("/achievements/hard_worker").all(".receipt__line")
    imported = [bool(line.select("[data-imported]")) for line in lines]
    assert imported == [False, False, False, True, True]
