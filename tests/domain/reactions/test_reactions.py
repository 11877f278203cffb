"""Reactions are set, one per user and subject."""

from __future__ import annotations

from functools import partial

import limits
import pytest
import sqlalchemy as sa

from tests.support.charter import at_once, statements_of
from tests.support.people import add_person, working
from tests.support.talk import OFTEN, Talk, rows
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.reactions import actions, queries
from trackflow_web.domain.reactions.models import Reaction
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.subjects import Subject, SubjectType
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.notifications.models import Notification

pytestmark = pytest.mark.both_databases


@pytest.fixture
def talk(app, alice):
    return Talk(app, alice)


def test_another_kind_replaces_the_first_and_the_same_changes_nothing(talk, bob, charlie):
    talk.react(bob, "like")
    talk.react(bob, "brutal")
    talk.react(bob, "brutal")
    talk.react(charlie, "like")
    assert talk.reactions(bob) == ({"like": 1, "brutal": 1}, "brutal")
    talk.react(bob, None)
    talk.react(bob, None)
    assert talk.reactions(bob) == ({"like": 1}, None)


def test_nobody_reacts_to_their_own(talk, alice):
    with pytest.raises(Invalid) as caught:
        talk.react(alice)
    assert set(caught.value.errors) == {"subject"}


def test_a_thousand_changes_are_one_row_and_the_limit_ends_them(talk, bob):
    few = (limits.parse("20/1 minute"),)
    with pytest.raises(TooMany):
        for number in range(30):
            talk.react(bob, "like" if number % 2 == 0 else None, often=few)
    assert rows(talk.app, Reaction) == 1


def test_rows_of_removed_reactions_go_after_a_day(talk, bob, clock):
    talk.react(bob)
    talk.react(bob, None)
    for hours, left in ((23, 1), (2, 0)):
        clock.move(hours=hours)
        with working(talk.app):
            actions.prune()
        assert rows(talk.app, Reaction) == left


def test_reactions_to_thirty_subjects_take_one_statement(app, talk, bob):
    talk.react(bob, "thanks")
    keys = [Subject(SubjectType.RELEASE, number, 1).key for number in range(1, 30)]
    with app.app_context(), statements_of(app) as sent:
        found = queries.reactions_of([talk.subject.key, *keys], bob.id)
    assert len(sent) == 1
    assert found[talk.subject.key].mine == "thanks"
    assert all(not found[key].counts for key in keys)


def test_hidden_people_are_only_numbers(app, talk, alice, bob):
    private = add_person(app, "private")
    talk.react(bob)
    talk.react(private)
    with working(app):
        private.user.audience = Audience.ME
    with app.app_context():
        found = queries.reactors(talk.subject, alice.id, after_id=None, limit=9)
        assert [each.user.username for each in found] == ["bob"]
        assert queries.count_hidden(talk.subject, alice.id) == 1
    assert talk.reactions(alice) == ({"like": 2}, None)


def test_tabs_of_one_user_that_react_at_once_leave_one_reaction_that_is_told_once(
    app, talk, alice, bob
):
    at_once([partial(talk.react, bob, kind) for kind in ("like", "brutal") * 4])
    counts, own = talk.reactions(bob)
    assert counts == {own: 1}
    with app.app_context():
        told = sa.select(Notification.n).where(
            Notification.user_id == alice.id, Notification.type == "reaction"
        )
        assert list(db.session.scalars(told)) == [1]


def test_eight_users_react_follow_and_comment_at_once(app, talk, alice):
    people = [add_person(app, f"friend-{number}") for number in range(8)]

    def act(person):
        talk.react(person)
        with working(app):
            relations.set_follow(
                person.user, alice.user, wanted=True, limits=OFTEN, newcomer_days=0
            )
        return talk.write(person, f"Nice, says {person.username}.")

    written = at_once([partial(act, person) for person in people])
    assert talk.reactions(alice) == ({"like": 8}, None)
    assert len(set(written)) == 8
    assert sorted(talk.texts(alice)) == sorted(f"Nice, says {each.username}." for each in people)
    with app.app_context():
        follows = sa.select(sa.func.count()).where(Follow.followed_id == alice.id)
        assert db.session.scalar(follows) == 8
        told = sa.select(Notification.type, sa.func.sum(Notification.n)).where(
            Notification.user_id == alice.id,
            Notification.type.in_(("reaction", "comment", "new_follower")),
        )
        numbers = dict(db.session.execute(told.group_by(Notification.type)).all())
    assert numbers == {"reaction": 8, "comment": 8, "new_follower": 8}
