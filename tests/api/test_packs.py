"""The API of packs."""

from __future__ import annotations

import pytest

from tests.support.people import work_together


@pytest.fixture
def song(program):
    return program.post("/api/songs/", title="One", artist="Metallica").json


@pytest.fixture
def pack(program):
    return program.post("/api/packs/", name="Encore").json


def _names(answer):
    return [pack["name"] for pack in answer.json["items"]]


def test_creating_a_pack_returns_its_location(program):
    answer = program.post("/api/packs/", name="  Encore ")

    assert answer.status_code == 201
    assert answer.location == f"/api/packs/{answer.json['id']}"
    assert program.get(answer.location).json == answer.json
    assert answer.json | {"created_at": ""} == {
        "id": answer.json["id"],
        "name": "Encore",
        "songs": 0,
        "released": 0,
        "authored": 0,
        "parts_done": 0,
        "parts_skipped": 0,
        "parts_total": 0,
        "created_at": "",
        "completed_at": None,
    }


@pytest.mark.both_databases
def test_the_list_is_paginated_newest_first(program, program_of, bob):
    program_of(bob).post("/api/packs/", name="Bob's")
    for name in ("First", "Second", "Third"):
        program.post("/api/packs/", name=name)
    first = program.get("/api/packs/", limit=2)

    assert _names(first) == ["Third", "Second"]
    rest = program.get("/api/packs/", limit=2, cursor=first.json["next"])
    assert (_names(rest), rest.json["next"]) == (["First"], None)


def test_a_pack_is_renamed(program, pack):
    assert program.post(f"/api/packs/{pack['id']}", name="Afters").json["name"] == "Afters"
    assert _names(program.get("/api/packs/")) == ["Afters"]


def test_a_duplicate_pack_is_rejected_with_the_id_of_the_first(program, pack):
    other = program.post("/api/packs/", name="Other").json
    for address in ("/api/packs/", f"/api/packs/{other['id']}"):
        answer = program.post(address, name="ENCORE")
        assert answer.status_code == 422
        assert answer.json["existing_id"] == pack["id"]
        assert list(answer.json["errors"]) == ["name"]


@pytest.mark.both_databases
def test_an_invalid_name_is_rejected(subtests, program, pack):
    for name in ["", " ", None, 7, ["a"], "a\x00b", "\ud800", "x" * 60_000]:
        with subtests.test(name=name):
            for address in ("/api/packs/", f"/api/packs/{pack['id']}"):
                answer = program.post(address, name=name)
                assert (answer.status_code, list(answer.json["errors"])) == (422, ["name"])


def test_a_body_over_the_size_limit_is_rejected(program):
    assert program.post("/api/packs/", name="x" * 100_000).status_code == 413


def test_songs_are_added_and_removed(program, pack, song):
    address = f"/api/packs/{pack['id']}"
    put = program.post(f"{address}/songs", song_id=song["id"], optional=True).json

    assert (put["pack_id"], put["is_optional"]) == (pack["id"], True)
    assert program.get(f"{address}/songs").json == {"items": [put], "next": None}
    assert program.get(address).json["songs"] == 1
    out = program.post(f"{address}/songs/{song['id']}/delete")
    assert (out.json["pack_id"], out.json["is_optional"]) == (None, False)
    assert program.post(f"{address}/songs/{song['id']}/delete").status_code == 404


@pytest.mark.both_databases
def test_the_songs_of_a_pack_are_paginated(program, pack):
    for number in range(3):
        program.post("/api/songs/", title=f"{number}", artist="A", pack_id=pack["id"])
    first = program.get(f"/api/packs/{pack['id']}/songs", limit=2).json
    rest = program.get(f"/api/packs/{pack['id']}/songs", cursor=first["next"]).json

    assert [song["title"] for song in first["items"] + rest["items"]] == ["2", "1", "0"]


@pytest.mark.both_databases
def test_another_users_song_is_rejected_by_field(subtests, program, pack):
    for song_id in [None, 0, -1, 1.5, "one", "١", True, 10**18, 10**30, 987_654]:
        with subtests.test(song_id=song_id):
            answer = program.post(f"/api/packs/{pack['id']}/songs", song_id=song_id)

            assert (answer.status_code, list(answer.json["errors"])) == (422, ["song_id"])


def test_optional_must_be_a_boolean(subtests, program, pack, song):
    for optional in [1, "yes", None, []]:
        with subtests.test(optional=optional):
            answer = program.post(
                f"/api/packs/{pack['id']}/songs", song_id=song["id"], optional=optional
            )

            assert answer.json["errors"] == {"optional": "This must be true or false."}


def test_completing_a_pack_returns_completed_at(program, pack, song):
    for part in program.get(f"/api/songs/{song['id']}/parts").json["items"]:
        program.post(f"/api/songs/{song['id']}/parts/{part['id']}", state="done")
    program.post(f"/api/packs/{pack['id']}/songs", song_id=song["id"])

    shown = program.get(f"/api/packs/{pack['id']}").json
    assert shown["completed_at"]
    assert (shown["authored"], shown["parts_done"], shown["parts_total"]) == (1, 15, 15)


def test_releasing_a_pack_twice_releases_nothing_more(program, pack):
    for number in range(3):
        program.post("/api/songs/", title=f"{number}", artist="A", pack_id=pack["id"])
    release = f"/api/packs/{pack['id']}/release"

    assert [program.post(release).json for _ in range(2)] == [{"released": 3}, {"released": 0}]
    assert program.get(f"/api/packs/{pack['id']}").json["released"] == 3


def test_a_collaborator_is_added_to_every_song_of_a_pack(
    app, program, program_of, pack, alice, bob
):
    work_together(app, alice, bob)
    for number in range(2):
        program.post("/api/songs/", title=f"{number}", artist="A", pack_id=pack["id"])
    address = f"/api/packs/{pack['id']}/collaborators"

    answers = [program.post(address, username="bob").json for _ in range(2)]
    assert answers == [{"added": 2, "state": "added"}, {"added": 0, "state": "added"}]
    assert len(program_of(bob).get("/api/songs/").json["items"]) == 2
    assert list(program.post(address, username="nobody").json["errors"]) == ["username"]


def test_deleting_a_pack_keeps_its_songs(program, pack, song):
    program.post(f"/api/packs/{pack['id']}/songs", song_id=song["id"], optional=True)
    delete = f"/api/packs/{pack['id']}/delete"

    deleted = program.post(delete).json
    assert deleted["deleted"] == pack["id"]
    assert program.post(delete).status_code == 404
    left = program.get(f"/api/songs/{song['id']}").json
    assert (left["pack_id"], left["is_optional"]) == (None, False)
    undone = program.post(f"/api/undo/{deleted['undo']}").json
    assert undone == {"kind": "pack_deleted", "changed": 1}
    restored = program.get(f"/api/songs/{song['id']}").json
    assert (restored["pack_id"], restored["is_optional"]) == (pack["id"], True)


# --- songs with a pack -------------------------------------------------------------------------


def test_a_song_can_change_its_pack(program, pack):
    other = program.post("/api/packs/", name="Other").json["id"]
    song = program.post("/api/songs/", title="A", artist="B", pack_id=pack["id"]).json
    address = f"/api/songs/{song['id']}"

    assert song["pack_id"] == pack["id"]
    assert program.post(address, title="C").json["pack_id"] == pack["id"]
    assert program.post(address, pack_id=other).json["pack_id"] == other
    assert program.post(address, pack_id=None).json["pack_id"] is None
    assert program.get(address).json["title"] == "C"


@pytest.mark.both_databases
def test_another_users_pack_is_rejected_by_field_and_adds_nothing(subtests, program, song):
    for pack_id in [0, -1, 10**18, 987_654, "x", True]:
        with subtests.test(pack_id=pack_id):
            for address in ("/api/songs/", f"/api/songs/{song['id']}"):
                answer = program.post(address, title="A", artist="B", pack_id=pack_id)
                assert (answer.status_code, list(answer.json["errors"])) == (422, ["pack_id"])
            assert program.get("/api/songs/").json["items"] == [song]


def test_a_collaborator_cannot_move_a_song_into_their_own_pack(
    app, program, program_of, pack, song, alice, bob
):
    work_together(app, alice, bob)
    bobs = program_of(bob)
    own = bobs.post("/api/packs/", name="Bob's").json["id"]
    program.post(f"/api/songs/{song['id']}/collaborators", username="bob")

    for address, status in (("/api/songs/", 422), (f"/api/songs/{song['id']}", 403)):
        answer = bobs.post(address, title="A", artist="B", pack_id=pack["id"])
        assert answer.status_code == status
    assert bobs.post(f"/api/packs/{own}/songs", song_id=song["id"]).status_code == 422
    assert program.get(f"/api/songs/{song['id']}").json["pack_id"] is None


def test_packs_return_404_to_other_users(subtests, program, program_of, pack, song, bob):
    for method, rest, fields in [
        ("GET", "", None),
        ("POST", "", {"name": "Mine"}),
        ("POST", "/delete", {}),
        ("GET", "/songs", None),
        ("POST", "/songs", {"song_id": 1}),
        ("POST", "/songs/1/delete", {}),
        ("POST", "/release", {}),
        ("POST", "/collaborators", {"username": "charlie"}),
        ("POST", "/collaborators/1/delete", {}),
    ]:
        with subtests.test(method=method, rest=rest, fields=fields):
            program.post(f"/api/packs/{pack['id']}/songs", song_id=song["id"])
            program.post(f"/api/packs/{pack['id']}/collaborators", username="bob")
            before = program.get(f"/api/packs/{pack['id']}").json
            helper = program_of(bob)
            answer = helper.request(method, f"/api/packs/{pack['id']}{rest}", json=fields)
            absent = helper.request(method, f"/api/packs/987654{rest}", json=fields)

            assert (answer.status_code, answer.json) == (404, absent.json)
            assert program.get(f"/api/packs/{pack['id']}").json == before
