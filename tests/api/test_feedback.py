"""The API of feature requests and bug reports."""

from __future__ import annotations

import itertools

import pytest

DARK = {"title": "Dark mode", "description": "For the\r\nnight."}
BOARDS = ["/api/features/", "/api/bugs/"]


def _hand_in(program, board, **fields):
    answer = program.post(board, **{**DARK, **fields})
    assert answer.status_code == 201, answer.text
    return answer


def test_submitting_returns_the_location_of_the_item(program):
    answer = _hand_in(program, "/api/features/")
    made = answer.json

    assert answer.location == f"/api/features/{made['id']}"
    assert program.get(answer.location).json == made
    assert made["created_at"] == made["updated_at"]
    assert {name: made[name] for name in made if not name.endswith("_at")} == {
        "id": made["id"],
        "title": "Dark mode",
        "description": "For the\nnight.",
        "status": "open",
        "reason": "",
        "author": "alice",
        "votes": 0,
        "voted": False,
        "comments": 0,
    }


def test_a_bug_report_has_no_votes(program):
    made = _hand_in(program, "/api/bugs/").json

    assert not {"votes", "voted"} & set(made)
    assert program.get(f"/api/features/{made['id']}").status_code == 404
    assert program.post(f"/api/bugs/{made['id']}/vote").status_code == 404


@pytest.mark.both_databases
@pytest.mark.parametrize("board", BOARDS)
def test_the_list_is_paginated(board, program, program_of, bob):
    for number in range(3):
        _hand_in(program, board, title=f"Number {number}")
    first = program_of(bob).get(board, limit=2).json
    rest = program_of(bob).get(board, limit=2, cursor=first["next"]).json

    assert [one["title"] for one in first["items"] + rest["items"]] == [
        "Number 2",
        "Number 1",
        "Number 0",
    ]
    assert rest["next"] is None


@pytest.mark.parametrize("board", BOARDS)
def test_the_list_can_be_filtered(board, program):
    gone = _hand_in(program, board).json["id"]
    _hand_in(program, board, title="Louder")
    program.post(f"{board}{gone}/withdraw")

    assert [one["id"] for one in program.get(board, status="withdrawn").json["items"]] == [gone]
    assert [one["title"] for one in program.get(board, q="LOUD").json["items"]] == ["Louder"]


def test_an_invalid_list_argument_is_rejected_by_name(subtests, program):
    for board, name in itertools.product(BOARDS, ["status", "limit", "cursor"]):
        with subtests.test(board=board, name=name):
            answer = program.get(board, **{name: "nonsense"})

            assert answer.status_code == 422
            assert set(answer.json["errors"]) == {name}


@pytest.mark.both_databases
def test_an_invalid_field_is_rejected_by_name(subtests, program):
    for board, field, bad in itertools.product(
        BOARDS, DARK, ["", " ", "a" * 10_001, 7, None, ["a"], "a\x00"]
    ):
        with subtests.test(board=board, field=field, bad=bad):
            answer = program.post(board, **{**DARK, field: bad})

            assert answer.status_code == 422
            assert set(answer.json["errors"]) == {field}


@pytest.mark.parametrize("board", BOARDS)
def test_comments_are_listed_oldest_first(board, program, program_of, bob, admin):
    address = f"{board}{_hand_in(program, board).json['id']}"
    said = program_of(bob).post(f"{address}/comments", body="Me too.")
    program_of(admin, scope="admin").post(f"{address}/status", status="duplicate", reason="Twice.")

    assert said.status_code == 201
    first = program.get(f"{address}/comments", limit=1).json
    assert first["items"] == [said.json]
    last = program.get(f"{address}/comments", cursor=first["next"]).json["items"]
    assert [(one["author"], one["status"], one["body"]) for one in last] == [
        ("olga", "duplicate", "Twice.")
    ]
    assert program.post(f"{address}/comments", body="").json["errors"] == {
        "body": "Enter a comment."
    }


def test_a_vote_is_set_and_taken_back(program, program_of, bob):
    address = f"/api/features/{_hand_in(program, '/api/features/').json['id']}"
    helper = program_of(bob)
    bodies = [{}, {"set": True}, {"set": 0}, {"set": False}, {"set": 1}]
    votes = [helper.post(f"{address}/vote", **body).json for body in bodies]

    assert [one["voted"] for one in votes] == [True, True, False, False, True]
    assert [one["votes"] for one in votes] == [1, 1, 0, 0, 1]
    assert helper.post(f"{address}/vote", set="yes").status_code == 422
    helper.post(f"{address}/vote", set=False)
    assert program.post(f"{address}/vote").json["votes"] == 0  # her own


@pytest.mark.parametrize("board", BOARDS)
def test_only_the_author_withdraws_and_only_administrators_decide(
    board, program, program_of, bob, admin, client
):
    address = f"{board}{_hand_in(program, board).json['id']}"
    helper, olga = program_of(bob), program_of(admin, scope="admin")

    assert client.get(address).status_code == 401
    assert helper.post(f"{address}/withdraw").status_code == 403
    assert olga.post(f"{address}/withdraw").status_code == 403
    for who in (helper, program):
        assert who.post(f"{address}/status", status="open").status_code == 403
    decided = olga.post(f"{address}/status", status="duplicate", reason="Twice.").json
    assert (decided["status"], decided["reason"]) == ("duplicate", "Twice.")
    assert olga.post(f"{address}/status", status="withdrawn").status_code == 422
    assert program.post(f"{address}/withdraw").json["status"] == "withdrawn"
    reader = program_of(bob, scope="read")
    assert reader.get(address).status_code == 200
    assert reader.post(f"{address}/comments", body="Hm.").status_code == 403


def test_pages_and_api_share_the_limit(program, as_alice):
    for number in range(5):
        _hand_in(program, BOARDS[number % 2])
    answer = program.post("/api/features/", **DARK)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 24 * 3600
    assert as_alice.post("/bugs/", **DARK).status == 429
