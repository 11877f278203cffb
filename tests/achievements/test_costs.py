"""What the engine costs: statements and commits, the same however much somebody has."""

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
    """`price(prepare, request)`: what the engine adds to a request, as (statements, commits).

    The same is done by two people, of whom one lives in an application where it does not listen.
    """
    heard_app = make_app()
    others = [handler for handler in composition.HANDLERS if handler.name != "achievements"]
    monkeypatch.setattr(composition, "HANDLERS", others)
    deaf_app = make_app()
    monkeypatch.undo()

    def measure(prepare, request):
        heard = _cost(heard_app, "hanna", prepare, request)
        deaf = _cost(deaf_app, "dan", prepare, request)
        return heard[0] - deaf[0], heard[1] - deaf[1]

    return measure


def _cost(app, name, prepare, request):
    person = Charter(app, add_person(app, name))
    browser = Browser(app)
    browser.enter(person)
    song = prepare(person)
    browser.get("/songs/")  # whatever waits to be shown is shown before
    with statements_of(app) as seen:
        answer = request(browser, song)
    assert answer.status in {200, 303}, answer
    kept = [text for text in seen if not text.startswith(EVENT_STATEMENTS)]
    return len(kept), seen.commits


def two_planned(person):
    return person.add_many(2)[0]


def two_released(person):
    """Two songs of one artist, so that deeds on them change a ledger and no threshold."""
    person.add("Else", "Nirvana", status="wip", year=1991)
    return person.add_many(2, status="released", year=1988)[0]


def test_a_deed_with_nothing_due_costs_one_statement_and_no_commit(price):
    cost = price(two_planned, lambda browser, _song: browser.post("/songs/", title="X", artist="Y"))
    assert cost == (1, 0)


def test_a_deed_of_different_values_costs_two_statements_and_no_commit(price):
    cost = price(
        two_released,
        lambda browser, _song: browser.post(
            "/songs/", title="X", artist="Y", year="1988", status="released"
        ),
    )
    assert cost == (2, 0)


def test_deleting_costs_no_more_than_two_statements(price):
    cost = price(two_released, lambda browser, song: browser.post(f"/songs/{song}/delete"))
    assert cost == (2, 0)


def test_a_deed_that_moves_no_number_costs_nothing(price):
    cost = price(two_planned, lambda browser, song: browser.post(f"/songs/{song}", title="New"))
    assert cost == (0, 0)


def test_a_deed_that_changes_nothing_costs_nothing(price):
    cost = price(
        two_planned, lambda browser, song: browser.post(f"/songs/{song}/status", status="future")
    )
    assert cost == (0, 0)


def test_ticking_a_part_costs_nothing(price):
    cost = price(
        two_planned, lambda browser, song: browser.post(f"/songs/{song}/parts/drums", state="done")
    )
    assert cost == (0, 0)


def test_an_award_costs_two_statements_more(price):
    cost = price(
        two_planned, lambda browser, song: browser.post(f"/songs/{song}/status", status="wip")
    )
    assert cost == (1 + 2, 0)


def test_many_awards_cost_no_more_than_one(price):
    cost = price(
        lambda person: person.add(status="wip"),
        lambda browser, song: browser.post(f"/songs/{song}/status", status="released"),
    )
    assert cost == (2 + 2, 0)  # first release and first finish; the artist is new too


def test_reading_costs_nothing(price):
    assert price(two_planned, lambda browser, _song: browser.get("/songs/")) == (0, 0)


def test_pages_ask_as_little_of_a_great_library_as_of_a_small_one(app, alice, as_alice):
    def asked(path):
        with statements_of(app) as seen:
            assert as_alice.get(path).status == 200
        return len(seen)

    paths = ("/achievements/", "/achievements/me", "/achievements/dreamer", "/songs/")
    alice.add_many(10)
    as_alice.get("/songs/")  # what waits to be shown is shown
    few = [asked(path) for path in paths]
    alice.find_many(990)
    as_alice.get("/songs/")
    assert [asked(path) for path in paths] == few
    assert few[0] <= 8
