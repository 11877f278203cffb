"""The API of settings."""

from __future__ import annotations

import pytest

from tests.support.people import PASSWORD, add_person

ACHIEVEMENTS = "/api/settings/achievements"
PRIVACY = "/api/settings/privacy"
PROFILE = "/api/settings/profile"


@pytest.fixture
def program(program):
    """Alice's script, which released a song and so has something to show."""
    program.post("/api/songs/", title="One", artist="Metallica", status="released")
    return program


def test_the_list_contains_visibility_and_pins(program):
    answer = program.get(ACHIEVEMENTS).json
    assert (answer["toasts"], answer["timezone"], answer["next"]) == ("all", "UTC", None)
    (item,) = answer["items"]
    assert item.pop("id") > 0
    assert item.pop("earned_at")
    assert item == {"code": "first_release", "public": True, "pin": None}


def test_an_achievement_can_be_hidden_and_pinned(program):
    hidden = program.post(f"{ACHIEVEMENTS}/first_release/visibility", public=False)
    assert hidden.json["public"] is False
    assert program.post(f"{ACHIEVEMENTS}/first_release/pin", move="pin").json["pin"] == 1
    assert program.post(f"{ACHIEVEMENTS}/first_release/pin", move="unpin").json["pin"] is None


@pytest.mark.both_databases
def test_holder_counts_omit_hidden_awards(program, program_of, bob):
    theirs = program_of(bob)
    before = theirs.get("/api/achievements/first_release").json["holders"]
    program.post(f"{ACHIEVEMENTS}/first_release/visibility", public=False)
    assert theirs.get("/api/achievements/first_release").json["holders"] == before - 1


def test_preferences_change_one_at_a_time(program):
    assert program.post(ACHIEVEMENTS, toasts="rare").json == {"toasts": "rare", "timezone": "UTC"}
    assert program.post(ACHIEVEMENTS, timezone="Asia/Tokyo").json == {
        "toasts": "rare",
        "timezone": "Asia/Tokyo",
    }


def test_privacy_changes_one_at_a_time(program):
    assert program.post(PRIVACY, profile="private").json == {
        "profile": "me",
        "new_achievements": "public",
        "days": False,
        "boards": True,
        "feed": True,
    }
    program.post(PRIVACY, new_achievements="private", boards=False, days=True)
    assert program.get(PRIVACY).json == {
        "profile": "me",
        "new_achievements": "private",
        "days": True,
        "boards": False,
        "feed": True,
    }


def test_a_profile_changes_one_field_at_a_time(program):
    changed = program.post(PROFILE, links=["example.org", "https://x.example/"], bio="Hi")
    assert changed.json["links"] == ["https://example.org", "https://x.example/"]
    assert program.post(PROFILE, theme="dark", shortcuts=False).json | {"avatar": ""} == {
        "username": "alice",
        "display_name": "",
        "bio": "Hi",
        "links": ["https://example.org", "https://x.example/"],
        "charter_names": [],
        "avatar": "",
        "avatar_upload": "",
        "theme": "dark",
        "shortcuts": False,
    }


def test_an_administrators_name_is_refused_and_its_field_named(app, program):
    add_person(app, "olga", is_admin=True)
    refused = program.post(PROFILE, display_name="Olga")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["display_name"])


def test_all_achievements_can_be_hidden_at_once(program):
    assert program.post(f"{PRIVACY}/achievements", public=False).json == {"changed": 1}
    assert program.post(f"{PRIVACY}/achievements", public=False).json == {"changed": 0}


@pytest.mark.both_databases
def test_invalid_values_are_rejected(subtests, program):
    for address, body, field in [
        (ACHIEVEMENTS, {"toasts": "some"}, "toasts"),
        (ACHIEVEMENTS, {"timezone": "Mars/Base"}, "timezone"),
        (f"{ACHIEVEMENTS}/first_release/pin", {"move": "sideways"}, "move"),
        (f"{ACHIEVEMENTS}/first_release/visibility", {"public": "1"}, "public"),
        (PRIVACY, {"profile": "some"}, "profile"),
        (PROFILE, {"links": ["ftp://example.org"]}, "links"),
        (PROFILE, {"links": "https://example.org"}, "links"),
        (PROFILE, {"theme": "pink"}, "theme"),
        (PROFILE, {"bio": "x" * 501}, "bio"),
        (f"{PRIVACY}/delete", {"username": "alice"}, "password"),
    ]:
        with subtests.test(address=address, body=body, field=field):
            answer = program.post(address, **body)
            assert answer.status_code == 422
            assert field in answer.json["errors"]


def test_unearned_achievements_return_404(program):
    address = f"{ACHIEVEMENTS}/chart_topper/visibility"
    assert program.post(address, public=True).status_code == 404


def test_the_export_equals_the_downloaded_file(program):
    document = program.get(f"{PRIVACY}/export").json
    assert document["format"] == "trackflow-export"
    assert [song["title"] for song in document["songs"]] == ["One"]


def test_deleting_the_account_needs_the_password(program):
    refused = program.post(f"{PRIVACY}/delete", username="alice", password="a guess")
    assert refused.status_code == 422
    assert refused.json["errors"] == {"password": "That's not your password."}
    done = program.post(f"{PRIVACY}/delete", username="alice", password=PASSWORD)
    assert done.json == {"deleted": "alice"}
    assert program.get("/api/songs/").status_code == 401


def test_a_read_token_changes_nothing(program_of, alice):
    reader = program_of(alice, scope="read")
    assert reader.get(PRIVACY).status_code == 200
    assert reader.post(PRIVACY, profile="private").status_code == 403
    gone = reader.post(f"{PRIVACY}/delete", username="alice", password=PASSWORD)
    assert gone.status_code == 403


def test_a_session_can_delete_the_account(as_alice):
    proof = {"username": "alice", "password": PASSWORD}
    assert as_alice.api("POST", f"{PRIVACY}/delete", proof).json == {"deleted": "alice"}
    as_alice.signed_in = False
    assert as_alice.get("/songs/").location.startswith("/login")
