"""Expensive requests are limited, and a rejected one has no side effects."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser
from tests.support.people import add_person, working
from tests.support.songs import add_song
from trackflow_web.domain.people import actions

SEARCHES = ("/songs/", "/features/", "/bugs/", "/achievements/", "/settings/achievements",
            "/packs/1", "/api/songs/", "/api/features/")  # fmt: skip


@pytest.fixture
def app(make_app):
    return make_app(LIMIT_SEARCH="5/1 second", LIMIT_EXPORT="2/1 hour")


@pytest.mark.parametrize("address", SEARCHES)
def test_the_sixth_search_within_a_second_gets_429(clock, alice, as_alice, address):
    as_alice.post("/packs/", name="A pack")
    answers = [as_alice.get(address, q=f"o{number}").status for number in range(6)]
    assert answers == [200] * 5 + [429]
    assert as_alice.last.headers["Retry-After"] == "1"
    clock.move(seconds=1)
    assert as_alice.get(address, q="one").status == 200


def test_a_rejected_search_leaves_the_list_unchanged(app, clock, alice, as_alice):
    add_song(app, alice)
    for _ in range(6):
        page = as_alice.get("/songs/", q="one", htmx="song-list")
    assert page.status == 429
    assert page.headers["HX-Reswap"] == "none"
    assert "too fast" in page.text


def test_filtering_without_a_search_text_is_not_limited(clock, as_alice):
    assert {as_alice.get("/songs/", q="").status for _ in range(20)} == {200}
    assert {as_alice.get("/songs/", status="wip").status for _ in range(20)} == {200}


def test_the_search_limit_is_per_user(clock, as_alice, as_bob):
    for _ in range(6):
        as_alice.get("/songs/", q="one")
    assert as_alice.last.status == 429
    assert as_bob.get("/songs/", q="one").status == 200


def test_a_token_and_its_owner_share_a_search_limit(app, clock, alice, as_alice):
    with working(app):
        token = actions.create_token(alice.user, name="A script", scope="read", days="30")
    for _ in range(5):
        as_alice.get("/songs/", q="one")
    headers = {"Authorization": f"Bearer {token}"}
    answer = app.test_client().get("/api/songs/?q=one", headers=headers)
    assert (answer.status_code, answer.json["status"]) == (429, 429)
    assert answer.headers["Retry-After"] == "1"


def test_expired_counts_are_deleted(app, clock, monkeypatch):
    monkeypatch.setattr("trackflow_web.kernel.rate_limits.MOST_KEPT", 3)
    searches = app.extensions["trackflow.searches"]
    for number in range(10):
        searches.enforce(str(number), "Too many.")
        clock.move(seconds=1)
    assert len(searches.counts) <= 4


@pytest.mark.both_databases
@pytest.mark.parametrize("address", ["/settings/privacy/export", "/api/settings/privacy/export"])
def test_exports_are_limited_per_hour(clock, alice, as_alice, address):
    answers = [as_alice.get(address).status for _ in range(3)]
    assert answers == [200, 200, 429]
    assert as_alice.last.headers["Retry-After"] == "3600"
    clock.move(hours=1)
    assert as_alice.get(address).status == 200


def test_page_and_api_count_the_same_downloads(app, clock, alice, as_alice):
    as_alice.get("/settings/privacy/export")
    as_alice.get("/api/settings/privacy/export")
    assert as_alice.get("/settings/privacy/export").status == 429
    dora = add_person(app, "dora")
    browser = Browser(app)
    browser.enter(dora)
    assert browser.get("/settings/privacy/export").status == 200
