"""The API of songs."""

from __future__ import annotations

import pytest

ONE = {"title": "One", "artist": "Metallica"}


def _add(program, **fields):
    return program.post("/api/songs/", **{**ONE, **fields}).json


def _titles(answer):
    return [song["title"] for song in answer.json["items"]]


def test_adding_a_song_returns_its_location(program):
    answer = program.post("/api/songs/", **ONE, album="...And Justice for All", year=1988)

    assert answer.status_code == 201
    assert answer.location == f"/api/songs/{answer.json['id']}"
    assert program.get(answer.location).json == answer.json
    assert answer.json | {"created_at": "", "updated_at": ""} == {
        "id": answer.json["id"],
        "title": "One",
        "artist": "Metallica",
        "album": "...And Justice for All",
        "year": 1988,
        "status": "future",
        "owner": "alice",
        "pack_id": None,
        "is_optional": False,
        "notes": "",
        "due_on": None,
        "video_url": "",
        "download_url": "",
        "parts_done": 0,
        "parts_skipped": 0,
        "parts_total": 15,
        "released_at": None,
        "created_at": "",
        "updated_at": "",
    }


def test_the_cookie_works_like_a_token(as_alice):
    answer = as_alice.api("POST", "/api/songs/", ONE)

    assert answer.status == 201
    assert as_alice.api("GET", "/api/songs/").json["items"] == [answer.json]


def test_the_list_contains_only_the_callers_songs(program, program_of, bob):
    _add(program_of(bob), title="Bob's")
    _add(program)

    assert _titles(program.get("/api/songs/")) == ["One"]


@pytest.mark.both_databases
def test_the_list_can_be_filtered(program):
    _add(program, title="Orion", status="wip")
    _add(program, title="One")

    assert _titles(program.get("/api/songs/", status="wip")) == ["Orion"]
    assert _titles(program.get("/api/songs/", q="ORI")) == ["Orion"]
    assert _titles(program.get("/api/songs/", q="100%")) == []


@pytest.mark.both_databases
def test_the_list_is_paginated(program):
    for number in range(5):
        _add(program, title=f"Song {number}")
    found, cursor = [], ""
    while cursor is not None:
        answer = program.get("/api/songs/", limit=2, cursor=cursor)
        assert len(answer.json["items"]) <= 2
        found += _titles(answer)
        cursor = answer.json["next"]

    assert found == ["Song 4", "Song 3", "Song 2", "Song 1", "Song 0"]


def test_a_full_last_page_has_no_next_cursor(program):
    _add(program, title="One")
    _add(program, title="Two")

    assert program.get("/api/songs/", limit=2).json["next"] is None


@pytest.mark.both_databases
def test_a_song_added_meanwhile_does_not_shift_the_pages(program):
    for number in range(3):
        _add(program, title=f"Song {number}")
    cursor = program.get("/api/songs/", limit=2).json["next"]
    _add(program, title="Newer")

    assert _titles(program.get("/api/songs/", limit=2, cursor=cursor)) == ["Song 0"]


def test_an_invalid_limit_is_rejected_by_name(subtests, program):
    for limit in ["0", "-1", "101", "a", "NaN", "1.5", "٣", "1" * 40, "", " 5", "5\n", "0005"]:
        with subtests.test(limit=limit):
            answer = program.get("/api/songs/", limit=limit)

            assert answer.status_code == 422
            assert list(answer.json["errors"]) == ["limit"]


@pytest.mark.both_databases
def test_a_forged_cursor_is_rejected_by_name(subtests, program):
    for cursor in ["1", "MQ", "null", "é", "\x00", "x" * 5_000]:
        with subtests.test(cursor=cursor):
            answer = program.get("/api/songs/", cursor=cursor)

            assert answer.status_code == 422
            assert list(answer.json["errors"]) == ["cursor"]


def test_a_cursor_of_another_list_is_rejected(program):
    cursor = program.get("/api/achievements/", limit=1).json["next"]

    assert program.get("/api/songs/", cursor=cursor).status_code == 422


def test_all_invalid_list_arguments_are_reported_at_once(program):
    answer = program.get("/api/songs/", limit=0, cursor="x", status="gone", q="\x00")

    assert set(answer.json["errors"]) == {"limit", "cursor", "status", "q"}


def test_a_duplicate_song_is_rejected_with_the_id_of_the_first(program):
    first = _add(program)
    answer = program.post("/api/songs/", title="ONE", artist="metallica")

    assert answer.status_code == 422
    assert answer.json["existing_id"] == first["id"]
    assert list(answer.json["errors"]) == ["title"]


def test_all_missing_fields_are_reported_at_once(program):
    answer = program.post("/api/songs/")

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"title", "artist"}


@pytest.mark.both_databases
def test_invalid_fields_are_rejected_by_name(subtests, program):
    for field, value in [
        ("title", 7),
        ("title", ["One"]),
        ("title", None),
        ("title", "a\x00b"),
        ("title", "\ud800"),
        ("title", "x" * 201),
        ("artist", {"name": "Metallica"}),
        ("album", True),
        ("year", 10**30),
        ("year", 1988.5),
        ("year", True),
        ("status", "gone"),
        ("status", 0),
        ("status", []),
    ]:
        with subtests.test(field=field, value=value):
            answer = program.post("/api/songs/", **{**ONE, field: value})

            assert answer.status_code == 422
            assert list(answer.json["errors"]) == [field]
            assert program.get("/api/songs/").json["items"] == []


@pytest.mark.parametrize(
    ("year", "kept"),
    [("1999.0", 1999), ("1999-05-03", 1999), (", 1994", 1994), ("TBA", None), ("١٩٨٨", None)],
)
def test_a_year_is_the_first_one_in_the_text_or_none(program, year, kept):
    assert _add(program, year=year)["year"] == kept


def test_unknown_fields_are_ignored(program, bob):
    song = _add(
        program,
        user_id=bob.id,
        owner="bob",
        id=4_711,
        parts_done=15,
        released_at="2020-01-01T00:00:00Z",
        is_admin=True,
    )

    assert (song["owner"], song["parts_done"], song["released_at"]) == ("alice", 0, None)
    assert song["id"] != 4_711


def test_fields_that_are_not_sent_stay_as_they_are(program):
    song = _add(program, album="...And Justice for All", year=1988)
    changed = program.post(f"/api/songs/{song['id']}", title="Two").json

    assert changed["title"] == "Two"
    assert (changed["album"], changed["year"]) == (song["album"], 1988)


def test_fields_that_are_sent_empty_are_emptied(program):
    song = _add(program, album="...And Justice for All", year=1988)
    changed = program.post(f"/api/songs/{song['id']}", album=None, year=None).json

    assert (changed["album"], changed["year"]) == ("", None)


def test_a_partly_invalid_change_changes_nothing(program):
    song = _add(program)
    answer = program.post(f"/api/songs/{song['id']}", title="Two", status="gone")

    assert answer.status_code == 422
    assert program.get(f"/api/songs/{song['id']}").json == song


def test_moving_a_song_returns_its_status(program):
    song = _add(program)
    moved = program.post(f"/api/songs/{song['id']}/status", status="released").json

    assert moved["status"] == "released"
    assert moved["released_at"].endswith("Z")


def test_deleting_a_song_twice_returns_404(program):
    song = _add(program)

    assert program.post(f"/api/songs/{song['id']}/delete").json == {"deleted": song["id"]}
    assert program.post(f"/api/songs/{song['id']}/delete").status_code == 404


def test_songs_return_404_to_other_users(subtests, program, program_of, charlie):
    song = _add(program)
    charlies = program_of(charlie)
    for method, rest, fields in [
        ("GET", "", None),
        ("POST", "", {"title": "Mine"}),
        ("POST", "/status", {"status": "wip"}),
        ("POST", "/delete", {}),
        ("GET", "/parts", None),
        ("POST", "/parts/drums", {"state": "done"}),
    ]:
        with subtests.test(method=method, rest=rest, fields=fields):
            answer = charlies.request(method, f"/api/songs/{song['id']}{rest}", json=fields)
            absent = charlies.request(method, f"/api/songs/987654{rest}", json=fields)

            assert (answer.status_code, answer.json) == (404, absent.json)
            assert program.get(f"/api/songs/{song['id']}").json == song


@pytest.mark.both_databases
def test_an_invalid_id_returns_404(subtests, program):
    for song_id in ["0", "-1", "9" * 30, "١", "1.0", "9223372036854775808"]:
        with subtests.test(song_id=song_id):
            assert program.get(f"/api/songs/{song_id}").status_code == 404


def test_another_version_is_added_anyway(program):
    first = _add(program)
    for anyway in (True, 1):
        assert program.post("/api/songs/", **ONE, anyway=anyway).status_code == 201
    assert len(program.get("/api/songs/").json["items"]) == 3
    assert program.post("/api/songs/", **ONE).json["existing_id"] == first["id"]


def test_a_song_has_notes_due_date_and_links(program):
    details = {
        "notes": "Hard",
        "due_on": "2026-12-24",
        "video_url": "https://video.example/1",
        "download_url": "",
    }
    song = program.post("/api/songs/", **ONE, **details, template="no_keys").json
    assert details.items() <= song.items()
    assert song["parts_skipped"] == 2
    changed = program.post(f"/api/songs/{song['id']}", due_on=None).json
    assert (changed["due_on"], changed["notes"]) == (None, "Hard")
    answer = program.post(f"/api/songs/{song['id']}", video_url="ftp://x.example")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["video_url"])


def test_several_songs_are_deleted_and_restored(program):
    ids = [program.post("/api/songs/", **ONE | {"title": title}).json["id"] for title in "AB"]
    answer = program.post("/api/songs/bulk", songs=[*ids, 987654], action="delete").json
    assert (answer["changed"], answer["missing"]) == (2, 1)
    assert program.get("/api/songs/").json["items"] == []
    undone = program.post(f"/api/undo/{answer['undo']}").json
    assert undone == {"kind": "songs_deleted", "changed": 2}
    assert {song["id"] for song in program.get("/api/songs/").json["items"]} == set(ids)
    assert program.post(f"/api/undo/{answer['undo']}").json["changed"] == 0


def test_a_bulk_action_names_the_invalid_field(program):
    for fields, field in (
        ({"songs": [], "action": "delete"}, "songs"),
        ({"songs": [1], "action": "move", "status": "gone"}, "status"),
        ({"songs": [1], "action": "part", "part": "kazoo"}, "part"),
    ):
        answer = program.post("/api/songs/bulk", **fields)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_songs_missing_a_part_are_listed(program):
    song = program.post("/api/songs/", **ONE).json
    assert len(program.get("/api/songs/?missing=drums").json["items"]) == 1
    program.post(f"/api/songs/{song['id']}/parts/drums", state="done")
    assert program.get("/api/songs/?missing=drums").json["items"] == []
