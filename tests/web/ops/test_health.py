"""`/healthz`: quick with any state of the database, and without a session."""

from __future__ import annotations

import shutil
import signal
import time

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from tests.support.browsing import Browser
from tests.support.charter import statements_of
from tests.support.databases import close
from trackflow_web.kernel import database
from trackflow_web.kernel.database import db
from trackflow_web.web.ops import health


@pytest.mark.both_databases
def test_the_health_check_returns_ok_while_the_database_responds(stranger):
    page = stranger.get("/healthz")
    assert (page.status, page.html) == (200, "ok")


def test_the_health_check_returns_503_without_a_database(make_app, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    client = make_app(DATABASE_URL=f"sqlite:///{folder}/all.sqlite3").test_client()
    shutil.rmtree(folder)
    assert client.get("/healthz").status_code == 503


def test_the_health_check_loads_no_user_and_sets_no_cookie(app, as_alice):
    with statements_of(app) as seen:
        page = as_alice.get("/healthz")
    assert list(seen) == ["SELECT version_num FROM alembic_version"]
    assert "Set-Cookie" not in page.headers


@pytest.fixture
def unmigrated(databases, new_app):
    url = databases.empty()
    app = new_app(url)
    yield app
    close(app)
    databases.drop(url)


@pytest.mark.both_databases
@pytest.mark.fault("C3")
def test_a_database_without_tables_is_not_ready(unmigrated, capsys):
    page = Browser(unmigrated).get("/healthz")
    assert (page.status, page.html) == (503, "not migrated")
    assert capsys.readouterr().out.count("database_not_migrated") == 1


@pytest.mark.both_databases
@pytest.mark.fault("C3")
def test_forms_without_tables_log_one_error(unmigrated, capsys):
    browser = Browser(unmigrated)
    token = browser.get("/login").one("input[name=csrf_token]")["value"]
    form = {"username": "alice", "password": "x", "csrf_token": token}
    page = browser.post("/login", **form)
    assert page.status == 503
    assert "isn't migrated" in page.text
    assert "Try again" not in page.text
    assert "Retry-After" not in page.headers
    lines = capsys.readouterr().out
    assert lines.count("database_not_migrated") == 1
    assert "Traceback" not in lines
    client = unmigrated.test_client()
    answer = client.get("/api/songs/", headers={"Authorization": "Bearer tf_x"})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "migrated" in answer.json["detail"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("revision", "expected"),
    [("0001", "not migrated"), ("9999", "ok"), (None, "not migrated")],
)
@pytest.mark.fault("C3")
def test_older_tables_are_not_ready_and_newer_ones_are(make_app, databases, revision, expected):
    url = databases.create()
    app = make_app(DATABASE_URL=url)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:r)"), {"r": revision})
    assert Browser(app).get("/healthz").html == expected
    close(app)
    databases.drop(url)


def test_the_newest_migration_is_found_by_its_file():
    scripts = ScriptDirectory(str(health.MIGRATIONS.parent))
    assert health.revisions()[-1] == scripts.get_current_head()


@pytest.mark.postgresql
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_the_health_check_does_not_wait_for_a_hanging_database(
    app, databases, stranger, monkeypatch
):
    assert health.SECONDS == 2
    monkeypatch.setattr(health, "SECONDS", 0.2)
    stranger.get("/healthz")
    with app.app_context():
        db.engine.dispose()
    databases.server.process.send_signal(signal.SIGSTOP)  # no new connections are accepted
    try:
        begun = time.monotonic()
        assert stranger.get("/healthz").status == 503
        assert stranger.get("/healthz").status == 503
        seconds = time.monotonic() - begun
    finally:
        databases.server.process.send_signal(signal.SIGCONT)
    assert seconds < database.SECONDS_TO_WAIT_FOR_A_CONNECTION
    assert _until_ok(stranger)


def _until_ok(stranger):
    return any(stranger.get("/healthz").status == 200 for _ in range(10))
