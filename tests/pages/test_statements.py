"""The number of SQL statements and the size of every page do not grow with the data."""

from __future__ import annotations

import pytest

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.charter import statements_of
from tests.support.people import working
from tests.support.plenty import plenty_of
from tests.support.routes import all_routes
from trackflow_web.achievements.awards import holder_counts

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.leaves_drift("rows are written without the facts that go with them"),
]

FEW = 10
MOST = 10
LARGEST = 320_000  # bytes; all tiles with switches
# Not a page but the personal export: one statement per table.
EXPORTS = {"GET /settings/privacy/export", "GET /api/settings/privacy/export"}


@pytest.fixture
def asked(app, alice, bob):
    """`asked(numbers)`: statements and bytes of each URL after adding this much data.

    Alice is an administrator, so that she sees all pages.
    """
    with working(app):
        alice.user.is_admin = True
        alice.user.hides_checklist = True  # only users with few songs see it
    has = belongings_of(app, alice, bob)
    browser = Browser(app)
    browser.enter(alice)

    def statements(numbers):
        plenty_of(app, alice, bob, has, numbers)
        browser.get(f"/notifications/{has['notification_id']}/go")  # reads it, the first time
        browser.get("/confirm")  # what waits to be announced is
        pages = {route.name: route.path for route in all_routes(app, has) if route.method == "GET"}
        return {
            name: _statements(app, browser, path)
            for name, path in pages.items()
            if name not in EXPORTS
        }

    return statements


def _statements(app, browser, path):
    holder_counts.forget()  # as in a process without cached counts
    with statements_of(app) as seen:
        answer = browser.client.get(path)
        size = len(answer.get_data())
        answer.close()
    return list(seen), size


def test_statements_and_size_of_pages_do_not_grow_with_the_data(asked, sized):
    # Four times as many as a page of anything has, in every run.
    few, many = asked(range(FEW)), asked(range(FEW, sized(400, stress=10_000)))
    for page, (statements, size) in many.items():
        assert len(statements) == len(few[page][0]), (page, statements)
        assert len(statements) <= MOST, (page, statements)
        assert size <= LARGEST, page
