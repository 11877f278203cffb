"""The API of collaborators: Alice owns the song, Bob collaborates, Charlie has no access."""

from __future__ import annotations

import pytest

from tests.support.people import work_together


@pytest.fixture
def helper(program_of, bob):
    return program_of(bob)


@pytest.fixture(autouse=True)
def _worked_together(app, alice, bob, charlie):
    work_together(app, alice, bob, charlie)


@pytest.fixture
def song(program, bob):
    """A song of Alice's in a pack, with which Bob helps."""
    pack = program.post("/api/packs/", name="Encore").json["id"]
    made = program.post("/api/songs/", title="One", artist="Metallica", pack_id=pack).json
    answer = program.post(f"/api/songs/{made['id']}/collaborators", username="Bob")
    assert (answer.status_code, answer.json) == (
        201,
        {"id": bob.id, "username": "bob", "state": "added"},
    )
    return made


def test_collaborators_see_the_song_but_not_its_pack(program, helper, song):
    shared = {**song, "pack_id": None}

    assert program.get("/api/songs/").json["items"] == [song]
    assert helper.get("/api/songs/").json["items"] == [shared]
    assert helper.get(f"/api/songs/{song['id']}").json == shared
    assert shared["owner"] == "alice"


def test_owner_and_collaborators_see_all_collaborators_of_a_song(
    program, program_of, helper, song, charlie
):
    program.post(f"/api/songs/{song['id']}/collaborators", username="charlie")
    for who in (program, helper, program_of(charlie)):
        answer = who.get(f"/api/songs/{song['id']}/collaborators").json
        assert [one["username"] for one in answer["items"]] == ["bob", "charlie"]
        assert answer["next"] is None
        first = who.get(f"/api/songs/{song['id']}/collaborators", limit=1).json
        rest = who.get(f"/api/songs/{song['id']}/collaborators", cursor=first["next"]).json
        assert [*first["items"], *rest["items"]] == answer["items"]


def test_a_collaborator_may_mark_parts_and_move(program, helper, song):
    address = f"/api/songs/{song['id']}"

    assert helper.get(f"{address}/parts").status_code == 200
    assert helper.post(f"{address}/parts/drums", state="done").status_code == 200
    moved = helper.post(f"{address}/status", status="released").json
    assert (moved["status"], moved["owner"], moved["pack_id"]) == ("released", "alice", None)
    assert program.get(address).json["parts_done"] == 1


def test_a_collaborator_may_not_edit_or_delete(subtests, program, helper, song, charlie):
    for rest, fields in [
        ("", {"title": "Mine"}),
        ("", {"pack_id": None}),
        ("", {}),
        ("/delete", {}),
        ("/collaborators", {"username": "charlie"}),
    ]:
        with subtests.test(rest=rest, fields=fields):
            assert helper.post(f"/api/songs/{song['id']}{rest}", **fields).status_code == 403
            assert program.get(f"/api/songs/{song['id']}").json == song


def test_a_song_returns_404_to_other_users(subtests, program, program_of, song, charlie):
    charlies = program_of(charlie)
    for method, rest, fields in [
        ("GET", "", None),
        ("POST", "", {"title": "Mine"}),
        ("GET", "/parts", None),
        ("POST", "/parts/drums", {"state": "done"}),
        ("POST", "/status", {"status": "wip"}),
        ("POST", "/delete", {}),
        ("GET", "/collaborators", None),
        ("POST", "/collaborators", {"username": "charlie"}),
        ("POST", "/collaborators/1/delete", {}),
    ]:
        with subtests.test(method=method, rest=rest, fields=fields):
            answer = charlies.request(method, f"/api/songs/{song['id']}{rest}", json=fields)
            absent = charlies.request(method, f"/api/songs/987654{rest}", json=fields)

            assert (answer.status_code, answer.json) == (404, absent.json)
            assert program.get(f"/api/songs/{song['id']}").json == song


def test_a_collaborator_leaves_a_song(helper, song, bob):
    leave = f"/api/songs/{song['id']}/collaborators/{bob.id}/delete"

    assert helper.post(leave).json == {"deleted": bob.id}
    assert helper.post(leave).status_code == 404
    assert helper.get(f"/api/songs/{song['id']}").status_code == 404
    assert helper.get("/api/songs/").json["items"] == []


def test_a_removed_collaborator_loses_access_at_once(program, helper, song, bob):
    remove = f"/api/songs/{song['id']}/collaborators/{bob.id}/delete"

    assert program.post(remove).status_code == 200
    assert program.post(remove).status_code == 404
    ticked = helper.post(f"/api/songs/{song['id']}/parts/drums", state="done")
    assert ticked.status_code == 404


def test_a_collaborator_may_not_remove_others(program, helper, song, charlie, alice):
    program.post(f"/api/songs/{song['id']}/collaborators", username="charlie")
    for user_id in (charlie.id, alice.id, 987_654):
        answer = helper.post(f"/api/songs/{song['id']}/collaborators/{user_id}/delete")
        assert answer.status_code == 403


@pytest.mark.both_databases
def test_an_invalid_collaborator_is_rejected(subtests, program, song):
    for username in ["alice", "nobody", "", None, 7, "bob", "b\x00b", "x" * 9_000]:
        with subtests.test(username=username):
            answer = program.post(f"/api/songs/{song['id']}/collaborators", username=username)

            assert (answer.status_code, list(answer.json["errors"])) == (422, ["username"])


def test_a_read_token_may_not_change_collaborators(program_of, alice, song):
    reader = program_of(alice, scope="read")

    assert reader.get(f"/api/songs/{song['id']}/collaborators").status_code == 200
    answer = reader.post(f"/api/songs/{song['id']}/collaborators", username="bob")
    assert answer.status_code == 403
