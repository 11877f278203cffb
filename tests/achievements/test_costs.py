"""The cost of the achievement handler in statements and commits, for libraries of any size."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser
from tests.support.charter import Charter, statements_of
from tests.support.people import add_person
from trackflow_web import composition

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.leaves_drift("half of the requests run without handlers"),
]

# Events are written with and without handlers.
EVENT_STATEMENTS = ("INSERT INTO activities",)


@pytest.fixture
def price(make_app, monkeypatch):
    """`price(prepare, request)`: what the handler adds to a request, as (statements, commits).

    Two users do the same, one of them in an application without the handler.
    """
    with_handler = make_app()
    others = [handler for handler in composition.HANDLERS if handler.name != "achievements"]
    monkeypatch.setattr(composition, "HANDLERS", others)
    without_handler = make_app()
    monkeypatch.undo()

    def measure(prepare, request):
        with_it = _cost(with_handler, "hanna", prepare, request)
        without = _cost(without_handler, "dan", prepare, request)
        return with_it[0] - without[0], with_it[1] - without[1]

    return measure


def _cost(app, name, prepare, request):
    person = Charter(app, add_person(app, name))
    browser = Browser(app)
    browser.enter(person)
    song = prepare(person)
    browser.get("/songs/")  # shows pending toasts first
    with statements_of(app) as seen:
        answer = request(browser, song)
    assert answer.status in {200, 303}, answer
    kept = [text for text in seen if not text.startswith(EVENT_STATEMENTS)]
    return len(kept), seen.commits


def two_planned(person):
    return person.add_many(2)[0]


def two_released(person):
    """Two songs of one artist: actions on them change distinct values and reach no threshold."""
    person.add("Else", "Nirvana", status="wip", year=1991)
    return person.add_many(2, status="released", year=1988)[0]


def test_an_action_with_nothing_due_takes_one_statement_and_no_commit(price):
    cost = price(two_planned, lambda browser, _song: browser.post("/songs/", title="X", artist="Y"))
    assert cost == (1, 0)


def test_an_action_with_distinct_values_takes_two_statements_and_no_commit(price):
    cost = price(
        two_released,
        lambda browser, _song: browser.post(
            "/songs/", title="X", artist="Y", year="1988", status="released"
        ),
    )
    assert cost == (2, 0)


def test_deleting_takes_at_most_two_statements(price):
    cost = price(two_released, lambda browser, song: browser.post(f"/songs/{song}/delete"))
    assert cost == (2, 0)


def test_an_action_that_changes_no_counter_takes_no_statement(price):
    cost = price(two_planned, lambda browser, song: browser.post(f"/songs/{song}", title="New"))
    assert cost == (0, 0)


def test_an_action_without_effect_takes_no_statement(price):
    cost = price(
        two_planned, lambda browser, song: browser.post(f"/songs/{song}/status", status="future")
    )
    assert cost == (0, 0)


def test_marking_a_part_takes_no_statement(price):
    cost = price(
        two_planned, lambda browser, song: browser.post(f"/songs/{song}/parts/drums", state="done")
    )
    assert cost == (0, 0)


# An award is notified: its row, the version of the user, and the version in the row.
NOTIFIED = 3
# Its leaderboard scores, and the category that it may complete; the statement that adds its points
# says whether they reach a level.
SCORED = 2

# Whether the user has webhooks.
WEBHOOKS = 1


@pytest.fixture
def in_feed():
    """The entry of its day: its awards, the entry, its people.

    PostgreSQL locks first, and then writes the entry with its people.
    """
    return 3


def test_an_award_takes_two_more_statements_and_those_of_its_notification(price, in_feed):
    cost = price(
        two_planned, lambda browser, song: browser.post(f"/songs/{song}/status", status="wip")
    )
    assert cost == (1 + 2 + NOTIFIED + SCORED + WEBHOOKS + in_feed, 0)


def test_many_awards_take_no_more_statements_than_one(price, in_feed):
    cost = price(
        lambda person: person.add(status="wip"),
        lambda browser, song: browser.post(f"/songs/{song}/status", status="released"),
    )
    assert cost == (
        2 + 2 + NOTIFIED + SCORED + WEBHOOKS + in_feed,
        0,
    )  # first release and first finish; the artist is new too


def test_reading_takes_no_statement(price):
    assert price(two_planned, lambda browser, _song: browser.get("/songs/")) == (0, 0)


def test_pages_take_as_few_statements_for_a_large_library_as_for_a_small_one(
    app, alice, as_alice, clock
):
    def asked(path):
        clock.move(minutes=1)  # no page finds what another one has kept
        with statements_of(app) as seen:
            assert as_alice.get(path).status == 200
        return len(seen)

    paths = ("/achievements/", "/achievements/me", "/achievements/dreamer", "/songs/")
    alice.add_many(30)  # more than a beginner has
    as_alice.get("/songs/")  # what waits to be shown is shown
    few = [asked(path) for path in paths]
    alice.find_many(970)
    as_alice.get("/songs/")
    assert [asked(path) for path in paths] == few
    assert few[0] <= 8
