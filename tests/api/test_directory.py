"""Users and releases of the community in the API."""

from __future__ import annotations

import pytest

from tests.support.charter import Charter
from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.domain.people.models import Audience


@pytest.fixture
def get(as_bob):
    """`get("/api/...")`: the status and the document that Bob gets."""

    def get(path):
        answer = as_bob.api("GET", path)
        return answer.status, answer.response.get_json()

    return get


def test_a_user_has_figures_followers_and_what_the_caller_has_set(get, as_bob, app, alice):
    add_song(app, alice, "One", "Metallica", status="released", year=1988)
    as_bob.post("/users/alice/follow", set="1")
    status, found = get("/api/community/users/alice")
    assert status == 200
    assert found["username"] == "alice"
    assert {"first_release"} <= {each["code"] for each in found["achievements"]}
    assert found["stats"]["total_released"] == 1
    assert (found["followers"], found["following"]) == (1, 0)
    assert found["you"] == {"follow": True, "block": False, "mute": False}
    assert found["level"] >= 1
    assert found["joined"]


def test_a_private_user_is_not_found(get, app, alice):
    with working(app):
        alice.user.audience = Audience.ME
    assert get("/api/community/users/alice")[0] == 404


@pytest.mark.both_databases
def test_releases_are_filtered_and_continued(get, app, alice):
    Charter(app, alice).add_many(5, status="released")
    status, first = get("/api/community/releases?user=alice&limit=3")
    assert status == 200
    assert len(first["items"]) == 3
    _, second = get(f"/api/community/releases?user=alice&limit=3&cursor={first['next']}")
    assert len(second["items"]) == 2
    assert second["next"] is None
    ids = [item["id"] for item in (*first["items"], *second["items"])]
    assert ids == sorted(ids, reverse=True)
    assert first["items"][0]["url"].endswith(f"/releases/{ids[0]}")
    assert get("/api/community/releases?artist=nobody")[1]["items"] == []


@pytest.mark.parametrize("query", ["year=soon", "limit=0", "cursor=forged", "user=%3Cb%3E"])
def test_invalid_parameters_are_refused(get, query):
    status, problem = get(f"/api/community/releases?{query}")
    assert status == 422
    assert query.partition("=")[0] in problem["errors"]
