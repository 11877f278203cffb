"""Leases: of several workers one has a row, and one that died is replaced."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.support.people import working
from trackflow_web.achievements.models import RecheckRun, RunState
from trackflow_web.kernel import leases
from trackflow_web.kernel.database import db
from trackflow_web.kernel.leases import LeaseLost

pytestmark = pytest.mark.both_databases

LASTS = timedelta(seconds=20)
WORKERS = [f"worker {number}" for number in range(6)]


@pytest.fixture
def row_id(app, clock):
    """A run without a worker, as an example of a leased table."""
    with working(app):
        run = RecheckRun(admin_name="a command", target="everyone", at=clock(), state="waiting")
        db.session.add(run)
        db.session.flush()
        return run.id


@pytest.fixture
def acquire(app, row_id):
    def acquire(worker, *conditions, **options):
        with working(app):
            return leases.acquire(RecheckRun, row_id, worker, *conditions, lasts=LASTS, **options)

    return acquire


@pytest.fixture
def renew(app, row_id):
    def renew(worker):
        with working(app):
            return leases.renew(RecheckRun, row_id, worker, lasts=LASTS)

    return renew


@pytest.fixture
def release(app, row_id):
    def release():
        with working(app):
            leases.release(db.session.get_one(RecheckRun, row_id))

    return release


def test_a_leased_row_cannot_be_acquired_by_another_worker(acquire, renew):
    assert acquire("first")
    assert not acquire("second")
    assert renew("first").worker == "first"


def test_acquiring_an_expired_lease_takes_it_from_its_worker(acquire, renew, clock):
    assert acquire("first")
    clock.move(seconds=20)
    assert acquire("second")
    with pytest.raises(LeaseLost):
        renew("first")
    assert renew("second").held_until == clock() + LASTS


def test_a_renewed_lease_lasts_longer(acquire, renew, clock):
    acquire("first")
    clock.move(seconds=10)
    renew("first")
    clock.move(seconds=10)
    assert not acquire("second")


def test_an_expired_lease_can_be_renewed_until_it_is_acquired(acquire, renew, clock):
    acquire("first")
    clock.move(seconds=40)
    assert renew("first").held_until == clock() + LASTS


def test_a_released_row_is_free_and_lost_to_its_worker(acquire, renew, release):
    acquire("first")
    release()
    with pytest.raises(LeaseLost):
        renew("first")
    assert acquire("second")


def test_a_lease_can_be_taken_over_from_a_worker_that_cannot_be_alive(acquire, renew):
    acquire("first")
    assert acquire("second", take_over=True)
    with pytest.raises(LeaseLost):
        renew("first")


def test_a_row_that_does_not_meet_the_conditions_is_not_acquired(acquire):
    assert not acquire("first", RecheckRun.state == RunState.DONE)
    assert acquire("first", RecheckRun.state == RunState.WAITING, state=RunState.RUNNING)


def test_a_row_that_is_deleted_is_lost_to_its_worker(app, acquire, renew, row_id):
    acquire("first")
    with working(app):
        db.session.delete(db.session.get_one(RecheckRun, row_id))
    with pytest.raises(LeaseLost):
        renew("first")
    assert not acquire("second")


def at_once(calls):
    """Make all calls at the same moment; return their results in order of the calls."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, call):
        barrier.wait()
        results[number] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_concurrent_acquisitions_of_a_row_succeed_once(acquire, renew):
    got = at_once([lambda worker=worker: acquire(worker) for worker in WORKERS])
    assert sorted(got) == [False] * 5 + [True]
    [winner] = [worker for worker, has_it in zip(WORKERS, got, strict=True) if has_it]
    assert renew(winner)


def test_a_concurrent_renewal_and_takeover_leave_one_holder(acquire, renew, clock, row_id, app):
    """In either order, only one of them has the row."""

    def try_to_renew():
        try:
            renew("first")
        except LeaseLost:
            return False
        return True

    acquire("first")
    clock.move(seconds=40)
    renewed, taken = at_once([try_to_renew, lambda: acquire("second")])
    assert renewed != taken
    with app.app_context():
        assert db.session.get_one(RecheckRun, row_id).worker == ("first" if renewed else "second")
