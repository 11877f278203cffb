"""Events whose handlers failed stay pending and are redelivered."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
import structlog

from tests.support.charter import at_once
from tests.support.databases import run_command
from trackflow_web import composition
from trackflow_web.achievements import handler
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.domain.songs import actions
from trackflow_web.kernel import failpoints
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.failpoints import Point
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.kernel.transactions import unit_of_work

pytestmark = pytest.mark.both_databases


def broken(place=Point.COUNTERS_UPDATED):
    """Raise ZeroDivisionError at this place while the block runs."""
    return failpoints.failing(place, ZeroDivisionError("a broken rule"))


def pending(app):
    with app.app_context():
        return list(
            db.session.scalars(
                sa.select(Event.name).where(Event.delivered_at.is_(None)).order_by(Event.id)
            )
        )


def redeliver_pending(app):
    with app.app_context():
        return redeliver(composition.HANDLERS)


def rechecked(app):
    with app.app_context(), unit_of_work(composition.HANDLERS):
        return recheck.reconcile_users()


def test_a_failing_handler_keeps_the_song_and_its_events_pending(app, alice):
    with broken():
        alice.add()
    assert pending(app) == ["song_added", "song_planned"]
    assert (alice.numbers, alice.codes) == ({}, [])
    redeliver_pending(app)


@pytest.mark.parametrize("place", [Point.COUNTERS_UPDATED, Point.IN_HANDLER])
def test_a_failing_handler_is_rolled_back_completely(app, alice, place):
    with broken(place):
        alice.add(status="released", year=1988)
    assert (alice.numbers, alice.codes, alice.values("artist")) == ({}, [], {})
    redeliver_pending(app)
    assert alice.codes == ["first_release"]
    assert alice.values("artist") == {"metallica": 1}


def test_awards_granted_before_a_failure_are_rolled_back(app, alice, bob, work, monkeypatch):
    update = handler._update_counters

    def fail_for_bob(user_id, added, assigned, *, hold):
        if user_id == bob.id:
            message = "not for bob"
            raise ZeroDivisionError(message)
        return update(user_id, added, assigned, hold=hold)

    monkeypatch.setattr(handler, "_update_counters", fail_for_bob)
    with work():
        actions.add_song(alice.user, title="One", artist="Metallica")
        actions.add_song(bob.user, title="One", artist="Metallica")
    monkeypatch.undo()
    assert (alice.codes, alice.numbers) == ([], {})
    assert "achievement_unlocked" not in pending(app)
    redeliver_pending(app)
    assert alice.codes == bob.codes == ["dreamer"]


def test_a_failing_handler_is_logged_once(app, alice):
    with broken(), structlog.testing.capture_logs() as logs:
        alice.add()
    assert [line["event"] for line in logs] == ["handler_failed"]
    assert logs[0]["handler"] == "achievements"
    redeliver_pending(app)


def test_redelivery_grants_missed_awards_once(app, alice):
    with broken():
        alice.add()
    assert redeliver_pending(app) == 2
    assert pending(app) == []
    assert redeliver_pending(app) == 0
    assert alice.codes == ["dreamer"]
    assert alice.numbers == {
        "total_songs": 1, "total_planned": 1, "total_achievements": 1, "total_points": 10,
    }  # fmt: skip


def test_redelivery_after_a_recheck_grants_nothing(app, alice):
    with broken():
        alice.add()
    assert [award.entry.code for award in rechecked(app).awards] == ["dreamer"]
    before = alice.numbers
    assert redeliver_pending(app) == 2
    assert (alice.numbers, alice.codes) == (before, ["dreamer"])


def test_the_next_action_is_handled_and_redelivery_corrects_the_counters(app, alice):
    with broken():
        alice.add("One")
    for title in ("Two", "Three", "Four", "Five"):
        alice.add(title)
    assert alice.number("total_songs") == 4
    redeliver_pending(app)
    assert alice.number("total_songs") == 5
    assert alice.codes == ["dreamer", "visionary"]


def test_an_award_whose_points_failed_gets_them_by_redelivery(app, alice, monkeypatch):
    update = handler._update_counters

    def fail_at_points(user_id, added, assigned, *, hold):
        if "total_points" in added:
            message = "no points today"
            raise ZeroDivisionError(message)
        return update(user_id, added, assigned, hold=hold)

    monkeypatch.setattr(handler, "_update_counters", fail_at_points)
    alice.add()
    monkeypatch.undo()
    assert alice.codes == ["dreamer"]
    assert alice.number("total_points") == 0
    assert pending(app) == ["achievement_unlocked"]
    redeliver_pending(app)
    assert alice.number("total_points") == 10


def test_concurrent_redeliveries_grant_once(app, alice):
    with broken():
        alice.add()
    assert sum(at_once([lambda: redeliver_pending(app)] * 4)) == 2
    assert alice.codes == ["dreamer"]
    assert alice.number("total_points") == 10


def test_a_failing_redelivery_leaves_its_events_pending(app, alice):
    with broken():
        alice.add()
    with broken(Point.IN_RECHECK), pytest.raises(ZeroDivisionError):
        redeliver_pending(app)
    assert pending(app) == ["song_added", "song_planned"]
    assert redeliver_pending(app) == 2


def test_the_command_prints_how_many_events_were_redelivered(app, alice):
    with broken():
        alice.add()
    assert "2 events dispatched again." in run_command(app, "achievements", "sweep")
    assert "0 events dispatched again." in run_command(app, "achievements", "sweep")


def test_events_of_a_deleted_user_do_not_block_redelivery(app, alice, bob, work):
    with broken():
        alice.add()
        bob.add()
    with work():
        db.session.delete(alice.user)
    assert redeliver_pending(app) == 2
    assert bob.codes == ["dreamer"]


@pytest.fixture
def failing_for(monkeypatch):
    """`failing_for(alice)`: recounting her fails."""
    real = recheck.reconcile_chunk

    def fail_for(person):
        def recheck_chunk(chunk):
            if person.id in chunk:
                message = "she cannot be counted"
                raise ZeroDivisionError(message)
            return real(chunk)

        monkeypatch.setattr(recheck, "reconcile_chunk", recheck_chunk)

    fail_for.mend = monkeypatch.undo
    return fail_for


def test_a_long_backlog_is_redelivered_in_one_run(app, alice, bob, monkeypatch):
    with broken():
        alice.add_many(6)
        bob.add_many(6)
    monkeypatch.setattr("trackflow_web.kernel.redelivery.EVENTS_A_BATCH", 5)
    assert redeliver_pending(app) == 24
    assert pending(app) == []
    assert (alice.number("total_songs"), bob.number("total_songs")) == (6, 6)


def test_a_user_whose_events_fail_does_not_block_others(app, alice, bob, failing_for, monkeypatch):
    with broken():
        alice.add_many(6)  # more than a piece of a sweep, and the oldest
        bob.add()
    monkeypatch.setattr("trackflow_web.kernel.redelivery.EVENTS_A_BATCH", 5)
    failing_for(alice)
    with structlog.testing.capture_logs() as logs, pytest.raises(ZeroDivisionError):
        redeliver_pending(app)
    assert bob.codes == ["dreamer"]
    assert alice.codes == []
    assert {line["user_id"] for line in logs} == {alice.id}
    failing_for.mend()
    assert redeliver_pending(app) == 12
    assert alice.codes == ["dreamer", "visionary"]
