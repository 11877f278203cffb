"""Holder counts: up to date at once, regardless of cached values."""

from __future__ import annotations

import pytest

from tests.support.charter import new_charter, statements_of
from tests.support.people import working
from trackflow_web.accounts import deletion
from trackflow_web.achievements.awards import holder_counts, visibility
from trackflow_web.domain.people import administration
from trackflow_web.domain.people import profile as profiles
from trackflow_web.kernel import transactions

pytestmark = pytest.mark.both_databases

CODE = "first_release"


@pytest.fixture
def shown(app):
    """`shown()`: the number of users who show the achievement, and of all users."""

    def ask(literal_ids=app):
        with literal_ids.app_context():
            known = holder_counts.of_each()
            return known.by_code[CODE], known.users

    return ask


@pytest.fixture
def among_many(monkeypatch):
    monkeypatch.setattr(holder_counts, "MANY", 0)


def hide(app, charter, *, public=False):
    with working(app):
        visibility.set_visibility(charter.user, CODE, public=public)


def test_holder_counts_include_a_new_award_at_once(alice, shown):
    had, people_before = shown()
    alice.add(status="released")
    assert shown() == (had + 1, people_before)


def test_holder_counts_include_a_new_user_at_once(app, shown):
    _, before = shown()
    new_charter(app, "dora")
    assert shown()[1] == before + 1


@pytest.mark.parametrize("many", [False, True])
def test_holder_counts_follow_hidden_and_shown_awards_at_once(app, alice, shown, many, request):
    if many:
        request.getfixturevalue("among_many")
    alice.add(status="released")
    had = shown()
    hide(app, alice)
    assert shown() == (had[0] - 1, had[1])
    hide(app, alice, public=True)
    assert shown() == had
    with working(app):
        visibility.set_all_visibility(alice.user, public=False)
    assert shown() == (had[0] - 1, had[1])


def test_holder_counts_exclude_a_banned_user_at_once(app, alice, shown, among_many):
    alice.add(status="released")
    had, people_before = shown()
    with working(app):
        administration.ban(alice.user, by=None, why="spam")
    assert shown() == (had - 1, people_before - 1)


@pytest.mark.fault("B6")
def test_holder_counts_exclude_a_private_profile_at_once(app, alice, shown, among_many):
    alice.add(status="released")
    had, people_before = shown()
    for profile, holders in (("private", had - 1), ("public", had)):
        with working(app):
            profiles.change_privacy(alice.user, profile=profile)
        assert shown() == (holders, people_before)


def test_holder_counts_exclude_a_deleted_user_at_once(app, alice, shown, among_many):
    alice.add(status="released")
    had, people_before = shown()
    with working(app):
        deletion.delete_account(alice.user)
    assert shown() == (had - 1, people_before - 1)


def test_holder_counts_of_another_process_follow_too(app, make_app, alice, shown):
    other = make_app()
    alice.add(status="released")
    had = shown(other)
    hide(app, alice)
    assert shown(other) == (had[0] - 1, had[1])


def test_holder_counts_of_many_awards_may_be_a_minute_old(app, alice, shown, among_many, clock):
    had, people_before = shown()
    alice.add(status="released")
    assert shown() == (had, people_before)
    clock.move(seconds=61)
    assert shown() == (had + 1, people_before)


def test_holders_are_not_recounted_while_nothing_changes(app, alice, shown):
    shown()
    with statements_of(app) as seen:
        shown()
    assert len(seen) == 1


def test_holder_counts_of_a_rolled_back_transaction_are_not_cached(app, alice, shown):
    alice.add(status="released")
    had = shown()
    with app.app_context():
        transactions.begin(writing=True)
        visibility.set_visibility(alice.user, CODE, public=False)
        assert holder_counts.of_each().by_code[CODE] == had[0] - 1
        transactions.begin(writing=False)
    assert shown() == had
