"""Visibility: who sees whom, in every state and direction."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.domain.people.models import Audience, User
from trackflow_web.domain.visibility import (
    Held,
    blocked_between,
    not_held,
    visible_to,
    visible_to_members,
)
from trackflow_web.domain.visibility.models import Block, Hold
from trackflow_web.kernel import clock as the_clock
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases

NOBODY = "nobody"
# What is set of Alice, and which of these viewers then see her.
STATES = {
    "everyone": {NOBODY, "bob", "alice"},
    "members": {"bob", "alice"},
    "me": {"alice"},
    "banned": set(),
    "suspended": set(),
    "suspended until just now": {"bob", "alice"},
    "held": {"alice"},
    "blocks bob": {"alice"},
    "blocked by bob": {"alice"},
}


def put(state, alice, bob):
    user = db.session.get_one(User, alice.id)
    now = the_clock.now()
    if state in set(Audience):
        user.audience = Audience(state)
    elif state == "banned":
        user.banned_at = now
    elif state == "suspended":
        user.suspended_until = now + timedelta(seconds=1)
    elif state == "suspended until just now":
        user.suspended_until = now
    elif state == "held":
        db.session.add(
            Hold(subject_type=Held.PROFILE, subject_id=alice.id, is_automatic=False, created_at=now)
        )
    else:
        one, other = (alice, bob) if state == "blocks bob" else (bob, alice)
        db.session.add(Block(user_id=one.id, blocked_id=other.id, created_at=now))


@pytest.mark.parametrize("state", STATES)
def test_each_state_of_a_user_is_visible_to_these_viewers_only(app, alice, bob, state):
    with working(app):
        put(state, alice, bob)
    viewers = {NOBODY: None, "alice": alice.id, "bob": bob.id}
    owner = sa.orm.aliased(User)
    viewer = sa.bindparam("viewer", type_=sa.BigInteger)
    with app.app_context():
        for name, viewer_id in viewers.items():
            found = sa.select(User.id).where(User.id == alice.id, visible_to(viewer_id))
            assert (db.session.scalar(found) is not None) == (name in STATES[state]), name
            if viewer_id is not None:  # an alias and a parameter, as statements that are built once
                found = sa.select(owner.id).where(owner.id == alice.id, visible_to(viewer, owner))
                seen = db.session.scalar(found, {"viewer": viewer_id})
                assert (seen is not None) == (name in STATES[state]), name


def test_counts_for_all_members_leave_out_hidden_users_but_not_blocked_ones(app, alice, bob):
    def count():
        return db.session.scalar(
            sa.select(sa.func.count()).where(visible_to_members(), User.id > 0)
        )

    with app.app_context():
        before = count()
    with working(app):
        put("blocks bob", alice, bob)
    with app.app_context():
        assert count() == before
    with working(app):
        put("held", alice, bob)
    with app.app_context():
        assert count() == before - 1


def test_a_hold_is_of_one_type(app, alice, bob):
    with working(app):
        put("held", alice, bob)
    with app.app_context():
        for type_ in Held:
            found = sa.select(User.id).where(User.id == alice.id, not_held(type_, User.id))
            assert (db.session.scalar(found) is None) == (type_ is Held.PROFILE)


def test_a_suspension_ends_by_itself(app, alice, bob, clock):
    with working(app):
        put("suspended", alice, bob)
    statement = sa.select(User.id).where(User.id == alice.id, visible_to(bob.id))
    with app.app_context():
        assert db.session.scalar(statement) is None
    clock.move(seconds=1)
    with app.app_context():
        assert db.session.scalar(statement) == alice.id


def test_a_block_lies_between_both(app, alice, bob, charlie):
    with working(app):
        put("blocks bob", alice, bob)
    with app.app_context():
        for one, other, is_blocked in (
            (alice, bob, True),
            (bob, alice, True),
            (alice, charlie, False),
        ):
            assert (
                bool(db.session.scalar(sa.select(blocked_between(one.id, other.id)))) == is_blocked
            )
