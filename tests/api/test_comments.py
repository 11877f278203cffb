"""Comments and reactions through the API."""

from __future__ import annotations

import pytest

from tests.support.talk import Talk


@pytest.fixture
def thread(app, alice):
    return f"/api/comments/pack/{Talk(app, alice).subject.id}"


def test_a_comment_has_its_fields_and_a_thread_its_pages(thread, program, program_of, bob):
    by_bob = program_of(bob)
    posted = by_bob.post(thread, body="*Nice.*")
    assert posted.status_code == 201
    comment = posted.json
    assert comment["author"] == "bob"
    assert (comment["body"], comment["html"]) == ("*Nice.*", "<p><em>Nice.</em></p>\n")
    assert (comment["parent_id"], comment["edited_at"]) == (None, None)
    reply = program.post(thread, body="Thanks.", parent_id=comment["id"]).json
    by_bob.post(thread, body="Second")
    first = program.get(thread, limit=2).json
    assert [item["id"] for item in first["items"]] == [comment["id"], reply["id"]]
    rest = program.get(thread, cursor=first["next"]).json
    assert [item["body"] for item in rest["items"]] == ["Second"]
    assert rest["next"] is None


def test_a_comment_is_changed_and_deleted(thread, program, program_of, bob):
    by_bob = program_of(bob)
    comment_id = by_bob.post(thread, body="Frist").json["id"]
    changed = by_bob.patch(f"/api/comments/{comment_id}", body="First")
    assert (changed.status_code, changed.json["body"]) == (200, "First")
    assert program.patch(f"/api/comments/{comment_id}", body="Mine").status_code == 403
    program.post(thread, body="Yes.", parent_id=comment_id)
    assert by_bob.request("DELETE", f"/api/comments/{comment_id}").status_code == 204
    gone = program.get(thread).json["items"][0]
    assert (gone["author"], gone["body"], gone["html"], gone["deleted"]) == ("bob", "", "", True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": ""}, "body"),
        ({"body": "x" * 2_001}, "body"),
        ({"body": "a\x00"}, "body"),
        ({"body": "x", "parent_id": 999_999}, "parent_id"),
        ({"body": "x", "parent_id": 10**30}, "parent_id"),
    ],
)
def test_invalid_comments_are_rejected_by_name(thread, program, body, field):
    answer = program.request("POST", thread, json=body)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {field}


def test_comments_on_requests_may_be_longer_and_are_the_same_thread(program):
    item = program.post("/api/features/", title="Dark", description="Night.").json["id"]
    posted = program.post(f"/api/comments/feature_request/{item}", body="x" * 5_000)
    assert posted.status_code == 201
    assert program.get(f"/api/features/{item}/comments").json["items"] == [posted.json]
    assert program.get(f"/api/comments/bug_report/{item}").status_code == 404


def test_a_reaction_is_put_and_deleted(thread, program, program_of, bob):
    address = thread.replace("/comments/", "/reactions/")
    by_bob = program_of(bob)
    for kind in ("like", "clean", "clean"):
        answer = by_bob.request("PUT", address, json={"kind": kind})
    assert (answer.status_code, answer.json) == (200, {"counts": {"clean": 1}, "mine": "clean"})
    listed = program.get(address).json
    assert (listed["counts"], listed["mine"]) == ({"clean": 1}, None)
    assert [item["username"] for item in listed["items"]] == ["bob"]
    answer = by_bob.request("DELETE", address)
    assert (answer.status_code, answer.json) == (200, {"counts": {}, "mine": None})
    for kind in ("love", "", None, 5):
        assert by_bob.request("PUT", address, json={"kind": kind}).status_code == 422
    assert program.request("PUT", address, json={"kind": "like"}).status_code == 422


def test_a_comment_sent_twice_with_a_key_is_one(thread, program):
    for _ in range(2):
        answer = program.request(
            "POST", thread, json={"body": "Once"}, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == 201
    assert len(program.get(thread).json["items"]) == 1


def test_an_owner_closes_a_thread(thread, program, program_of, bob):
    closed = program.request("PUT", f"{thread}/closed", json={"closed": True})
    assert (closed.status_code, closed.json) == (200, {"closed": True})
    assert program_of(bob).post(thread, body="Hm").status_code == 422
