"""The API of invitations: Alice invites, Bob accepts or declines."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser


@pytest.fixture
def invitee(program_of, bob):
    return program_of(bob)


@pytest.fixture
def song(program, bob):
    """A song of Alice's to which Bob is invited."""
    made = program.post("/api/songs/", title="One", artist="Metallica").json
    answer = program.post(f"/api/songs/{made['id']}/collaborators", username="bob")
    assert (answer.status_code, answer.json["state"]) == (201, "invited")
    return made


@pytest.fixture
def invitation(invitee, song):
    (item,) = invitee.get("/api/invitations/").json["items"]
    return item


def test_an_invitation_says_who_invites_to_what(invitation, song):
    assert invitation["id"]
    assert invitation["created_at"]
    del invitation["id"], invitation["created_at"]
    assert invitation == {
        "state": "pending",
        "inviter": "alice",
        "song_id": song["id"],
        "pack_id": None,
        "name": "One",
        "artist": "Metallica",
    }


def test_accepting_adds_a_collaborator_once(program, invitee, song, invitation):
    accept = f"/api/invitations/{invitation['id']}/accept"
    assert invitee.get(f"/api/songs/{song['id']}").status_code == 404
    for _ in range(2):
        assert invitee.post(accept).json == {**invitation, "state": "accepted"}
    assert invitee.get(f"/api/songs/{song['id']}").status_code == 200
    assert invitee.get("/api/invitations/").json == {"items": [], "next": None}
    helpers = program.get(f"/api/songs/{song['id']}/collaborators").json["items"]
    assert [each["username"] for each in helpers] == ["bob"]
    assert invitee.post(f"/api/invitations/{invitation['id']}/decline").status_code == 422


@pytest.mark.fault("D3")
def test_declining_is_permanent(program, invitee, song, invitation):
    address = f"/api/invitations/{invitation['id']}"
    for _ in range(2):
        assert invitee.post(f"{address}/decline").json == {**invitation, "state": "declined"}
    assert invitee.post(f"{address}/accept").status_code == 422
    answer = program.post(f"/api/songs/{song['id']}/collaborators", username="bob")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["username"])


@pytest.mark.fault("D3")
def test_a_pack_is_one_invitation(program, invitee, bob):
    pack = program.post("/api/packs/", name="Encore").json["id"]
    for title in ("One", "Two"):
        program.post("/api/songs/", title=title, artist="Metallica", pack_id=pack)
    address = f"/api/packs/{pack}/collaborators"
    assert program.post(address, username="bob").json == {"added": 0, "state": "invited"}
    (item,) = invitee.get("/api/invitations/").json["items"]
    assert (item["pack_id"], item["song_id"], item["name"]) == (pack, None, "Encore")
    invitee.post(f"/api/invitations/{item['id']}/accept")
    assert len(invitee.get("/api/songs/").json["items"]) == 2


def test_the_owner_withdraws_invitations(program, invitee, song, invitation, bob):
    delete = f"/api/songs/{song['id']}/collaborators/{bob.id}/delete"
    assert program.post(delete).json == {"deleted": bob.id}
    assert program.post(delete).status_code == 404
    assert invitee.post(f"/api/invitations/{invitation['id']}/accept").status_code == 404


def test_invitations_of_others_return_404(program_of, charlie, invitation):
    charlies = program_of(charlie)
    assert charlies.get("/api/invitations/").json["items"] == []
    for answer in ("accept", "decline"):
        response = charlies.post(f"/api/invitations/{invitation['id']}/{answer}")
        assert response.status_code == 404


def test_invitations_are_listed_newest_first_in_pages(program, invitee, song):
    two = program.post("/api/songs/", title="Two", artist="Metallica").json
    program.post(f"/api/songs/{two['id']}/collaborators", username="bob")
    first = invitee.get("/api/invitations/?limit=1").json
    second = invitee.get(f"/api/invitations/?limit=1&cursor={first['next']}").json
    listed = [item["name"] for page in (first, second) for item in page["items"]]
    assert (listed, second["next"]) == (["Two", "One"], None)


def test_too_many_invitations_are_rejected(make_app, alice, bob, charlie):
    browser = Browser(make_app(LIMIT_INVITATIONS="1/1 hour"))
    browser.enter(alice)
    song = browser.api("POST", "/api/songs/", {"title": "One", "artist": "Metallica"}).json["id"]
    answers = [
        browser.api("POST", f"/api/songs/{song}/collaborators", {"username": name})
        for name in ("bob", "charlie")
    ]
    assert [answer.status for answer in answers] == [201, 429]
    assert answers[1].headers["Retry-After"]
    assert answers[1].headers["Content-Type"] == "application/problem+json"
