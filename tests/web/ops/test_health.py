"""`/healthz`: quick, whatever the database does, and about nobody."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.charter import statements_of
from trackflow_web.kernel import database
from trackflow_web.kernel.database import db
from trackflow_web.web.ops import health


@pytest.mark.both_databases
def test_the_health_check_returns_ok_while_the_database_responds(stranger):
    page = stranger.get("/healthz")
    assert (page.status, page.html) == (200, "ok")


def test_the_health_check_returns_503_without_a_database(make_app, tmp_path):
    client = make_app(DATABASE_URL=f"sqlite:///{tmp_path}/none/at/all.sqlite3").test_client()
    assert client.get("/healthz").status_code == 503


def test_the_health_check_loads_no_user_and_sets_no_cookie(app, as_alice):
    with statements_of(app) as seen:
        page = as_alice.get("/healthz")
    assert list(seen) == ["SELECT 1"]
    assert "Set-Cookie" not in page.headers


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
    databases.server.process.send_signal(signal.SIGSTOP)  # nobody takes new connections
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
