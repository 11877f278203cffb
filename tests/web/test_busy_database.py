"""A locked database: nothing is lost, and it recovers."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from threading import Timer

import pytest
from sqlalchemy import event

from tests.support.browsing import Browser
from tests.support.databases import run_command
from tests.support.people import PASSWORD
from tests.support.songs import add_song, titles_of
from trackflow_web.kernel import transactions
from trackflow_web.kernel.database import db

SONG = {"title": 'One "live"', "artist": "Metallica", "album": "", "year": "1988", "status": "wip"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Waiting for a lock takes a moment instead of seconds."""
    monkeypatch.setitem(transactions.begin.__kwdefaults__, "patience", 0.05)


@pytest.fixture
def lock(app, database_url):
    """`with lock():` no other connection can write."""

    def hold():
        file = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
        file.execute("BEGIN IMMEDIATE")
        return closing(file)

    return hold


def kept(page):
    """The fields that the form on the page would send again."""
    fields = page.all("main form input[type=hidden]")
    return {field["name"]: field["value"] for field in fields if field["name"] != "csrf_token"}


def test_a_form_returns_503_with_its_input_while_the_database_is_locked(app, alice, as_alice, lock):
    as_alice.get("/songs/")
    with lock():
        page = as_alice.post("/songs/", **SONG)
    assert page.status == 503
    assert page.headers["Retry-After"]
    assert kept(page) == SONG
    assert titles_of(app, alice) == []


def test_sending_a_form_again_after_a_503_works(app, alice, as_alice, lock):
    as_alice.get("/songs/")
    with lock():
        page = as_alice.post("/songs/", **SONG)
    form = page.one("main form")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert as_alice.post(form["action"], **fields).status == 303
    assert titles_of(app, alice) == ['One "live"']


def test_every_form_returns_503_while_the_database_is_locked(app, alice, as_alice, lock):
    one = add_song(app, alice)
    as_alice.get("/songs/")
    forms = ["", "/status", "/parts/drums", "/delete"]
    forms = [f"/songs/{one}{rest}" for rest in forms]
    forms += ["/settings/profile", "/settings/tokens", "/logout"]
    with lock():
        answers = {path: as_alice.post(path, status="wip", state="done").status for path in forms}
    assert set(answers.values()) == {503}, answers


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_the_503_page_contains_no_password(stranger, alice, lock, path):
    stranger.get(path)
    with lock():
        page = stranger.post(path, username="alice", email="a@example.org", password=PASSWORD)
    assert page.status == 503
    assert PASSWORD not in page.html
    assert kept(page)["username"] == "alice"


def test_a_command_waits_longer_than_a_page(app, database_url, alice):
    file = sqlite3.connect(
        database_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
    )
    file.execute("BEGIN IMMEDIATE")
    Timer(0.5, file.rollback).start()
    assert "1 user" in run_command(app, "achievements", "recheck", "--user", "alice")
    file.close()


def test_pages_can_be_read_while_the_database_is_locked(app, alice, as_alice, lock):
    add_song(app, alice)
    as_alice.get("/songs/")
    with lock():
        page = as_alice.get("/songs/")
    assert page.status == 200
    assert "Metallica" in page.text


def test_a_visit_that_cannot_be_recorded_is_recorded_later(clock, as_alice, lock):
    clock.move(days=1)
    with lock():
        assert as_alice.get("/songs/").status == 200
    clock.move(days=1)
    assert as_alice.get("/songs/").status == 200


def test_a_toast_that_cannot_be_reserved_is_shown_later(as_alice, lock):
    as_alice.post("/songs/", title="One", artist="Metallica")
    with lock():
        assert as_alice.follow().toasts() == []
    assert as_alice.get("/songs/").toasts() == ["dreamer"]


def test_a_missing_database_returns_503(make_app, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    app = make_app(DATABASE_URL=f"sqlite:///{folder}/all.sqlite3")
    shutil.rmtree(folder)
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "1:stamp"
    answer = client.get("/songs/")
    assert answer.status_code == 503
    assert "Busy just now" in answer.text


def test_the_application_starts_while_the_database_is_locked(make_app, as_alice, lock):
    as_alice.get("/songs/")
    with lock():
        client = make_app().test_client()
        client.set_cookie("session", as_alice.client.get_cookie("session").value)
        assert client.get("/healthz").status_code == 200
        assert client.get("/songs/").status_code == 200


READ_ONLY = "PRAGMA query_only=ON"
FULL = "PRAGMA max_page_count=1"  # no more than exist


@pytest.mark.parametrize("harm", [READ_ONLY, FULL])
def test_a_full_or_read_only_disk_returns_503_for_forms_and_pages_can_be_read(
    make_app, alice, harm
):
    app = make_app()  # the disk of no other test
    as_alice = Browser(app)
    as_alice.enter(alice)
    long = SONG | {"title": "x" * 200, "album": "y" * 200}
    as_alice.get("/songs/")
    with app.app_context():
        event.listen(db.engine, "begin", lambda connection: connection.exec_driver_sql(harm))
    pages = [as_alice.post("/songs/", **long | {"artist": f"{n}" * 200}) for n in range(9)]
    assert pages[-1].status == 503
    assert kept(pages[-1])["title"] == long["title"]
    assert as_alice.get("/songs/").status == 200
    done = [page for page in pages if page.status == 303]
    assert len(titles_of(app, alice)) == len(done) < len(pages)


def test_an_htmx_request_returns_503_while_the_database_is_locked(as_alice, lock):
    as_alice.get("/songs/")
    with lock():
        page = as_alice.post("/songs/", htmx="songs-panel", **SONG)
    assert page.status == 503
    assert kept(page) == SONG
