"""The queue of jobs is lost, cannot be written, or has something in it that cannot be read."""

from __future__ import annotations

from pathlib import Path

import limits
import pytest
import sqlalchemy as sa
from huey.serializer import SignedSerializer

from tests.support.people import working
from trackflow_web.domain.imports import actions, files
from trackflow_web.domain.imports.models import Import
from trackflow_web.domain.songs.models import Song
from trackflow_web.jobs import sweep
from trackflow_web.jobs.consumer import _Embedded
from trackflow_web.kernel import rate_limits
from trackflow_web.kernel.database import db
from trackflow_web.kernel.rate_limits import LimitCount

HURT = b"title,artist,Track URI\nHurt,Johnny Cash,spotify:track:1\n"


@pytest.fixture
def app(make_app):
    return make_app(JOBS="worker")


@pytest.fixture
def jobs(app):
    return app.extensions["trackflow.jobs"]


def start_import(app, person):
    with working(app):
        item = actions.begin_file(person.user, files.read(HURT), name="Mix", status="future")
        app.extensions["trackflow.jobs"].start_import(item.id)
        return item.id


def work_off(jobs):
    """Take everything out of the queue, as the thread of a consumer does."""
    worker = _Embedded(jobs.huey, workers=1, initial_delay=0.0)._create_worker()
    while jobs.waiting():
        worker.loop()


def titles(app, person):
    with app.app_context():
        return list(db.session.scalars(sa.select(Song.title).where(Song.user_id == person.id)))


def test_an_action_is_kept_when_the_queue_cannot_be_written(app, jobs, alice):
    queue = Path(f"{sa.make_url(app.config['SQLALCHEMY_DATABASE_URI']).database}.jobs")
    queue.mkdir()
    try:
        import_id = start_import(app, alice)
    finally:
        queue.rmdir()
    with app.app_context():
        assert db.session.get_one(Import, import_id).state == "queued"
    jobs.sweep(at_start=True)
    work_off(jobs)
    assert titles(app, alice) == ["Hurt"]


@pytest.mark.both_databases
def test_a_job_that_was_lost_with_the_queue_is_started_by_maintenance(app, jobs, clock, alice):
    start_import(app, alice)
    jobs.huey.flush()
    clock.move(minutes=2)
    jobs.sweep()
    work_off(jobs)
    assert titles(app, alice) == ["Hurt"]


@pytest.mark.both_databases
def test_what_cannot_be_read_does_not_stop_the_queue(app, jobs, alice):
    mine = jobs.huey.serializer
    foreign = SignedSerializer("another key of thirty-two letters")
    task = jobs.huey._registry.create_message(jobs._tasks["mails"].s(0))
    jobs.huey.storage.enqueue(b"no message")
    jobs.huey.storage.enqueue(foreign.serialize(task))
    jobs.huey.storage.enqueue(mine.serialize(task._replace(name="of a later version")))
    start_import(app, alice)
    work_off(jobs)
    assert titles(app, alice) == ["Hurt"]


def test_a_step_of_maintenance_that_fails_stops_no_other(app, jobs, clock, monkeypatch):
    def fail(*_arguments):
        raise ZeroDivisionError

    with working(app):
        rate_limits.enforce("searches", "alice", limits.parse("1/1 second"), "Too many.")
    clock.move(days=1)
    monkeypatch.setattr(sweep, "redeliver", fail)
    jobs.sweep()
    with app.app_context():
        assert db.session.scalars(sa.select(LimitCount)).all() == []
