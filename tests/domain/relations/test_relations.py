"""Following and muting: states that are set, with limits, and notices that don't pile up."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import limits
import pytest
import sqlalchemy as sa

from tests.support.charter import at_once
from tests.support.people import add_person, working
from trackflow_web.domain.relations import actions, blocking, queries
from trackflow_web.domain.relations.models import Follow, FollowNotice, Mute, Muted
from trackflow_web.domain.visibility.models import Block
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, NotFound, TooMany
from trackflow_web.kernel.events import Event

pytestmark = pytest.mark.both_databases

OFTEN = (limits.parse("1000/1 hour"),)


@pytest.fixture
def follow(app):
    """`follow(alice, bob)`, `follow(alice, bob, wanted=False)`."""

    def set_follow(follower, user, *, wanted=True, limits=OFTEN, days=0):
        with working(app):
            actions.set_follow(
                follower.user, user.user, wanted=wanted, limits=limits, newcomer_days=days
            )

    return set_follow


def count(app, table):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(table))


def events(app):
    with app.app_context():
        found = sa.select(Event).where(Event.name.like("user_%followed")).order_by(Event.id)
        return [
            (event.name, getattr(event.payload, "is_told", None))
            for event in db.session.scalars(found)
        ]


def test_following_twice_is_following_once(app, alice, bob, follow):
    follow(alice, bob)
    follow(alice, bob)
    assert count(app, Follow) == 1
    assert events(app) == [("user_followed", True)]
    with app.app_context():
        assert [row.username for row in queries.followed_by(alice.id, None, 9)] == ["bob"]
        assert [row.username for row in queries.followers_of(bob.id, None, 9)] == ["alice"]
        assert not queries.followers_of(alice.id, None, 9)


def test_following_again_within_30_days_sends_no_second_notice(app, clock, alice, bob, follow):
    for _ in range(20):
        follow(alice, bob)
        follow(alice, bob, wanted=False)
    assert count(app, FollowNotice) == 1
    assert [told for _name, told in events(app) if told] == [True]
    clock.move(days=30)
    follow(alice, bob)
    assert events(app)[-1] == ("user_followed", True)


def test_a_notice_of_a_new_account_waits_until_it_is_old_enough(app, clock, alice, bob, follow):
    follow(alice, bob, days=3)
    assert events(app) == [("user_followed", False)]
    clock.move(days=3, seconds=-1)
    assert sent(app) == []
    clock.move(seconds=1)
    assert sent(app) == [(bob.id, alice.id)]
    assert sent(app) == []


def sent(app):
    with working(app):
        return [(row.user_id, row.follower_id) for row in actions.send_due_notices(10)]


def test_an_unfollow_by_a_new_account_cancels_its_notice(app, clock, alice, bob, follow):
    follow(alice, bob, days=3)
    follow(alice, bob, wanted=False)
    clock.move(days=4)
    assert sent(app) == []


def test_only_changes_count_towards_the_limit(app, alice, bob, charlie, follow):
    once = (limits.parse("1/1 hour"),)
    follow(alice, bob, limits=once)
    follow(alice, bob, limits=once)
    with pytest.raises(TooMany):
        follow(alice, charlie, limits=once)
    assert count(app, Follow) == 1


def test_each_of_several_limits_applies(app, alice, bob, charlie, follow):
    both = (limits.parse("10/1 minute"), limits.parse("1/1 day"))
    follow(alice, bob, limits=both)
    with pytest.raises(TooMany):
        follow(alice, charlie, limits=both)


def test_users_cannot_follow_or_mute_themselves(app, alice, follow):
    with pytest.raises(Invalid, match="username"):
        follow(alice, alice)
    with pytest.raises(Invalid, match="username"), working(app):
        actions.set_mute(alice.user, alice.user, wanted=True)


def test_the_number_of_followed_users_is_limited(app, alice, bob, charlie, follow, monkeypatch):
    monkeypatch.setattr(actions, "MOST_FOLLOWED", 1)
    follow(alice, bob)
    with pytest.raises(Invalid, match="Unfollow one first"):
        follow(alice, charlie)


def test_a_mute_leaves_no_event_and_ends_on_its_date(app, clock, alice, bob):
    with working(app):
        actions.set_mute(alice.user, bob.user, wanted=True, until="2027-01-01")
    assert not events(app)
    with app.app_context():
        muted = queries.muted_by(alice.id, None, 9)
        assert [(row.username, row.until.isoformat()) for row in muted] == [
            ("bob", "2027-01-01T00:00:00+00:00")
        ]
    clock.move(days=600)
    with app.app_context():
        assert not queries.muted_by(alice.id, None, 9)
        assert not queries.relation_to(alice.id, bob.id).mutes


@pytest.mark.parametrize(
    "until", ["soon", "2020-01-01", "9" * 5_000, 5, "2026-13-01", "0001-01-01T00:00+23:59"]
)
def test_the_end_of_a_mute_must_be_in_the_future(app, clock, alice, bob, until):
    with pytest.raises(Invalid, match="until"), working(app):
        actions.set_mute(alice.user, bob.user, wanted=True, until=until)


def test_muting_again_sets_another_end(app, clock, alice, bob):
    for until in ("2027-01-01", None):
        with working(app):
            actions.set_mute(alice.user, bob.user, wanted=True, until=until)
    with app.app_context():
        assert db.session.get(Mute, (alice.id, Muted.PERSON, bob.id)).until is None
    with working(app):
        actions.set_mute(alice.user, bob.user, wanted=False)
    assert count(app, Mute) == 0


def test_hidden_profiles_are_omitted_from_the_lists(app, alice, bob, charlie, follow):
    follow(alice, bob)
    follow(alice, charlie)
    follow(bob, alice)
    with working(app):
        bob.user.audience = "me"
    with app.app_context():
        assert [row.username for row in queries.followed_by(alice.id, None, 9)] == ["charlie"]
        assert not queries.followers_of(alice.id, None, 9)
        assert queries.relation_to(alice.id, bob.id).follows


def test_old_notices_are_deleted(app, clock, alice, bob, follow):
    follow(alice, bob)
    clock.move(days=29)
    with working(app):
        actions.prune_notices()
    assert count(app, FollowNotice) == 1
    clock.move(days=2)
    with working(app):
        actions.prune_notices()
    assert count(app, FollowNotice) == 0


def test_lists_continue_after_a_name(app, alice, follow):
    for name in ("dora", "bert", "cleo"):
        follow(alice, add_person(app, name))
    with app.app_context():
        assert [row.username for row in queries.followed_by(alice.id, None, 2)] == ["bert", "cleo"]
        assert [row.username for row in queries.followed_by(alice.id, "cleo", 2)] == ["dora"]


def test_eight_threads_follow_block_and_mute_one_user_consistently(app, alice):
    people = [add_person(app, f"racer{number}") for number in range(8)]

    def run(person, number):
        for wanted in (True, False, True):
            with suppress(NotFound), working(app):
                actions.set_follow(
                    person.user, alice.user, wanted=wanted, limits=OFTEN, newcomer_days=0
                )
            with working(app):
                actions.set_mute(person.user, alice.user, wanted=wanted)
            with working(app):
                one, other = (alice, person) if number % 2 else (person, alice)
                blocking.set_block(one.user, other.user, wanted=wanted and number < 6)

    at_once([partial(run, person, number) for number, person in enumerate(people)])
    with app.app_context():
        follows = set(db.session.scalars(sa.select(Follow.user_id)))
        rows = db.session.execute(sa.select(Block.user_id, Block.blocked_id))
        blocked = {pair for row in rows for pair in row} - {alice.id}
    assert blocked == {person.id for person in people[:6]}
    assert follows == {person.id for person in people[6:]}
    assert count(app, Mute) == len(people)
