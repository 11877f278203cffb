"""Spotify connections and imports, against a fake Spotify over real HTTP."""

from __future__ import annotations

import logging
import socket
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import at_once
from tests.support.fake_spotify import CLIENT, OLD_SHAPE, WISHLIST, faking_spotify, song
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.domain.imports.models import Connection, Import
from trackflow_web.jobs.tokens import usable_token
from trackflow_web.kernel.database import db

ADDRESS = f"https://open.spotify.com/playlist/{WISHLIST}?si=abc"


@pytest.fixture
def spotify():
    with faking_spotify() as fake:
        yield fake


@pytest.fixture
def spotify_app(make_app, spotify):
    return make_app(
        SPOTIFY_CLIENT_ID=CLIENT,
        SPOTIFY_CLIENT_SECRET="not needed with a verifier",
        SPOTIFY_API_BASE=spotify.address,
        SPOTIFY_ACCOUNTS_BASE=spotify.address,
        JOBS="worker",
    )


@pytest.fixture
def alices(app, spotify_app, alice):
    """Alice's browser."""
    return signed_in(spotify_app, alice)


@pytest.fixture
def connected(alices, spotify):
    connect(alices, spotify)
    return alices


def signed_in(app, person):
    browser = Browser(app)
    browser.enter(person)
    return browser


def connect(browser, spotify):
    back = spotify.allow(browser.get("/imports/spotify/connect").location)
    return browser.get(back)


def import_it(browser, playlist=ADDRESS):
    """Start an import and run queued jobs; return the page of the import."""
    answer = browser.post("/imports/", playlist=playlist, start="1")
    assert answer.status == 303, answer
    browser.app.extensions["trackflow.jobs"].run_due()
    return browser.get(answer.location)


def standing(page):
    return page.one("#import")["data-state"]


def connection_of(app, person):
    with app.app_context():
        return db.session.scalar(sa.select(Connection).where(Connection.user_id == person.id))


# --- connecting ----------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_alice_connects_and_imports_her_playlist(spotify_app, connected, alice):
    page = import_it(connected)
    assert standing(page) == "done"
    assert "Charting wishlist" in page.one("h1").text
    for reason in ("a local file", "a podcast episode", "no longer on Spotify"):
        assert reason in page.text
    with spotify_app.app_context():
        numbers = numbers_of(alice.id)
    assert numbers["total_songs"] > 100
    assert numbers["total_spotify_imports"] == 1


def test_entries_in_the_older_shape_are_read_too(connected):
    assert page_numbers(import_it(connected, f"spotify:playlist:{OLD_SHAPE}")) == ["1", "1", "0"]


def page_numbers(page):
    return [figure.text for figure in page.all(".figure dd")]


def test_only_the_current_spotify_api_url_is_requested(connected, spotify):
    import_it(connected)
    paths = {urlsplit(path).path for path in spotify.asked if path.startswith("/v1/")}
    assert paths == {f"/v1/playlists/{WISHLIST}", f"/v1/playlists/{WISHLIST}/items"}


def test_the_song_has_its_first_artist_and_its_year(connected, spotify):
    spotify.playlists[WISHLIST] = ("Mix", [song("One", "Metallica")])
    import_it(connected)
    row = connected.get("/songs/").one(".song")
    assert "Metallica" in row.text
    assert "A Guest" not in row.text
    assert "1999" in row.text


def test_entries_that_are_no_song_are_skipped(connected, spotify):
    odd = [
        None,
        {"item": None},
        {"item": {"type": "track", "name": "", "artists": [{"name": "A"}]}},
        {"item": {"type": "track", "name": "X", "artists": []}},
        {"item": {"type": "track", "name": "x" * 300, "artists": [{"name": "A"}]}},
        {"item": {"type": "track", "name": "a\0b", "artists": [{"name": "A"}]}},
        {"item": "nonsense"},
        {"item": {"type": "track", "name": 5, "artists": "none", "album": []}},
    ]
    spotify.playlists[WISHLIST] = ("Odd", [*odd, song("One")])
    assert page_numbers(import_it(connected)) == ["9", "1", "8"]


def test_without_a_client_id_the_page_offers_the_file(as_alice):
    page = as_alice.get("/imports/")
    assert "Spotify isn't set up on this site" in page.text
    assert page.one('input[type="file"]')
    assert as_alice.post("/imports/", playlist=ADDRESS, start="1").status == 422
    assert as_alice.get("/imports/spotify/connect").status == 404


def test_without_a_connection_alice_is_asked_to_connect(alices):
    page = alices.post("/imports/", playlist=ADDRESS, start="1")
    assert page.status == 422
    assert "Connect your Spotify account first." in page.text


@pytest.mark.parametrize(
    "address", ["", "https://example.org/playlist/x", "spotify:album:1", "../x"]
)
def test_an_invalid_playlist_url_is_rejected(connected, address):
    page = connected.post("/imports/", playlist=address, start="1")
    assert page.status == 422
    assert page.errors()["playlist"]


# Hosts that a server can reach and users should not, in spellings that bypass checks.
INSIDE = [
    "http://127.0.0.1/", "http://localhost:5432/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
    "http://0/", "http://0.0.0.0/", "http://2130706433/", "http://017700000001/", "http://0x7f.1/",
    "http://127.1/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
    "http://192.168.0.1/", "http://metadata.google.internal/", "http://127.0.0.1.nip.io/",
    "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "ftp://127.0.0.1/", "dict://127.0.0.1/",
    "//127.0.0.1/playlist/{id}", "https://127.0.0.1/playlist/{id}",
    "https://open.spotify.com@127.0.0.1/playlist/{id}",
    "https://open.spotify.com:x@127.0.0.1/playlist/{id}",
    "https://open.spotify.com.evil.example/playlist/{id}",
    "https://open.spotify.com\\@127.0.0.1/playlist/{id}",
    "https://127.0.0.1#open.spotify.com/playlist/{id}",
    "https://127.0.0.1?https://open.spotify.com/playlist/{id}",
    "https://open.spotify.com/playlist/../{id}", "https://open.spotify.com/playlist/{id}/../../x",
    "https://open.spotify.com/playlist/{id}/x", "https://open.spotify.com//playlist/{id}",
    "spotify:playlist:{id}@127.0.0.1", "spotify:playlist:../{id}", "{id}/../../me", "{id}?x=y",
    "{id}%2f..%2fme", "{id}#x", "{id}\u2028x", "{id} {id}", "\uff0e\uff0e/{id}",
]  # fmt: skip


def test_user_entered_urls_cause_no_request_to_another_host(connected, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *where, **_how: asked.append(where))
    monkeypatch.setattr(socket.socket, "connect", lambda _self, where: asked.append(where))
    for address in INSIDE:
        page = connected.post("/imports/", playlist=address.format(id=WISHLIST), start="1")
        assert page.status == 422, address
        connected.post("/songs/", title=address, artist=address, album=address)
        connected.app.extensions["trackflow.jobs"].run_due()
    assert asked == []


# --- the state -----------------------------------------------------------------------------------


def refused(browser, back):
    assert browser.get(back).location == "/settings/connections"
    return browser.follow().text


def test_a_callback_of_another_session_is_rejected(app, spotify_app, alice, bob, spotify):
    """Bob sends Alice his own callback: she would import into his account's eyes."""
    bobs = signed_in(spotify_app, bob)
    back = spotify.allow(bobs.get("/imports/spotify/connect").location)
    alices = signed_in(spotify_app, alice)
    alices.get("/imports/spotify/connect")
    assert "wasn't started here" in refused(alices, back)
    assert connection_of(app, alice) is None


def test_a_callback_with_another_state_is_rejected(alices, spotify):
    back = spotify.allow(alices.get("/imports/spotify/connect").location)
    code = parse_qs(urlsplit(back).query)["code"][0]
    forged = f"/imports/spotify/callback?{urlencode({'code': code, 'state': 'forged'})}"
    assert "wasn't started here" in refused(alices, forged)


def test_a_callback_works_once(alices, spotify):
    back = spotify.allow(alices.get("/imports/spotify/connect").location)
    assert alices.get(back).location == "/imports/"
    assert "wasn't started here" in refused(alices, back)


def test_a_callback_works_once_even_with_an_older_cookie(alices, spotify):
    back = spotify.allow(alices.get("/imports/spotify/connect").location)
    cookie = alices.client.get_cookie("session").value
    alices.get(back)
    alices.client.set_cookie("session", cookie)
    assert "wasn't started here" in refused(alices, back)


def test_a_callback_after_more_than_ten_minutes_is_rejected(clock, alices, spotify):
    back = spotify.allow(alices.get("/imports/spotify/connect").location)
    clock.move(minutes=11)
    assert "wasn't started here" in refused(alices, back)


def test_a_denied_authorization_connects_nothing(app, alices, alice, spotify):
    back = spotify.allow(alices.get("/imports/spotify/connect").location)
    state = parse_qs(urlsplit(back).query)["state"][0]
    no = f"/imports/spotify/callback?{urlencode({'error': 'access_denied', 'state': state})}"
    assert "access was denied" in refused(alices, no)
    assert connection_of(app, alice) is None


def test_a_code_rejected_by_spotify_connects_nothing(app, alices, alice, spotify):
    back = spotify.allow(alices.get("/imports/spotify/connect").location)
    spotify.answer("/api/token", 400, '{"error": "invalid_grant"}')
    assert "didn't accept" in refused(alices, back)
    assert connection_of(app, alice) is None


# --- tokens --------------------------------------------------------------------------------------


def test_an_expired_token_is_renewed_before_use(clock, connected, spotify):
    clock.move(hours=2)
    assert standing(import_it(connected)) == "done"
    assert spotify.renewals == 1


def test_a_rejected_token_is_renewed_once(connected, spotify):
    spotify.let_tokens_end()
    assert standing(import_it(connected)) == "done"
    assert spotify.renewals == 1


def test_two_workers_renew_a_token_once(clock, spotify_app, connected, alice, spotify):
    clock.move(hours=2)
    jobs = spotify_app.extensions["trackflow.jobs"]

    def renewed():
        with jobs.context():
            return usable_token(alice.id, jobs.tools, jobs.tools.spotify)

    one, other = at_once([renewed, renewed])
    assert one == other
    assert spotify.renewals == 1


def test_a_revoked_connection_is_removed_and_requested_again(app, connected, alice, spotify):
    spotify.revoke()
    page = import_it(connected)
    assert standing(page) == "failed"
    assert "Reconnect your account" in page.text
    kept = connection_of(app, alice)
    assert (kept.access_token, kept.refresh_token) == (None, None)
    assert "Reconnect Spotify" in connected.get("/settings/connections").text
    connect(connected, spotify)
    assert standing(import_it(connected)) == "done"


def test_a_repeatedly_rejected_token_ends_the_connection(connected, spotify):
    spotify.fail("/v1/", "401.expired", times=2)
    assert standing(import_it(connected)) == "failed"
    assert "Reconnect Spotify" in connected.get("/settings/connections").text


@pytest.mark.both_databases
def test_no_token_is_stored_or_logged_in_plain_text(
    app, spotify_app, alices, spotify, caplog, capsys
):
    caplog.set_level(logging.DEBUG)
    connect(alices, spotify)
    spotify.let_tokens_end()
    import_it(alices)
    with app.app_context():
        tables = [db.session.execute(sa.select(table)).all() for table in db.metadata.sorted_tables]
    logged = caplog.text + "".join(capsys.readouterr())
    for secret in spotify.secrets:
        assert secret not in repr(tables)
        assert secret not in logged


def test_disconnecting_deletes_the_tokens(app, connected, alice):
    connected.post("/imports/spotify/disconnect")
    assert "Spotify disconnected." in connected.follow().text
    assert connection_of(app, alice) is None


def test_tokens_stay_readable_when_the_key_is_changed(app, make_app, connected, alice, spotify):
    changed = make_app(
        SPOTIFY_CLIENT_ID=CLIENT,
        SPOTIFY_API_BASE=spotify.address,
        SPOTIFY_ACCOUNTS_BASE=spotify.address,
        TOKEN_KEY="another secret of more than thirty-two characters",
        JOBS="worker",
    )
    before = connection_of(app, alice).key_id
    spotify.let_tokens_end()
    assert standing(import_it(signed_in(changed, alice))) == "done"
    assert connection_of(app, alice).key_id != before


def test_a_lost_key_counts_as_no_connection(make_app, connected, alice, spotify):
    other = make_app(
        SPOTIFY_CLIENT_ID=CLIENT,
        SPOTIFY_API_BASE=spotify.address,
        SPOTIFY_ACCOUNTS_BASE=spotify.address,
        SECRET_KEY="quite another secret, and nothing is left of the first",
        JOBS="worker",
    )
    page = import_it(signed_in(other, alice))
    assert "Reconnect your account" in page.text


# --- responses of Spotify ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("403.items_not_owned", "only to its owner"),
        ("403.owner_not_premium", "isn't letting this site"),
        ("404.not_found", "can't find this playlist"),
    ],
)
def test_an_unavailable_playlist_is_reported(connected, spotify, answer, told):
    spotify.fail("/items", answer)
    page = import_it(connected)
    assert standing(page) == "failed"
    assert told in page.text


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ("429.rate_limit_json", 7),
        ("429.rate_limit_plain_text", 19056),
        ("429.quota_exceeded_2026-07", 3600),
        ("429.no_retry_after", 30),
        ("502.bad_gateway", 30),
    ],
)
def test_an_import_waits_for_retry_after_and_resumes(
    app, clock, connected, spotify, answer, seconds
):
    spotify.fail("/items", answer)
    page = import_it(connected)
    assert standing(page) == "queued"
    assert "Trying again at" in page.text
    jobs = connected.app.extensions["trackflow.jobs"]
    clock.move(seconds=seconds - 1)
    jobs.sweep()
    jobs.run_due()
    assert standing(connected.get(page.response.request.path)) == "queued"
    clock.move(seconds=2)
    jobs.sweep()
    jobs.run_due()
    assert standing(connected.get(page.response.request.path)) == "done"


@pytest.mark.parametrize(
    "text", ["", "<html>", "[]", "null", '{"items": {}}', '{"items": [], "total": "x"}']
)
def test_an_invalid_response_is_retried(connected, spotify, text):
    spotify.answer("/items", 200, text)
    assert standing(import_it(connected)) == "queued"


def test_an_import_without_response_fails_eventually(clock, connected, spotify):
    spotify.fail("/items", "502.bad_gateway", times=9)
    page = import_it(connected)
    jobs = connected.app.extensions["trackflow.jobs"]
    for _ in range(6):
        clock.move(hours=1)
        jobs.sweep()
        jobs.run_due()
    assert standing(connected.get(page.response.request.path)) == "failed"


def test_an_interrupted_import_resumes(clock, app, connected, spotify):
    spotify.fail("offset=50", "502.bad_gateway")
    page = import_it(connected)
    spotify.asked.clear()
    clock.move(minutes=5)
    jobs = connected.app.extensions["trackflow.jobs"]
    jobs.sweep()
    jobs.run_due()
    assert standing(connected.get(page.response.request.path)) == "done"
    assert not [path for path in spotify.asked if "offset=0" in path]
    with app.app_context():
        item = db.session.scalar(sa.select(Import))
        assert item.fetched == item.total == 122
