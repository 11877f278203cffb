"""A request is one unit of work: its beginning, its end, and many of them at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from tests.support.browsing import Browser
from trackflow_web import composition
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.failpoints import Point
from trackflow_web.kernel.redelivery import redeliver

BROWSERS, SONGS_EACH = 8, 4


def songs_of(app, person):
    with app.app_context():
        return db.session.scalars(sa.select(Song.title).where(Song.user_id == person.id)).all()


@pytest.fixture
def statements(app):
    """The following SQLite statements, by their first words."""
    told = []

    def note(_connection, _cursor, statement, *_rest):
        told.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield told
    sa.event.remove(engine, "before_cursor_execute", note)


def test_a_form_takes_the_write_lock_before_it_reads_anything(as_alice, statements):
    as_alice.post("/songs/", title="One", artist="Metallica")
    assert [line for line in statements if line.startswith("BEGIN")] == ["BEGIN IMMEDIATE"]


def test_reading_a_page_takes_no_write_lock(as_alice, statements):
    as_alice.get("/songs/")
    assert "BEGIN IMMEDIATE" not in statements


@pytest.mark.both_databases
def test_many_browsers_adding_songs_at_once_lose_none(app, alice, as_alice):
    def add(number):
        browser = Browser(app)
        browser.enter(alice)
        answers = [
            browser.post("/songs/", title=f"{number} {song}", artist="Metallica").status
            for song in range(SONGS_EACH)
        ]
        return set(answers)

    with ThreadPoolExecutor(BROWSERS) as pool:
        assert list(pool.map(add, range(BROWSERS))) == [{303}] * BROWSERS
    with app.app_context():
        assert db.session.get_one(UserStats, alice.id).total_songs == BROWSERS * SONGS_EACH


@pytest.mark.both_databases
def test_eight_clicks_on_add_song_add_one_song(app, alice, as_alice):
    page = as_alice.get("/songs/")
    cookies = as_alice.client.get_cookie("session").value
    token = page.one('form[action="/songs/"] input[name="csrf_token"]')["value"]

    def click(_number):
        client = app.test_client()
        client.set_cookie("session", cookies)
        form = {"title": "One", "artist": "Metallica", "csrf_token": token}
        return client.post("/songs/", data=form).status_code

    with ThreadPoolExecutor(BROWSERS) as pool:
        answers = sorted(pool.map(click, range(BROWSERS)))
    assert answers == [303] + [422] * (BROWSERS - 1)
    assert songs_of(app, alice) == ["One"]


@pytest.mark.both_databases
def test_an_action_is_kept_when_the_achievement_handler_fails(app, alice, as_alice):
    with failpoints.failing(Point.COUNTERS_UPDATED, ZeroDivisionError("a broken rule")):
        assert as_alice.post("/songs/", title="One", artist="Metallica").status == 303
    assert songs_of(app, alice) == ["One"]
    with app.app_context():
        assert redeliver(composition.HANDLERS)
    assert as_alice.get("/songs/").toasts() == ["summary"]


@pytest.mark.both_databases
def test_a_failed_commit_returns_503_and_keeps_nothing(app, alice, as_alice):
    as_alice.get("/songs/")
    full = OperationalError("COMMIT", {}, Exception("disk I/O error"))
    with failpoints.failing(Point.BEFORE_COMMIT, full):
        page = as_alice.post("/songs/", title="One", artist="Metallica", htmx=True)
    assert page.status == 503
    assert page.headers["Retry-After"]
    assert page.one('input[name="title"]')["value"] == "One"
    assert songs_of(app, alice) == []


@pytest.mark.both_databases
def test_an_error_response_rolls_the_action_back(app, alice, as_alice):
    as_alice.post("/songs/", title="One", artist="Metallica")
    song_id = as_alice.get("/songs/").one("#song-rows li")["id"].removeprefix("song-")
    page = as_alice.post(f"/songs/{song_id}", title="Two", status="nonsense")
    assert page.status == 422
    assert songs_of(app, alice) == ["One"]
