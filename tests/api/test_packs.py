"""Packs for programs."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.both_databases


@pytest.fixture
def song(program):
    return program.post("/api/songs/", title="One", artist="Metallica").json


@pytest.fixture
def pack(program):
    return program.post("/api/packs/", name="Encore").json


def _names(answer):
    return [pack["name"] for pack in answer.json["items"]]


def test_alice_starts_a_pack_and_is_told_where_it_is(program):
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


def test_the_list_comes_in_pieces_newest_first(program, program_of, bob):
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


def test_a_pack_that_is_there_already_is_named(program, pack):
    other = program.post("/api/packs/", name="Other").json
    for address in ("/api/packs/", f"/api/packs/{other['id']}"):
        answer = program.post(address, name="ENCORE")
        assert answer.status_code == 422
        assert answer.json["existing_id"] == pack["id"]
        assert list(answer.json["errors"]) == ["name"]


def test_a_name_that_will_not_do_is_refused(subtests, program, pack):
    for name in ["", " ", None, 7, ["a"], "a\x00b", "\ud800", "x" * 60_000]:
        with subtests.test(name=name):
            for address in ("/api/packs/", f"/api/packs/{pack['id']}"):
                answer = program.post(address, name=name)
                assert (answer.status_code, list(answer.json["errors"])) == (422, ["name"])


def test_a_body_as_large_as_a_book_is_refused(program):
    assert program.post("/api/packs/", name="x" * 100_000).status_code == 413


def test_songs_go_in_and_out(program, pack, song):
    address = f"/api/packs/{pack['id']}"
    put = program.post(f"{address}/songs", song_id=song["id"], optional=True).json

    assert (put["pack_id"], put["is_optional"]) == (pack["id"], True)
    assert program.get(f"{address}/songs").json == {"items": [put], "next": None}
    assert program.get(address).json["songs"] == 1
    out = program.post(f"{address}/songs/{song['id']}/delete")
    assert (out.json["pack_id"], out.json["is_optional"]) == (None, False)
    assert program.post(f"{address}/songs/{song['id']}/delete").status_code == 404


def test_the_songs_of_a_pack_come_in_pieces(program, pack):
    for number in range(3):
        program.post("/api/songs/", title=f"{number}", artist="A", pack_id=pack["id"])
    first = program.get(f"/api/packs/{pack['id']}/songs", limit=2).json
    rest = program.get(f"/api/packs/{pack['id']}/songs", cursor=first["next"]).json

    assert [song["title"] for song in first["items"] + rest["items"]] == ["2", "1", "0"]


def test_a_strange_song_is_refused_by_name(subtests, program, pack):
    for song_id in [None, 0, -1, 1.5, "one", "١", True, 10**18, 10**30, 987_654]:
        with subtests.test(song_id=song_id):
            answer = program.post(f"/api/packs/{pack['id']}/songs", song_id=song_id)

            assert (answer.status_code, list(answer.json["errors"])) == (422, ["song_id"])


def test_optional_is_true_or_false(subtests, program, pack, song):
    for optional in [1, "yes", None, []]:
        with subtests.test(optional=optional):
            answer = program.post(
                f"/api/packs/{pack['id']}/songs", song_id=song["id"], optional=optional
            )

            assert answer.json["errors"] == {"optional": "This must be true or false."}


def test_the_answer_that_completes_a_pack_says_so(program, pack, song):
    for part in program.get(f"/api/songs/{song['id']}/parts").json["items"]:
        program.post(f"/api/songs/{song['id']}/parts/{part['id']}", state="done")
    program.post(f"/api/packs/{pack['id']}/songs", song_id=song["id"])

    shown = program.get(f"/api/packs/{pack['id']}").json
    assert shown["completed_at"]
    assert (shown["authored"], shown["parts_done"], shown["parts_total"]) == (1, 15, 15)


def test_a_whole_pack_is_released_once(program, pack):
    for number in range(3):
        program.post("/api/songs/", title=f"{number}", artist="A", pack_id=pack["id"])
    release = f"/api/packs/{pack['id']}/release"

    assert [program.post(release).json for _ in range(2)] == [{"released": 3}, {"released": 0}]
    assert program.get(f"/api/packs/{pack['id']}").json["released"] == 3


def test_somebody_helps_with_a_whole_pack(program, program_of, pack, bob):
    for number in range(2):
        program.post("/api/songs/", title=f"{number}", artist="A", pack_id=pack["id"])
    address = f"/api/packs/{pack['id']}/collaborators"

    answers = [program.post(address, username="bob").json for _ in range(2)]
    assert answers == [{"added": 2}, {"added": 0}]
    assert len(program_of(bob).get("/api/songs/").json["items"]) == 2
    assert list(program.post(address, username="nobody").json["errors"]) == ["username"]


def test_a_pack_is_deleted_once_and_its_songs_stay(program, pack, song):
    program.post(f"/api/packs/{pack['id']}/songs", song_id=song["id"], optional=True)
    delete = f"/api/packs/{pack['id']}/delete"

    assert program.post(delete).json == {"deleted": pack["id"]}
    assert program.post(delete).status_code == 404
    left = program.get(f"/api/songs/{song['id']}").json
    assert (left["pack_id"], left["is_optional"]) == (None, False)


# --- songs that say which pack -----------------------------------------------------------------


def test_a_song_is_added_to_a_pack_moved_and_taken_out(program, pack):
    other = program.post("/api/packs/", name="Other").json["id"]
    song = program.post("/api/songs/", title="A", artist="B", pack_id=pack["id"]).json
    address = f"/api/songs/{song['id']}"

    assert song["pack_id"] == pack["id"]
    assert program.post(address, title="C").json["pack_id"] == pack["id"]
    assert program.post(address, pack_id=other).json["pack_id"] == other
    assert program.post(address, pack_id=None).json["pack_id"] is None
    assert program.get(address).json["title"] == "C"


def test_a_strange_pack_is_refused_by_name_and_nothing_is_added(subtests, program, song):
    for pack_id in [0, -1, 10**18, 987_654, "x", True]:
        with subtests.test(pack_id=pack_id):
            for address in ("/api/songs/", f"/api/songs/{song['id']}"):
                answer = program.post(address, title="A", artist="B", pack_id=pack_id)
                assert (answer.status_code, list(answer.json["errors"])) == (422, ["pack_id"])
            assert program.get("/api/songs/").json["items"] == [song]


def test_nobodys_songs_get_into_somebody_elses_pack(program, program_of, pack, song, bob):
    bobs = program_of(bob)
    own = bobs.post("/api/packs/", name="Bob's").json["id"]
    program.post(f"/api/songs/{song['id']}/collaborators", username="bob")

    for address, status in (("/api/songs/", 422), (f"/api/songs/{song['id']}", 403)):
        answer = bobs.post(address, title="A", artist="B", pack_id=pack["id"])
        assert answer.status_code == status
    assert bobs.post(f"/api/packs/{own}/songs", song_id=song["id"]).status_code == 422
    assert program.get(f"/api/songs/{song['id']}").json["pack_id"] is None


def test_to_others_the_packs_of_alice_are_not_there(subtests, program, program_of, pack, song, bob):
    for method, rest, fields in [
        ("GET", "", None),
        ("POST", "", {"name": "Mine"}),
        ("POST", "/delete", {}),
        ("GET", "/songs", None),
        ("POST", "/songs", {"song_id": 1}),
        ("POST", "/songs/1/delete", {}),
        ("POST", "/release", {}),
        ("POST", "/collaborators", {"username": "charlie"}),
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
