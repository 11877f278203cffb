"""Holder counts: up to date at once, regardless of cached values."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.charter import new_charter, statements_of
from tests.support.people import working
from trackflow_web.accounts import deletion
from trackflow_web.achievements.awards import holder_counting, holder_counts, revoke, visibility
from trackflow_web.achievements.holder_models import HolderCount, HolderCounting
from trackflow_web.achievements.models import Achievement
from trackflow_web.domain.moderation import actions as moderation
from trackflow_web.domain.moderation import holding
from trackflow_web.domain.people import administration
from trackflow_web.domain.people import profile as profiles
from trackflow_web.jobs import holders as job
from trackflow_web.kernel import transactions
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases

CODE = "first_release"
AFTERWARDS = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def shown(app):
    """`shown()`: the number of users who show the achievement, and of all users."""

    def ask(literal_ids=app):
        with literal_ids.app_context():
            known = holder_counts.of_each()
            return known.by_code[CODE], known.users

    return ask


@pytest.fixture
def among_many(app, monkeypatch, clock):
    """As in a large community, of which a job has counted the holders."""
    monkeypatch.setattr(holder_counts, "MANY", 0)
    count(app)


def count(app):
    with app.app_context():
        job.run(app.extensions["trackflow.jobs"].tools)


def test_a_clock_that_was_ahead_does_not_stop_the_counting(app, alice, shown, clock, monkeypatch):
    monkeypatch.setattr(holder_counts, "MANY", 0)
    before = clock()
    clock.move(days=400)
    count(app)
    clock.set(before)
    had, _ = shown()
    alice.add(status="released")
    count(app)
    assert shown()[0] == had + 1


def stored(app):
    """The sums by achievement; and the number of rows."""
    with app.app_context():
        rows = db.session.execute(sa.select(HolderCount.achievement_id, HolderCount.n)).all()
    sums = Counter()
    for key, n in rows:
        sums[key] += n
    return sums, len(rows)


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
    assert shown() == (had, people_before)
    count(app)
    assert shown() == (had + 1, people_before)


def test_many_awards_are_counted_by_each_process_until_a_job_has(app, alice, shown, monkeypatch):
    monkeypatch.setattr(holder_counts, "MANY", 0)
    had, _ = shown()
    alice.add(status="released")
    with app.app_context():
        holder_counts.forget()
    assert shown()[0] == had + 1


def test_few_awards_are_not_counted_by_the_job(app, alice):
    alice.add(status="released")
    count(app)
    assert stored(app) == ({}, 0)


HIDDEN_AND_BACK = {
    "award": (
        lambda user: visibility.set_visibility(user, CODE, public=False),
        lambda user: visibility.set_visibility(user, CODE, public=True),
        0,
    ),
    "all awards": (
        lambda user: visibility.set_all_visibility(user, public=False),
        lambda user: visibility.set_all_visibility(user, public=True),
        0,
    ),
    "revoked": (
        lambda user: revoke.revoke(user, user, CODE, reason="A mistake of ours."),
        lambda user: revoke.restore(user, user, CODE),
        0,
    ),
    "profile": (
        lambda user: profiles.change_privacy(user, profile="me"),
        lambda user: profiles.change_privacy(user, profile="members"),
        0,
    ),
    "banned": (
        lambda user: administration.ban(user, by=None, why="spam"),
        lambda user: administration.unban(user, by=None, why="no spam"),
        1,
    ),
    "suspended": (
        lambda user: moderation._suspend(user, until=AFTERWARDS, statement="-"),
        moderation.end_suspension,
        0,
    ),
    "held": (
        lambda user: holding.hold("profile", user.id, is_automatic=False),
        lambda user: holding.release("profile", user.id),
        0,
    ),
}


def test_stored_counts_follow_what_is_hidden_without_another_count(
    app, alice, shown, among_many, subtests, clock
):
    alice.add(status="released")
    clock.move(minutes=1)
    count(app)
    had = shown()
    for name, (hide_it, show_it, users) in HIDDEN_AND_BACK.items():
        with subtests.test(name=name):
            with working(app):
                hide_it(alice.user)
            assert shown() == (had[0] - 1, had[1] - users)
            with working(app):
                show_it(alice.user)
            assert shown() == had


def test_a_count_keeps_what_was_hidden_since_it_was_made(app, alice, shown, among_many):
    alice.add(status="released")
    with app.app_context(), transactions.reading():
        part = holder_counting.count(list(ids_of(app)))
    hide(app, alice)
    with working(app):
        assert holder_counting.store(part)
    assert shown()[0] == part.counts[first_release(app)] - 1


def test_a_count_takes_the_place_of_what_was_hidden_before_it(app, alice, shown, among_many, clock):
    alice.add(status="released")
    clock.move(minutes=1)
    count(app)
    had, rows = shown(), stored(app)[1]
    hide(app, alice)
    assert stored(app)[1] == rows + 1
    clock.move(minutes=1)
    count(app)
    assert stored(app)[1] == rows
    assert shown() == (had[0] - 1, had[1])


def test_of_two_workers_that_count_at_once_one_stores_it(app, alice, among_many):
    ids = list(ids_of(app))
    with app.app_context(), transactions.reading():
        earlier, later = holder_counting.count(ids), holder_counting.count(ids)
    with working(app):
        assert holder_counting.store(later)
    before = stored(app)
    with working(app):
        assert not holder_counting.store(earlier)
    assert stored(app) == before


def test_counts_are_made_in_parts(app, alice, shown, among_many, monkeypatch, clock):
    alice.add(status="released")
    monkeypatch.setattr(holder_counting, "AWARDS_A_PART", 1)
    with app.app_context():
        parts = holder_counting.parts()
    assert len(parts) > 2
    assert [each for part in parts for each in part] == sorted(ids_of(app))
    clock.move(minutes=1)
    count(app)
    with app.app_context():
        exact = holder_counts._holders(holder_counts._COUNT)
        assert holder_counts.of_each() == exact


def test_holders_are_counted_when_something_changed_or_ten_minutes_later(
    app, alice, among_many, clock
):
    def due():
        with app.app_context():
            return holder_counting.plan() is not None

    alice.add(status="released")
    assert not due()  # a minute has not passed
    clock.move(minutes=1)
    assert due()
    count(app)
    clock.move(minutes=2)
    assert not due()
    hide(app, alice)
    assert due()
    count(app)
    clock.move(minutes=10)
    assert due()


def test_counting_takes_a_twentieth_of_a_worker_at_most(app, alice, among_many, clock):
    with working(app):
        db.session.execute(sa.update(HolderCounting).values(seconds=30))
    alice.add(status="released")
    with app.app_context():
        clock.move(minutes=9)
        assert holder_counting.plan() is None
        clock.move(minutes=1)
        assert holder_counting.plan() is not None
        assert holder_counting.age_in_seconds() == timedelta(minutes=10).total_seconds()


def test_no_page_counts_the_holders_among_many(app, as_alice, alice, among_many, clock):
    alice.add(status="released")
    clock.move(minutes=1)
    count(app)
    pages = (
        "/achievements/",
        f"/achievements/{CODE}",
        "/community/",
        "/community/showcase",
        "/seasons/",
        "/users/alice",
        "/api/achievements/",
    )
    for page in pages:
        holder_counts.forget()
        with statements_of(app) as seen:
            assert as_alice.get(page).status == 200, page
        counting = [each for each in seen if "GROUP BY user_achievements.achievement_id" in each]
        assert not counting, page


def ids_of(app):
    with app.app_context():
        return db.session.scalars(sa.select(Achievement.id)).all()


def first_release(app):
    with app.app_context():
        return db.session.scalar(sa.select(Achievement.id).where(Achievement.code == CODE))


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
