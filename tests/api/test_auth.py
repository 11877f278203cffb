"""Authentication of API requests: a cookie with its CSRF token, or a personal token."""

from __future__ import annotations

import pytest

from tests.support.people import working
from trackflow_web.domain.people import administration, queries

ONE = {"title": "One", "artist": "Metallica"}


def _last_used(app, person):
    with app.app_context():
        return queries.tokens_of(person.id)[0].last_used_at


def test_anonymous_requests_get_401_with_a_challenge(client):
    answer = client.get("/api/songs/")

    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert "Location" not in answer.headers


@pytest.mark.both_databases
def test_invalid_credentials_override_the_cookie(subtests, as_alice):
    for credentials in [
        "Bearer tf_bogus",
        "Bearer",
        "",
        "Basic YWxpY2U6eA==",
        "Bearer \xe9",
        "tf_bogus",
        "Bearer a b",
    ]:
        with subtests.test(credentials=credentials):
            headers = {"Authorization": credentials, "X-CSRFToken": as_alice.token()}
            read = as_alice.request("GET", "/api/songs/", headers=headers)
            written = as_alice.request("POST", "/api/songs/", headers=headers, json=ONE)

            assert (read.status, written.status) == (401, 401)
            assert "invalid_token" in read.headers["WWW-Authenticate"]
            assert as_alice.api("GET", "/api/songs/").json["items"] == []


def test_a_token_overrides_the_cookie(as_alice, program_of, bob):
    headers = {"Authorization": f"bearer {program_of(bob).token}"}
    answer = as_alice.request("POST", "/api/songs/", headers=headers, json=ONE)

    assert (answer.status, answer.json["owner"]) == (201, "bob")


def test_a_cookie_without_csrf_token_may_not_write(subtests, as_alice):
    for token in [None, "", "forged"]:
        with subtests.test(token=token):
            headers = {} if token is None else {"X-CSRFToken": token}
            answer = as_alice.request("POST", "/api/songs/", headers=headers, json=ONE)

            assert (answer.status, answer.json["status"]) == (403, 403)
            assert as_alice.api("GET", "/api/songs/").json["items"] == []


def test_a_cross_site_request_may_not_write(as_alice):
    headers = {"X-CSRFToken": as_alice.token(), "Sec-Fetch-Site": "cross-site"}
    answer = as_alice.request("POST", "/api/songs/", headers=headers, json=ONE)

    assert (answer.status, answer.json["status"]) == (403, 403)


def test_a_read_token_may_not_write(program_of, alice):
    reader = program_of(alice, scope="read")
    song = program_of(alice).post("/api/songs/", **ONE).json

    assert reader.get("/api/songs/").json["items"] == [song]
    assert reader.post("/api/songs/", **ONE).status_code == 403
    assert reader.post(f"/api/songs/{song['id']}/delete").status_code == 403


def test_a_token_expires(clock, program):
    clock.move(days=29)
    assert program.get("/api/songs/").status_code == 200
    clock.move(days=1)
    assert program.get("/api/songs/").status_code == 401


@pytest.mark.both_databases
def test_a_token_of_a_banned_account_is_rejected(app, program, alice):
    with working(app):
        administration.ban(alice.user, by=None, why="spam")

    assert program.get("/api/songs/").status_code == 401


def test_a_token_in_the_query_is_ignored(client, program):
    assert client.get("/api/songs/", query_string={"token": program.token}).status_code == 401


@pytest.mark.both_databases
def test_the_use_of_a_token_is_recorded_once_an_hour(app, clock, program, alice):
    assert _last_used(app, alice) is None
    first = clock.at
    program.get("/api/songs/")
    clock.move(minutes=59)
    program.post("/api/songs/", **ONE)
    assert _last_used(app, alice) == first
    clock.move(minutes=1)
    program.get("/api/songs/")
    assert _last_used(app, alice) == clock.at


@pytest.mark.both_databases
def test_the_use_of_a_token_is_recorded_even_when_the_action_is_rejected(app, program, alice):
    program.post("/api/songs/", title="")

    assert _last_used(app, alice) is not None


def test_api_requests_are_not_visits(app, program, alice):
    program.get("/api/songs/")

    with app.app_context():
        assert queries.last_visit(alice.id) is None


def test_responses_allow_no_other_origin_and_no_caching(program):
    answer = program.request("GET", "/api/songs/", headers={"Origin": "https://elsewhere.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
