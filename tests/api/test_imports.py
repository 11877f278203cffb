"""The API of imports."""

from __future__ import annotations

import pytest

FILE = "title,artist,year\nOne,Metallica,1988\nHurt,Johnny Cash,2002\nONE,the metallica,1988\n"


def begin(program, **fields):
    return program.post("/api/imports/", **{"file": FILE, "name": "Mix", **fields})


def test_a_playlist_is_imported_through_the_api(program):
    answer = begin(program, status="wip")
    assert answer.status_code == 201
    done = program.get(answer.location).json
    assert (done["state"], done["imported"], done["skipped"]) == ("done", 2, 1)
    assert done["percent"] == 100
    assert [item["id"] for item in program.get("/api/imports/").json["items"]] == [done["id"]]
    songs = program.get("/api/songs/", status="wip").json["items"]
    assert {song["title"] for song in songs} == {"One", "Hurt"}


@pytest.mark.both_databases
def test_the_rows_of_an_import_are_paginated(program):
    address = begin(program).location
    first = program.get(f"{address}/rows", limit=2).json
    rest = program.get(f"{address}/rows", limit=2, cursor=first["next"]).json
    rows = first["items"] + rest["items"]
    assert [(row["id"], row["outcome"]) for row in rows] == [
        (1, "imported"),
        (2, "imported"),
        (3, "skipped"),
    ]
    assert rest["next"] is None
    assert len(program.get(f"{address}/rows", outcome="skipped").json["items"]) == 1


@pytest.mark.both_databases
def test_a_whole_library_fits_into_one_request(program):
    lines = "".join(f"A song of some length {number},Somebody\n" for number in range(5_000))
    answer = begin(program, file=f"title,artist\n{lines}")
    assert program.get(answer.location).json["imported"] == 5_000


@pytest.mark.both_databases
def test_an_invalid_import_is_rejected_by_field(subtests, program):
    for fields in [
        {"file": ""},
        {"file": "colour\nred\n"},
        {"file": f"title,artist,{'x' * 140_000}\nA,B,c\n"},
        {"file": 5},
        {"name": "x" * 201},
        {"status": "sold"},
        {"playlist": "3cEYpjA9oz9GiPac4AsH4n"},
    ]:
        with subtests.test(fields=fields):
            assert begin(program, **fields).status_code == 422
            assert program.get("/api/imports/").json["items"] == []


def test_an_import_can_be_undone_or_cancelled(program):
    address = begin(program).location
    assert program.post(f"{address}/cancel").json["state"] == "done"
    assert program.post(f"{address}/undo").json == {"removed": 2}
    assert program.get(address).json["state"] == "undone"
    assert program.post(f"{address}/undo").status_code == 422


def test_imports_return_404_to_other_users(program, program_of, charlie):
    address = begin(program).location
    other = program_of(charlie)
    assert other.get(address).status_code == 404
    assert other.get(f"{address}/rows").status_code == 404
    assert other.post(f"{address}/undo").status_code == 404


def test_a_read_token_may_not_begin_an_import(program_of, alice):
    assert begin(program_of(alice, scope="read")).status_code == 403
