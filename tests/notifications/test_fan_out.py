"""Notices for many: written by a job in slices, exactly once, whatever is killed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.support.people import add_person, working
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.jobs import notifications as jobs
from trackflow_web.kernel import clock, failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.failpoints import Point
from trackflow_web.notifications import fan_out
from trackflow_web.notifications.models import FanOut, Notification, NotificationVersion

pytestmark = pytest.mark.both_databases
FOLLOWERS = 12


@pytest.fixture
def small(monkeypatch):
    """So that few followers are many."""
    monkeypatch.setattr(fan_out, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(fan_out, "SLICE", 5)


@pytest.fixture
def followers(app, alice):
    """Twelve users who follow Alice; gives their ids."""
    with working(app):
        now = clock.now()
        rows = [
            {
                "username": f"fan{number}",
                "username_key": f"fan{number}",
                "email": f"fan{number}@example.org",
                "password_hash": "x",
                "session_stamp": "x",
                "is_admin": False,
                "timezone": "UTC",
                "created_at": now,
            }
            for number in range(FOLLOWERS)
        ]
        db.session.execute(sa.insert(User), rows)
        ids = db.session.scalars(sa.select(User.id).where(User.username.like("fan%"))).all()
        db.session.execute(
            sa.insert(Follow),
            [{"user_id": id_, "followed_id": alice.id, "created_at": now} for id_ in ids],
        )
        return list(ids)


def told(app):
    with app.app_context():
        rows = db.session.execute(
            sa.select(Notification.user_id, Notification.n)
            .where(Notification.type == "new_release")
            .order_by(Notification.user_id)
        )
        return [tuple(row) for row in rows]


def run(app):
    with app.app_context():
        jobs.run(app.extensions["trackflow.jobs"].tools)


def test_many_recipients_are_left_to_a_job(app, act, alice, small, followers):
    act.release(alice)
    assert told(app) == []
    run(app)
    assert told(app) == [(id_, 1) for id_ in sorted(followers)]
    with app.app_context():
        assert fan_out.count_waiting() == 0
        versions = db.session.scalars(sa.select(NotificationVersion.n)).all()
        assert set(versions) == {1}


@pytest.mark.parametrize("point", [Point.NOTIFIED, Point.IN_FAN_OUT, Point.BEFORE_COMMIT,
                                   Point.AFTER_SLICE])  # fmt: skip
def test_a_job_that_was_cut_off_tells_everybody_once(app, act, alice, small, followers, point):
    act.release(alice)
    with failpoints.failing(point, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        run(app)
    with working(app):  # its lease ends
        db.session.execute(sa.update(FanOut).values(held_until=None, worker=""))
    run(app)
    assert told(app) == [(id_, 1) for id_ in sorted(followers)]


def test_a_release_that_was_taken_back_meanwhile_is_told_to_nobody_else(
    app, act, alice, small, followers
):
    song = act.release(alice)
    act.move(song, alice, "wip")
    run(app)
    assert told(app) == []


def test_a_request_that_fans_out_starts_the_job(app, alice, as_alice, small, followers):
    as_alice.post("/songs/", title="One", artist="Metallica", status="released")
    assert len(told(app)) == FOLLOWERS


def test_eight_at_once_on_one_row_are_counted_exactly(app, act, alice, sized):
    people = [add_person(app, f"racer{number}") for number in range(8)]
    rounds = sized(2, stress=200)
    with ThreadPoolExecutor(8) as pool:
        for turn in range(1, rounds + 1):
            barrier = threading.Barrier(8)

            def follow(person, barrier=barrier):
                barrier.wait(60)
                act.follow(person, alice)

            list(pool.map(follow, people))
            with app.app_context():
                row = db.session.scalars(
                    sa.select(Notification).where(Notification.type == "new_follower")
                ).one()
                assert row.n == 8, turn
                assert len(row.actor_ids.strip(",").split(",")) == 8
            with working(app):
                db.session.execute(sa.delete(Follow))
                db.session.execute(
                    sa.delete(Notification).where(Notification.type == "new_follower")
                )
                db.session.execute(sa.text("DELETE FROM follow_notices"))
