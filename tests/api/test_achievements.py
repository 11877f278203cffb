"""The API of achievements."""

from __future__ import annotations

import pytest

from tests.support.catalogues import ENTRIES
from tests.support.people import working
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.people import actions as people
from trackflow_web.kernel.database import db


def _all(program, path):
    found, cursor = [], ""
    while cursor is not None:
        answer = program.get(path, limit=30, cursor=cursor).json
        found += answer["items"]
        cursor = answer["next"]
    return found


def _release(program, title="One"):
    return program.post("/api/songs/", title=title, artist="Metallica", status="released")


def test_the_list_has_the_whole_catalogue_in_order(program):
    items = _all(program, "/api/achievements/")

    assert [item["code"] for item in items] == [entry.code for entry in ENTRIES]
    assert set(items[0]) == {
        *("id", "code", "name", "description", "icon", "category", "group"),
        *("points", "rarity", "threshold", "kind", "metric"),
        *("holders", "users", "observed_rarity"),
    }


def test_actions_through_the_api_earn_achievements(program):
    assert program.get("/api/achievements/me").json["items"] == []
    _release(program)
    mine = {item["code"]: item for item in _all(program, "/api/achievements/me")}

    assert "first_release" in mine
    assert mine["first_release"]["earned_at"].endswith("Z")
    assert mine["first_release"]["id"]


@pytest.mark.both_databases
def test_earned_achievements_are_listed_newest_first(program, clock):
    _release(program)
    clock.move(hours=1)
    for number in range(9):
        _release(program, f"Song {number}")

    times = [item["earned_at"] for item in _all(program, "/api/achievements/me")]
    assert len(set(times)) == 2
    assert times == sorted(times, reverse=True)


def test_progress_items_have_current_target_and_percent(program):
    _release(program)
    bars = {item["code"]: item for item in _all(program, "/api/achievements/me/progress")}
    tenth = next(
        entry for entry in ENTRIES if (entry.metric, entry.threshold) == ("total_released", 10)
    )

    assert len(bars) == len(ENTRIES)
    assert bars[tenth.code] == {
        "code": tenth.code,
        "earned": False,
        "earned_at": None,
        "current": 1,
        "target": 10,
        "percent": 10,
    }
    assert bars["first_release"]["earned"]
    assert bars["first_release"]["percent"] == 100


def test_api_responses_consume_no_toasts(as_alice):
    as_alice.api(
        "POST", "/api/songs/", {"title": "One", "artist": "Metallica", "status": "released"}
    )
    as_alice.api("GET", "/api/achievements/me")

    assert as_alice.get("/songs/").toasts()


def test_an_achievement_shows_its_number_of_holders(program):
    _release(program)
    answer = program.get("/api/achievements/first_release").json

    assert (answer["earned"], answer["holders"], answer["users"]) == (True, 2, 2)
    assert program.get("/api/achievements/no_such_thing").status_code == 404


# --- the recheck -------------------------------------------------------------------------------


@pytest.fixture
def drifted(app, program, alice):
    """Alice's number of songs is wrong."""
    _release(program)
    with working(app):
        db.session.get_one(UserStats, alice.id).total_songs = 999


def test_an_administrator_rechecks_everyone(program_of, admin, drifted):
    answer = program_of(admin, scope="admin").post("/api/achievements/check")

    assert answer.status_code == 200
    assert answer.json == {"users": 3, "awards": 0, "drift": 1}


def test_an_administrator_rechecks_one_user(as_admin, drifted):
    answer = as_admin.api("POST", "/api/achievements/check", {"user": "alice"})

    assert answer.json == {"users": 1, "awards": 0, "drift": 1}


def test_a_user_with_a_reserved_name_can_be_rechecked(app, program_of, admin):
    with working(app):
        people.register(
            username="owner", email="owner@example.org", password=admin.password, by_operator=True
        )

    answer = program_of(admin, scope="admin").post("/api/achievements/check", user="owner")

    assert answer.json == {"users": 1, "awards": 0, "drift": 0}


def test_an_unknown_user_is_rejected_by_field(program_of, admin):
    answer = program_of(admin, scope="admin").post("/api/achievements/check", user="nemo")

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["user"])


def test_a_recheck_returns_404_to_other_users(program, program_of, alice, admin, as_charlie):
    assert program.post("/api/achievements/check").status_code == 404
    assert program_of(alice, scope="read").post("/api/achievements/check").status_code == 404
    assert program_of(admin, scope="read").post("/api/achievements/check").status_code == 404
    assert as_charlie.api("POST", "/api/achievements/check", {}).status == 404


def test_a_recheck_needs_a_recently_confirmed_password(clock, as_admin):
    clock.move(minutes=11)
    answer = as_admin.api("POST", "/api/achievements/check", {})

    assert answer.status == 403
    assert "password" in answer.json["detail"]
