"""A recheck of everyone as a job: one at a time, interrupted, resumed, watched and cancelled."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import at_once, new_charter
from tests.support.people import add_person, working
from trackflow_web.achievements import handler
from trackflow_web.achievements.models import RecheckRun, RunState
from trackflow_web.achievements.recheck import reconcile as recheck
from trackflow_web.achievements.recheck import runs
from trackflow_web.achievements.recheck import start as actions
from trackflow_web.jobs import rechecks
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases

PAGE = "/admin/rechecks/"
PEOPLE = ("alice", "bob", "charlie")
# With Olga and the noise.
EVERYONE = len(PEOPLE) + 2


@pytest.fixture
def app(make_app):
    """An application whose jobs wait until a test does them."""
    return make_app(JOBS="worker")


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """Even these few users are rechecked by a job, two per chunk."""
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(recheck, "USERS_A_CHUNK", 2)
    monkeypatch.setattr(rechecks, "PAUSE", 0)
    monkeypatch.setattr(rechecks, "FIRST_PAUSE_AFTER_FAILURE", 0)


@pytest.fixture
def missed(app, monkeypatch):
    """All users except Olga have an uncounted song."""
    monkeypatch.setattr(handler, "_deltas_by_user", lambda _facts: {})
    charters = [new_charter(app, name) for name in PEOPLE]
    for charter in charters:
        charter.add()
    monkeypatch.setattr(handler, "_deltas_by_user", _real)
    return charters


_real = handler._deltas_by_user


@pytest.fixture
def olga(app):
    return add_person(app, "olga", is_admin=True)


@pytest.fixture
def as_olga(app, olga):
    browser = Browser(app)
    browser.enter(olga)
    return browser


@pytest.fixture
def jobs(app):
    return app.extensions["trackflow.jobs"]


@pytest.fixture
def begun(app, olga, missed):
    """The id of a run that no worker has started."""
    with working(app):
        return runs.begin(olga.user)


def the_run(app):
    with app.app_context():
        return db.session.scalars(sa.select(RecheckRun)).one()


def codes(missed):
    return [charter.codes for charter in missed]


ALL = [["dreamer"]] * len(PEOPLE)
NONE = [[]] * len(PEOPLE)


# --- to the end ----------------------------------------------------------------------------------


def test_a_queued_recheck_covers_everyone(app, jobs, as_olga, missed):
    assert as_olga.post(PAGE, user="").location == f"{PAGE}{the_run(app).id}"
    assert "Recheck started" in as_olga.follow().text
    assert (the_run(app).state, the_run(app).total) == (RunState.WAITING, EVERYONE)
    assert codes(missed) == NONE
    jobs.run_due()
    run = the_run(app)
    assert (run.state, run.users, run.awards, run.percent) == (RunState.DONE, EVERYONE, 3, 100)
    assert (run.admin_name, run.target, run.worker) == ("olga", "everyone", "")
    assert run.drift == 2 * len(PEOPLE)  # songs, planned ones
    assert codes(missed) == ALL


def test_a_recheck_of_few_users_runs_in_the_request(app, as_olga, missed, monkeypatch):
    monkeypatch.setattr(actions, "MOST_AT_ONCE", EVERYONE)
    as_olga.post(PAGE, user="")
    assert (the_run(app).state, the_run(app).total) == (RunState.DONE, None)
    assert codes(missed) == ALL


def test_a_recheck_runs_immediately_if_jobs_do(make_app, olga, missed):
    at_once_app = make_app()
    browser = Browser(at_once_app)
    browser.enter(olga)
    browser.post(PAGE, user="")
    assert the_run(at_once_app).state == RunState.DONE
    assert codes(missed) == ALL


def test_long_rechecks_let_other_jobs_run(app, jobs, begun, monkeypatch):
    monkeypatch.setattr(rechecks, "TURN", 0)
    with working(app):
        jobs.start_recheck(begun)
    chunks = -(-EVERYONE // 2)
    assert jobs.run_due() == chunks
    assert the_run(app).state == RunState.DONE
    assert the_run(app).users == EVERYONE


# --- one at a time -------------------------------------------------------------------------------


def test_starting_a_second_recheck_reports_the_running_one(app, jobs, as_olga, missed):
    as_olga.post(PAGE, user="")
    as_olga.post(PAGE, user="")
    assert "A recheck is already running" in as_olga.follow().text
    jobs.run_due()
    assert the_run(app).users == EVERYONE  # and it is the only one


def test_one_user_can_be_rechecked_during_a_recheck_of_everyone(as_olga, missed):
    as_olga.post(PAGE, user="")
    as_olga.post(PAGE, user="bob")
    assert codes(missed) == [[], ["dreamer"], []]
    with missed[0].app.app_context():
        runs.cancel(runs.unfinished().id)
        db.session.commit()
    as_olga.post(PAGE, user="alice")
    as_olga.post(PAGE, user="charlie")


def test_of_concurrent_starts_only_one_recheck_runs(app, olga, missed):
    def begin():
        with working(app):
            return runs.begin(olga.user)

    assert len([run_id for run_id in at_once([begin] * 4) if run_id]) == 1
    app.extensions["trackflow.jobs"].work.named["recheck"](the_run(app).id)


def test_two_concurrent_workers_recheck_each_user_once(app, jobs, begun):
    at_once([lambda: jobs.work.named["recheck"](begun)] * 3)
    run = the_run(app)
    assert (run.state, run.users, run.awards) == (RunState.DONE, EVERYONE, 3)


def test_the_command_uses_the_same_lock(app, jobs, begun, clock):
    asked = ["achievements", "recheck"]
    refused = app.test_cli_runner().invoke(args=asked)
    assert refused.exit_code == 1
    assert "A recheck of everyone is under way" in refused.output
    jobs.work.named["recheck"](begun)
    done = app.test_cli_runner().invoke(args=asked)
    assert done.exit_code == 0
    assert f"{EVERYONE} users, 0 awards, 0 numbers corrected." in done.output


# --- cut off -------------------------------------------------------------------------------------


def one_chunk(app, run_id, worker="of a job that died"):
    with working(app):
        assert runs.acquire(run_id, worker)
        assert runs.step(runs.renew(run_id, worker), 2)


def test_maintenance_restarts_the_recheck_of_a_dead_worker(app, jobs, clock, begun):
    one_chunk(app, begun)
    jobs.sweep()
    jobs.run_due()
    assert the_run(app).users == 2  # it may still be alive
    clock.move(seconds=20)
    jobs.sweep()
    jobs.run_due()
    run = the_run(app)
    assert (run.state, run.users, run.awards) == (RunState.DONE, EVERYONE, 3)


def test_a_worker_with_a_lost_lease_stops(app, clock, begun):
    one_chunk(app, begun)
    clock.move(seconds=21)
    with working(app):
        assert runs.acquire(begun, "another")
    with app.app_context():
        assert not rechecks.work(begun, "of a job that died", (), turn=60)
    assert the_run(app).users == 2
    clock.move(seconds=21)
    app.extensions["trackflow.jobs"].work.named["recheck"](begun)


def test_startup_does_not_restart_the_run_of_a_command(app, begun, clock):
    one_chunk(app, begun, worker=f"{runs.COMMANDS}17")
    with app.app_context():
        assert runs.abandoned(all_unfinished=True) == []
    clock.move(seconds=21)
    with app.app_context():
        assert runs.abandoned() == [begun]
    app.extensions["trackflow.jobs"].work.named["recheck"](begun)


def test_a_failing_chunk_is_retried(app, jobs, begun, monkeypatch):
    real, tries = recheck.reconcile_chunk, []

    def failing_twice(chunk):
        tries.append(chunk)
        if len(tries) in {2, 3}:
            message = "the database is busy"
            raise RuntimeError(message)
        return real(chunk)

    monkeypatch.setattr(recheck, "reconcile_chunk", failing_twice)
    jobs.work.named["recheck"](begun)
    run = the_run(app)
    assert (run.state, run.users, run.attempts, run.error) == (RunState.DONE, EVERYONE, 0, "")
    assert tries[1] == tries[2] == tries[3]


def test_a_recheck_fails_after_too_many_failures_and_keeps_what_was_done(
    app, jobs, as_olga, begun, monkeypatch
):
    real = recheck.reconcile_chunk

    def failing(chunk):
        if the_second(chunk):
            message = "never"
            raise RuntimeError(message)
        return real(chunk)

    def the_second(chunk):
        return chunk[0] > 2

    monkeypatch.setattr(recheck, "reconcile_chunk", failing)
    jobs.work.named["recheck"](begun)
    run = the_run(app)
    assert (run.state, run.users, run.attempts) == (RunState.FAILED, 2, runs.MOST_ATTEMPTS)
    assert rechecks.OUR_FAULT in as_olga.get(PAGE).text
    monkeypatch.setattr(recheck, "reconcile_chunk", real)
    as_olga.post(PAGE, user="")
    jobs.run_due()


# --- watched and cancelled -----------------------------------------------------------------------


def test_the_recheck_page_polls_until_the_run_has_ended(app, jobs, as_olga, begun):
    one_chunk(app, begun)
    address = f"{PAGE}{begun}"
    page = as_olga.get(address, htmx=True)
    assert (page.one("#recheck-run")["hx-get"], page.one("#recheck-run")["hx-trigger"]) == (
        address,
        "every 1s",
    )
    assert page.one("progress")["value"] == str(2 * 100 // EVERYONE)
    assert page.all(".figures dd")[0].get_text() == "2"
    assert not page.all("h1")
    with working(app):
        runs.release(runs.renew(begun, "of a job that died"))
    jobs.work.named["recheck"](begun)
    page = as_olga.get(address, htmx=True)
    assert "hx-get" not in page.one("#recheck-run").attrs
    assert page.one("progress")["value"] == "100"
    assert [int(number.get_text()) for number in page.all(".figures dd")][:2] == [EVERYONE, 3]


def test_the_recheck_page_shows_the_number_of_users(as_olga, jobs, missed):
    page = as_olga.get(PAGE, user="")
    assert [number.get_text() for number in page.all(".figures dd")] == [str(EVERYONE)]
    assert "in the background" in page.text
    as_olga.post(PAGE, user="")
    jobs.run_due()


@pytest.mark.leaves_drift("it was cancelled before it came to everybody")
def test_a_cancelled_recheck_stops_and_keeps_what_was_done(app, jobs, as_olga, begun):
    one_chunk(app, begun)
    as_olga.post(f"{PAGE}{begun}/cancel")
    assert "Cancelled. What has been done so far stays." in as_olga.follow().text
    jobs.work.named["recheck"](begun)
    run = the_run(app)
    assert (run.state, run.users) == (RunState.CANCELLED, 2)
    as_olga.post(f"{PAGE}{begun}/cancel")
    assert "It had already ended." in as_olga.follow().text


@pytest.mark.leaves_drift("it was cancelled before it came to everybody")
def test_a_recheck_cancelled_while_it_runs_stops_after_its_chunk(app, olga, begun, monkeypatch):
    working_on_it, go_on = threading.Event(), threading.Event()
    real = recheck.reconcile_chunk

    def slowly(chunk):
        done = real(chunk)
        working_on_it.set()
        assert go_on.wait(20)
        return done

    monkeypatch.setattr(recheck, "reconcile_chunk", slowly)
    monkeypatch.setattr(rechecks, "PAUSE", 0.2)  # in which others get to write

    def cancel():
        assert working_on_it.wait(20)
        go_on.set()
        with working(app):
            assert runs.cancel(begun)

    at_once([lambda: app.extensions["trackflow.jobs"].work.named["recheck"](begun), cancel])
    assert the_run(app).state == RunState.CANCELLED
    assert the_run(app).users in {2, 4}


def test_the_api_returns_the_location_of_the_run(app, jobs, as_olga, missed):
    asked = as_olga.api("POST", "/api/achievements/check", {})
    assert asked.status == 202
    assert (asked.json["state"], asked.json["total"]) == ("waiting", EVERYONE)
    again = as_olga.api("POST", "/api/achievements/check", {})
    assert (again.status, again.json["id"]) == (202, asked.json["id"])
    jobs.run_due()
    looked = as_olga.api("GET", asked.headers["Location"])
    assert (looked.json["state"], looked.json["users"], looked.json["awards"]) == (
        "done",
        EVERYONE,
        3,
    )
    cancelled = as_olga.api("POST", f"{asked.headers['Location']}/cancel", {})
    assert cancelled.json["state"] == "done"
    assert as_olga.api("GET", "/api/achievements/check/999").status == 404
