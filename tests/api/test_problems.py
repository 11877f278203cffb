"""Whatever goes wrong under /api/, programs can read it."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from trackflow_web.domain.songs import queries
from trackflow_web.kernel import transactions
from trackflow_web.kernel.errors import Forbidden, TooMany
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
def test_an_unknown_address_is_a_problem(client, path, method):
    headers = {"Sec-Fetch-Site": "cross-site"}
    _is_problem(client.open(path, method=method, headers=headers), 404)


def test_another_method_is_a_problem_that_names_the_right_ones(client):
    answer = _is_problem(client.delete("/api/songs/"), 405)

    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_method_cannot_be_disguised(program):
    song = program.post("/api/songs/", title="One", artist="Metallica").json
    headers = {"X-HTTP-Method-Override": "POST"}
    answer = program.request("GET", f"/api/songs/{song['id']}/delete", headers=headers)

    _is_problem(answer, 405)


def test_outside_of_the_api_errors_stay_pages(stranger):
    assert "text/html" in stranger.get("/apiary").headers["Content-Type"]


def test_what_nobody_expected_gets_a_reference_and_tells_nothing(program, monkeypatch):
    monkeypatch.setattr(queries, "songs_after", _raise(RuntimeError("SELECT secret")))
    answer = _is_problem(program.get("/api/songs/"), 500)

    assert len(answer.json["reference"]) == 8
    assert "secret" not in answer.text


def test_a_busy_database_says_when_to_come_again(program, monkeypatch):
    monkeypatch.setattr(queries, "songs_after", _raise(BUSY))
    answer = _is_problem(program.get("/api/songs/"), 503)

    assert int(answer.headers["Retry-After"]) > 0


def test_a_commit_that_fails_is_a_problem_too(program, monkeypatch):
    program.get("/api/songs/")
    with monkeypatch.context() as patch:
        patch.setattr(transactions, "commit", _raise(BUSY))
        answer = program.post("/api/songs/", title="One", artist="Metallica")

    _is_problem(answer, 503)
    assert answer.headers["Retry-After"]
    assert program.get("/api/songs/").json["items"] == []


def test_while_somebody_holds_the_database_programs_still_read(program, database_url):
    holder = sqlite3.connect(sa.make_url(database_url).database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answer = program.get("/api/songs/")
    holder.close()

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("error", "status"), [(TooMany("Slowly.", 7), 429), (Forbidden("Not this."), 403)]
)
def test_what_the_domain_refuses_is_told_in_its_words(program, monkeypatch, error, status):
    monkeypatch.setattr(queries, "songs_after", _raise(error))
    answer = _is_problem(program.get("/api/songs/"), status)

    assert answer.json["detail"] == str(error)
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)


def test_no_sentence_speaks_of_pages_or_browsers(client):
    details = [client.get("/api/nothing").json["detail"], *problems.DETAILS.values()]

    assert not [detail for detail in details if "URL" in detail or "page" in detail]
