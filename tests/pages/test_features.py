"""Votes on feature requests, and the achievements for submitting."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser

EARNED = {
    "/features/": {1: "idea_generator", 5: "innovator", 10: "community_voice"},
    "/bugs/": {1: "bug_hunter", 5: "quality_guardian"},
}


def submit(browser, board="/features/", title="Dark mode"):
    answer = browser.post(board, title=title, description="For the night.")
    assert answer.status == 303, answer
    return answer.location


def votes(page):
    return page.one(".vote__number").text


@pytest.fixture
def tireless(make_app, alice):
    """Alice, where the limit is no hindrance."""
    browser = Browser(make_app(LIMIT_FEEDBACK="1000/1 day"))
    browser.enter(alice)
    return browser


# --- votes -------------------------------------------------------------------------------------


def test_the_button_of_a_vote_sets_it_and_takes_it_back(as_alice, as_bob, as_charlie):
    address = submit(as_alice)
    as_charlie.post(f"{address}/vote")
    for expected, pressed in [("2", "true"), ("1", "false")]:
        wanted = as_bob.get(address).one(".vote input[name=set]")["value"]
        for _ in range(2):  # pressed twice it is the same
            assert as_bob.post(f"{address}/vote", set=wanted).status == 303
        page = as_bob.follow()
        assert votes(page) == expected
        assert page.one(".vote__button")["aria-pressed"] == pressed


def test_a_vote_that_is_neither_set_nor_taken_back_is_rejected(as_alice, as_bob):
    assert as_bob.post(f"{submit(as_alice)}/vote", set="2").status == 422


def test_a_vote_with_htmx_returns_the_vote_button(as_alice, as_bob):
    address = submit(as_alice)
    page = as_bob.post(f"{address}/vote", htmx=True)
    assert page.status == 200
    assert votes(page) == "1"
    assert page.one(".vote__button")["aria-pressed"] == "true"


def test_the_authors_own_vote_does_not_count(as_alice):
    address = submit(as_alice)
    assert not as_alice.get(address).all(".vote__button")
    as_alice.post(f"{address}/vote")
    page = as_alice.follow()
    assert votes(page) == "0"
    assert "can't vote on your own request" in page.text


def test_requests_can_be_sorted_by_votes(as_alice, as_bob):
    wanted = submit(as_alice, title="Wanted")
    submit(as_alice, title="Newer")
    as_bob.post(f"{wanted}/vote")
    page = as_bob.get("/features/", sort="votes")
    assert [row.text.strip() for row in page.all(".ask__title")] == ["Wanted", "Newer"]
    assert page.one("#asks input[name=sort]")["value"] == "votes"  # a search keeps the order


def test_bug_reports_have_no_vote_url(as_alice, as_bob):
    address = submit(as_alice, "/bugs/")
    assert as_bob.post(f"{address}/vote").status in {404, 405}
    assert not as_bob.get("/bugs/").all(".vote, #sort-votes")


def test_anonymous_visitors_cannot_vote(as_alice, stranger):
    address = submit(as_alice)
    assert stranger.post(f"{address}/vote").location.startswith("/login")
    assert votes(as_alice.get(address)) == "0"


def test_voting_for_a_missing_request_returns_404(as_bob):
    assert as_bob.post("/features/999/vote").status == 404


# --- what it earns -----------------------------------------------------------------------------


@pytest.mark.parametrize("board", EARNED)
def test_submitting_a_request_earns_an_achievement(board, app, tireless):
    for number in range(1, max(EARNED[board]) + 1):
        submit(tireless, board, f"Number {number}")
        due = EARNED[board].get(number)
        assert tireless.follow().toasts() == ([due] if due else [])
    receipt = tireless.get(f"/achievements/{EARNED[board][5]}")
    links = [link["href"] for link in receipt.all(f'main a[href^="{board}"]')]
    assert len(links) == 5
    assert tireless.get(links[0]).one("h1").text == "Number 1"


def test_a_rejected_request_does_not_count_until_it_is_reopened(app, tireless, as_admin):
    """The toast comes on Alice's own next page, and earned stays earned."""
    rejected = submit(tireless)
    as_admin.post(f"{rejected}/status", status="rejected", reason="No.")
    for _ in range(4):
        submit(tireless)
        assert "innovator" not in tireless.follow().toasts()
    as_admin.post(f"{rejected}/status", status="planned", reason="Yes after all.")
    assert as_admin.follow().toasts() == []
    assert tireless.get("/songs/").toasts() == ["innovator"]
    tireless.post(f"{rejected}/withdraw")
    tile = tireless.get("/achievements/").one('[data-achievement="innovator"]')
    assert tile["data-state"] == "earned"
    assert (
        "4/10 requests"
        in tireless.get("/achievements/").one('[data-achievement="community_voice"]').text
    )


def test_administrators_earn_nothing_by_deciding(as_alice, as_admin):
    address = submit(as_alice)
    as_admin.post(f"{address}/comments", body="Good.")
    as_admin.post(f"{address}/status", status="planned")
    assert (
        as_admin.get("/achievements/").one('[data-achievement="idea_generator"]')["data-state"]
        == "locked"
    )
