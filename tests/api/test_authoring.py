"""The API of the parts of a song."""

from __future__ import annotations

import pytest


@pytest.fixture
def parts(program) -> str:
    """The URL of the parts of a song of Alice's."""
    song = program.post("/api/songs/", title="One", artist="Metallica").json
    return f"/api/songs/{song['id']}/parts"


def test_all_parts_of_a_new_song_are_todo(program, parts):
    items = program.get(parts).json["items"]

    assert len(items) == 15
    assert items[1] == {"id": "midi", "label": "MIDI", "state": "todo"}
    assert {item["state"] for item in items} == {"todo"}


def test_parts_are_returned_in_parts_of_a_list(program, parts):
    whole = program.get(parts).json
    first = program.get(parts, limit=10).json
    rest = program.get(parts, limit=10, cursor=first["next"]).json

    assert [*first["items"], *rest["items"]] == whole["items"]
    assert (len(first["items"]), rest["next"], whole["next"]) == (10, None, None)
    assert list(program.get(parts, limit=0).json["errors"]) == ["limit"]


def test_marking_a_part_returns_its_state(program, parts):
    answer = program.post(f"{parts}/drums", state="done")

    assert answer.json == {"id": "drums", "label": "Drums", "state": "done"}
    assert answer.json in program.get(parts).json["items"]
    assert program.get(parts.removesuffix("/parts")).json["parts_done"] == 1


def test_an_unknown_state_is_rejected_by_field(subtests, program, parts):
    for state in ["finished", "", None, 1]:
        with subtests.test(state=state):
            answer = program.post(f"{parts}/drums", state=state)

            assert (answer.status_code, list(answer.json["errors"])) == (422, ["state"])


def test_an_unknown_part_returns_404(program, parts):
    assert program.post(f"{parts}/triangle", state="done").status_code == 404


def test_a_template_is_saved_used_and_deleted(program, parts):
    saved = program.post("/api/templates/", name="Power trio", not_needed=["pro_keys", "keys"])
    assert saved.status_code == 201
    template = saved.json
    assert template["not_needed"] == ["pro_keys", "keys"]
    assert program.get("/api/templates/").json["items"] == [template]
    items = program.post(parts, template=template["template"]).json["items"]
    assert [item["id"] for item in items if item["state"] == "skip"] == ["pro_keys", "keys"]

    deleted = program.post(f"/api/templates/{template['id']}/delete").json
    assert program.get("/api/templates/").json["items"] == []
    undone = program.post(f"/api/undo/{deleted['undo']}").json
    assert undone == {"kind": "template_deleted", "changed": 1}


def test_an_unusable_template_is_rejected_by_field(subtests, program):
    for fields, named in (
        ({"name": "", "not_needed": ["keys"]}, "name"),
        ({"name": "x" * 41, "not_needed": ["keys"]}, "name"),
        ({"name": "Trio", "not_needed": []}, "name"),
        ({"name": "Trio", "not_needed": ["triangle"]}, "not_needed"),
    ):
        with subtests.test(**fields):
            answer = program.post("/api/templates/", **fields)
            assert (answer.status_code, list(answer.json["errors"])) == (422, [named])
