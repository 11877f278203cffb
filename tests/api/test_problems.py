"""Every error below /api/ is a problem document."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from trackflow_web.domain.songs import queries
from trackflow_web.kernel import failpoints
from trackflow_web.kernel.errors import Forbidden, TooMany
from trackflow_web.kernel.failpoints import Point
from trackflow_web.web import problems

BUSY = OperationalError("SELECT 1", {}, Exception("database is locked"))


def _is_problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["status"] == status
    assert {"type", "title", "detail"} <= set(answer.json)
    return answer


def _raise(error):
    def instead(*_arguments, **_options):
        raise error

    return instead


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/songs/1/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_url_returns_a_problem(client, path, method):
    headers = {"Sec-Fetch-Site": "cross-site"}
    _is_problem(client.open(path, method=method, headers=headers), 404)


def test_a_wrong_method_returns_a_problem_with_the_allowed_methods(client):
    answer = _is_problem(client.delete("/api/songs/"), 405)

    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_method_override_header_is_ignored(program):
    song = program.post("/api/songs/", title="One", artist="Metallica").json
    headers = {"X-HTTP-Method-Override": "POST"}
    answer = program.request("GET", f"/api/songs/{song['id']}/delete", headers=headers)

    _is_problem(answer, 405)


def test_errors_outside_the_api_are_pages(stranger):
    assert "text/html" in stranger.get("/apiary").headers["Content-Type"]


def test_an_unexpected_error_returns_a_reference_and_no_details(program, monkeypatch):
    monkeypatch.setattr(queries, "songs_after", _raise(RuntimeError("SELECT secret")))
    answer = _is_problem(program.get("/api/songs/"), 500)

    assert len(answer.json["reference"]) == 8
    assert "secret" not in answer.text


def test_a_busy_database_returns_503_with_retry_after(program, monkeypatch):
    monkeypatch.setattr(queries, "songs_after", _raise(BUSY))
    answer = _is_problem(program.get("/api/songs/"), 503)

    assert int(answer.headers["Retry-After"]) > 0


def test_a_failed_commit_returns_a_problem(program):
    program.get("/api/songs/")
    with failpoints.failing(Point.BEFORE_COMMIT, BUSY):
        answer = program.post("/api/songs/", title="One", artist="Metallica")

    _is_problem(answer, 503)
    assert answer.headers["Retry-After"]
    assert program.get("/api/songs/").json["items"] == []


def test_reads_succeed_while_another_process_writes(program, database_url):
    holder = sqlite3.connect(sa.make_url(database_url).database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answer = program.get("/api/songs/")
    holder.close()

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("error", "status"), [(TooMany("Slowly.", 7), 429), (Forbidden("Not this."), 403)]
)
def test_domain_errors_keep_their_messages(program, monkeypatch, error, status):
    monkeypatch.setattr(queries, "songs_after", _raise(error))
    answer = _is_problem(program.get("/api/songs/"), status)

    assert answer.json["detail"] == str(error)
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)


def test_no_problem_mentions_pages_or_browsers(client):
    details = [client.get("/api/nothing").json["detail"], *problems.DETAILS.values()]

    assert not [detail for detail in details if "URL" in detail or "page" in detail]
