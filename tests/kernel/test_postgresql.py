"""PostgreSQL with many processes: timeouts, and recovery from lost connections."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.databases import run_command
from tests.support.songs import titles_of
from tests.support.web_server import gunicorn
from trackflow_web.achievements import handler
from trackflow_web.domain.songs import actions
from trackflow_web.kernel import database
from trackflow_web.kernel.database import db

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True),
]

SONG = {"title": 'One "live"', "artist": "Metallica", "album": "", "year": "1988", "status": "wip"}
LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
SLOW = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN PERFORM pg_sleep(2); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION be_slow()
"""


@pytest.fixture
def hurried(monkeypatch):
    """`hurried("OF_A_STATEMENT")`: that limit is one second, which is long on a busy machine."""

    def set_limit(name, seconds=1):
        monkeypatch.setattr(database, f"SECONDS_{name}", seconds)

    return set_limit


@pytest.fixture
def execute(database_url):
    """Run a statement in the database, past the application."""

    def run(statement, *values):
        with psycopg.connect(database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def signed_in(make_app, alice):
    """Alice in a browser, in an application of the limits of the moment."""

    def sign_in(**settings):
        browser = Browser(make_app(**settings))
        browser.enter(alice)
        browser.get("/songs/")
        return browser

    return sign_in


def kept(page):
    """The fields that the form on the page would send again."""
    fields = page.all("main form input[type=hidden]")
    return {field["name"]: field["value"] for field in fields if field["name"] != "csrf_token"}


def timed(call):
    begun = time.monotonic()
    return call(), time.monotonic() - begun


def test_every_connection_has_timeouts(app):
    with app.app_context():
        limits = [db.session.scalar(sa.text(f"SHOW {name}")) for name in LIMITS]
    assert limits == ["5s", "10s", "5s"]


def test_a_slow_statement_returns_503_and_keeps_the_form(app, alice, hurried, execute, signed_in):
    hurried("OF_A_STATEMENT")
    browser = signed_in()
    execute(SLOW.format(table="songs"))
    page = browser.post("/songs/", **SONG)
    assert (page.status, kept(page)) == (503, SONG)
    assert page.headers["Retry-After"]
    execute("DROP TRIGGER slow ON songs")
    assert browser.post("/songs/", **SONG).status == 303


def test_a_locked_row_returns_503_and_keeps_the_form(database_url, alice, hurried, signed_in):
    hurried("TO_WAIT_FOR_A_LOCK")
    browser = signed_in()
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE songs IN EXCLUSIVE MODE")
        page = browser.post("/songs/", **SONG)
    assert (page.status, kept(page)) == (503, SONG)


def test_an_action_succeeds_while_its_counters_are_locked(
    app, database_url, alice, hurried, signed_in
):
    hurried("TO_WAIT_FOR_A_LOCK")
    browser = signed_in()
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE user_stats IN EXCLUSIVE MODE")
        assert browser.post("/songs/", **SONG).status == 303
    assert titles_of(app, alice) == [SONG["title"]]
    assert browser.get("/songs/").toasts() == []
    run_command(app, "achievements", "sweep")
    assert browser.get("/songs/").toasts() == ["summary"]


def test_an_exhausted_connection_pool_returns_503_in_time(app, hurried, signed_in):
    assert app.config["SQLALCHEMY_ENGINE_OPTIONS"]["pool_timeout"] == 3
    hurried("TO_WAIT_FOR_A_CONNECTION")
    browser = signed_in(DATABASE_CONNECTIONS=1, DATABASE_CONNECTIONS_MORE=0)
    with browser.app.app_context(), db.engine.connect():
        page, seconds = timed(lambda: browser.post("/songs/", **SONG))
    assert (page.status, kept(page)) == (503, SONG)
    assert 1 <= seconds < 3
    assert browser.post("/songs/", **SONG).status == 303


def test_the_api_returns_503_if_the_connection_pool_is_exhausted(hurried, signed_in):
    hurried("TO_WAIT_FOR_A_CONNECTION")
    browser = signed_in(DATABASE_CONNECTIONS=1, DATABASE_CONNECTIONS_MORE=0)
    with browser.app.app_context(), db.engine.connect():
        answer = browser.api("POST", "/api/songs/", {"title": "One", "artist": "Metallica"})
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_idle_transaction_is_ended_and_the_next_request_succeeds(
    app, alice, hurried, signed_in, monkeypatch
):
    hurried("IDLE_IN_A_TRANSACTION")
    browser = signed_in()
    with monkeypatch.context() as patch:
        patch.setattr(actions, "add_song", _after_a_while(actions.add_song))
        page = browser.post("/songs/", **SONG)
    assert (page.status, kept(page)) == (503, SONG)
    assert titles_of(app, alice) == []
    assert browser.post("/songs/", **SONG).status == 303


def _after_a_while(call):
    def slowly(*arguments, **options):
        time.sleep(2)
        return call(*arguments, **options)

    return slowly


def test_a_closed_idle_connection_is_replaced(app, alice, as_alice, execute):
    as_alice.get("/songs/")
    _end_connections(execute)
    assert as_alice.post("/songs/", **SONG).status == 303


@pytest.mark.parametrize(
    ("module", "name"),
    [(actions, "add_song"), (handler, "_deltas_by_user")],
    ids=["action", "handler"],
)
def test_a_connection_lost_during_a_request_returns_503_once(
    as_alice, execute, monkeypatch, module, name
):
    as_alice.get("/songs/")

    def ended(*_arguments, **_options):
        _end_connections(execute)
        db.session.execute(sa.text("SELECT 1"))

    with monkeypatch.context() as patch:
        patch.setattr(module, name, ended)
        page = as_alice.post("/songs/", **SONG)
    assert (page.status, kept(page)) == (503, SONG)
    assert as_alice.post("/songs/", **SONG).status == 303


def test_a_server_that_dies_after_a_commit_returns_503(as_alice, monkeypatch):
    as_alice.get("/songs/")

    def commit(connection):
        connection.close()
        message = "received 2 results from command 'COMMIT'"
        raise psycopg.InternalError(message)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Connection, "commit", commit)
        page = as_alice.post("/songs/", **SONG)
    assert (page.status, kept(page)) == (503, SONG)
    assert as_alice.post("/songs/", **SONG).status == 303


def test_a_connection_lost_after_the_response_changes_nothing(app, as_alice, execute):
    as_alice.get("/songs/")

    def ask_and_be_cut_off(response):
        db.session.execute(sa.text("SELECT 1"))
        _end_connections(execute)
        return response

    app.after_request_funcs[None].insert(0, ask_and_be_cut_off)  # the first of them is the last
    assert as_alice.get("/songs/").status == 200
    app.after_request_funcs[None].pop(0)
    assert as_alice.get("/songs/").status == 200


def _end_connections(execute):
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'trackflow'"
    )


def test_a_command_may_take_longer_than_a_page(make_app, hurried, execute):
    hurried("OF_A_STATEMENT")
    app = make_app()
    execute("UPDATE achievements SET name = 'Something else' WHERE code = 'dreamer'")
    execute(SLOW.format(table="achievements"))
    assert "1 changed" in run_command(app, "achievements", "sync")


def test_a_job_may_take_longer_than_a_page(make_app, hurried):
    hurried("OF_A_STATEMENT")
    jobs = make_app().extensions["trackflow.jobs"]
    with jobs.context():
        db.session.execute(sa.text("SELECT pg_sleep(2)"))


def test_long_running_work_restores_the_timeouts(app):
    with app.app_context():
        with database.without_timeouts():
            db.session.execute(sa.text("SELECT 1"))
            db.session.commit()
        assert db.session.scalar(sa.text("SHOW statement_timeout")) == "5s"


PRELOADED = """
import pathlib
import sqlalchemy as sa
from trackflow_web.kernel.database import db
from wsgi import app

with app.app_context():
    pid = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
pathlib.Path(__file__).with_suffix(".pid").write_text(str(pid))
"""


def test_workers_do_not_use_connections_opened_before_the_fork(database_url, tmp_path, execute):
    (tmp_path / "preloaded.py").write_text(PRELOADED)
    options = ("--preload", "--workers", "2", "--pythonpath", str(tmp_path))
    last_used = "SELECT query_start FROM pg_stat_activity WHERE pid = %s"

    def get(_number):
        return requests.get(f"{address}/healthz", timeout=10).status_code

    with gunicorn(database_url, tmp_path, *options, application="preloaded:app") as address:
        pid = int((tmp_path / "preloaded.pid").read_text())
        before = execute(last_used, pid)
        assert before, "the master holds no connection: this test would show nothing"
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(get, range(40))) == {200}
        assert execute(last_used, pid) == before


def test_no_statement_is_compiled(app):
    with app.app_context():
        assert db.session.scalar(sa.text("SHOW jit")) == "off"
