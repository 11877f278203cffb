"""Reading feature requests and bug reports."""

from __future__ import annotations

import pytest

from trackflow_web.domain.feedback import queries
from trackflow_web.domain.feedback.rules import Kind, Sort

pytestmark = pytest.mark.both_databases


@pytest.fixture
def titles(work, alice):
    """The titles of a list as Alice sees it."""

    def titles(kind=Kind.FEATURE, *, status=None, q="", sort=Sort.NEWEST, page=1):
        with work():
            found = queries.list_feedback(
                kind, alice.user, status=status, q=q, sort=sort, page=page
            )
            return [row.item.title for row in found.rows]

    return titles


def test_items_of_all_users_are_listed_newest_first(features, bugs, alice, bob, titles):
    features.submit(alice, "First")
    features.submit(bob, "Second")
    bugs.submit(bob, "Broken")
    assert titles() == ["Second", "First"]
    assert titles(Kind.BUG) == ["Broken"]


def test_sorting_by_votes_lists_newest_first_among_equals(features, alice, bob, charlie, titles):
    wanted, _, liked = (features.submit(alice, title) for title in ("Wanted", "No", "Liked"))
    features.submit(alice, "New")
    for person, item_id in ((bob, wanted), (charlie, wanted), (bob, liked)):
        features.vote(person, item_id)
    assert titles(sort=Sort.VOTES) == ["Wanted", "Liked", "New", "No"]


def test_searching_ignores_case_accents_and_wildcards(features, alice, titles):
    features.submit(alice, "Café 100%")
    features.submit(alice, "Dark mode")
    assert titles(q="cafe") == ["Café 100%"]
    assert titles(q="100%") == ["Café 100%"]
    assert titles(q="%") == ["Café 100%"]
    assert titles(q="_") == []
    assert len(titles(q="PLEASE")) == 2  # the description is searched too


def test_the_list_can_be_filtered_by_status(features, alice, admin, titles):
    features.submit(alice, "Open")
    features.decide(admin, features.submit(alice, "Planned"), "planned")
    assert titles(status="planned") == ["Planned"]
    assert titles(status="withdrawn") == []


def test_feedback_is_counted_by_status(bugs, alice, admin, work):
    bugs.submit(alice)
    bugs.decide(admin, bugs.submit(alice), "fixed")
    with work():
        assert queries.count_by_status(Kind.BUG, alice.user) == {
            "all": 2,
            "open": 1,
            "confirmed": 0,
            "fixed": 1,
            "closed": 0,
            "duplicate": 0,
            "withdrawn": 0,
        }


def test_a_list_page_has_twenty_items_and_no_duplicates(features, alice, titles, work):
    for number in range(41):
        features.submit(alice, f"Number {number}")
    pages = [titles(page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [20, 20, 1, 0]
    assert len({title for page in pages for title in page}) == 41


def test_the_list_continues_after_a_cursor(features, alice, work):
    ids = [features.submit(alice, f"Number {number}") for number in range(3)]
    with work():
        rest = queries.feedback_after(
            Kind.FEATURE, alice.user, status=None, q="", before_id=ids[2], limit=1
        )
    assert [row.item.id for row in rest] == [ids[1]]


def test_status_changes_are_not_counted_as_comments(features, alice, admin, work):
    item_id = features.submit(alice)
    features.comment(alice, item_id, "Hello?")
    features.decide(admin, item_id, "planned", "Yes.")
    with work():
        assert queries.get_details(features.item(item_id), alice.user).comments == 1
