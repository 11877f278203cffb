"""Imports that are cut off, run twice, or meet others."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.progress.queries import numbers_of
from trackflow_web.domain import events
from trackflow_web.domain.imports import actions, files, steps
from trackflow_web.domain.imports.models import Import, ImportRow
from trackflow_web.domain.songs.actions import add_song
from trackflow_web.domain.songs.models import Song
from trackflow_web.jobs import consumer, imports
from trackflow_web.jobs.consumer import JobThread
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.leases import LeaseLost

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).parents[2]
# The job is killed at a failpoint, as by SIGKILL: nothing is cleaned up.
KILLED = """
import os, sys
from trackflow_web import create_app
from trackflow_web.domain.imports import matching, steps
from trackflow_web.kernel import transactions

point, import_id = sys.argv[1], int(sys.argv[2])
app = create_app({"DATABASE_URL": os.environ["DATABASE_URL"], "SECRET_KEY": "x" * 40})

def dying_after(times, function):
    left = [times]
    def wrapped(*arguments, **named):
        result = function(*arguments, **named)
        left[0] -= 1
        if not left[0]:
            os._exit(9)
        return result
    return wrapped

if point == "claimed":
    matching.seen_before = dying_after(1, matching.seen_before)
elif point == "comparing":
    steps.keep_compared = dying_after(2, steps.keep_compared)
elif point == "inserted":
    steps._insert_songs = dying_after(1, steps._insert_songs)
elif point == "recorded":
    steps.finish = dying_after(1, steps.finish)
elif point == "announced":
    real = steps.finish
    def finish(*arguments):
        real(*arguments)
        transactions.commit = lambda: os._exit(9)
    steps.finish = finish
elif point == "committed":
    real = steps.finish
    def finish(*arguments):
        real(*arguments)
        transactions.after_commit(lambda: os._exit(9))
    steps.finish = finish
app.extensions["trackflow.jobs"].work.named["import"](import_id)
"""


def begin(app, person, rows, *, name="Mix", status="future"):
    lines = "".join(f"Song {n},Artist {n % 50},spotify:track:{n}\n" for n in range(rows))
    with working(app):
        playlist = files.read(f"title,artist,Track URI\n{lines}".encode())
        return actions.begin_file(person.user, playlist, name=name, status=status).id


def run(app, import_id, **options):
    app.extensions["trackflow.jobs"].work.named["import"](import_id, **options)


def songs_of(app, person):
    with app.app_context():
        return db.session.scalar(
            sa.select(sa.func.count()).select_from(Song).where(Song.user_id == person.id)
        )


def facts(app, fact):
    with app.app_context():
        return db.session.scalars(sa.select(Event).where(Event.name == fact)).all()


def import_of(app, import_id):
    with app.app_context():
        return db.session.get(Import, import_id)


@pytest.mark.parametrize(
    "point", ["claimed", "comparing", "inserted", "recorded", "announced", "committed"]
)
def test_an_import_restarted_after_a_kill_adds_each_song_once(
    app, alice, database_url, sized, point
):
    many = sized(2_500, stress=10_000)
    import_id = begin(app, alice, many)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, point, str(import_id)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == 9, killed.stderr
    assert songs_of(app, alice) == (many if point == "committed" else 0)
    run(app, import_id, take_over=True)
    assert songs_of(app, alice) == many
    assert import_of(app, import_id).imported == many
    assert [fact.n for fact in facts(app, events.SongsImported.event_name)] == [many]
    assert len(facts(app, events.PlaylistImported.event_name)) == 1


def test_maintenance_restarts_the_import_of_a_dead_job(app, alice, clock):
    import_id = begin(app, alice, 10)
    with working(app):
        assert steps.acquire(import_id, "of a job that died")
    jobs = app.extensions["trackflow.jobs"]
    jobs.sweep()
    assert import_of(app, import_id).state == "running"
    clock.move(minutes=2)
    jobs.sweep()
    assert import_of(app, import_id).state == "done"


def test_an_import_that_kills_each_worker_fails_and_does_not_block_others(app, alice, clock):
    import_id, other_id = begin(app, alice, 10), begin(app, alice, 20, name="Another")
    for number in range(steps.MOST_DEATHS + 1):
        with working(app):
            assert steps.acquire(import_id, f"of job {number}", take_over=True)
    clock.move(minutes=2)
    app.extensions["trackflow.jobs"].sweep()
    failed, done = import_of(app, import_id), import_of(app, other_id)
    assert (failed.state, failed.error) == ("failed", imports.OUR_FAULT)
    assert done.state == "done"


def test_deaths_are_counted_from_the_last_step(app, alice):
    import_id = begin(app, alice, 10)
    for number in range(steps.MOST_DEATHS):
        with working(app):
            assert steps.acquire(import_id, f"of job {number}", take_over=True)
    assert import_of(app, import_id).deaths == steps.MOST_DEATHS - 1
    with working(app):
        item = steps.renew(import_id, f"of job {number}")
        steps.keep_compared(item, steps.Compared(upto=0, rows=()))
    run(app, import_id, take_over=True)
    assert import_of(app, import_id).state == "done"


def test_a_job_with_a_lost_lease_changes_nothing(app, alice):
    import_id = begin(app, alice, 10)
    with working(app):
        steps.acquire(import_id, "first")
        steps.acquire(import_id, "second", take_over=True)
    with pytest.raises(LeaseLost), working(app):
        steps.renew(import_id, "first")
    run(app, import_id, take_over=True)


def test_two_concurrent_jobs_import_once(app, alice):
    import_id = begin(app, alice, 500)
    _together(lambda: run(app, import_id), lambda: run(app, import_id))
    assert songs_of(app, alice) == 500
    assert len(facts(app, events.SongsImported.event_name)) == 1


def test_two_concurrent_imports_of_a_playlist_add_each_song_once(app, alice):
    first, second = begin(app, alice, 500), begin(app, alice, 500)
    _together(lambda: run(app, first), lambda: run(app, second))
    assert songs_of(app, alice) == 500
    done = [import_of(app, first), import_of(app, second)]
    assert [item.state for item in done] == ["done", "done"]
    assert sum(item.imported for item in done) == 500
    assert len(facts(app, events.PlaylistImported.event_name)) == 1
    with app.app_context():
        assert numbers_of(alice.id)["total_spotify_imports"] == 1


def test_a_song_added_elsewhere_during_an_import_is_unchanged(app, alice, monkeypatch):
    import_id = begin(app, alice, 3)
    positions = steps.positions_of_new

    def added_meanwhile(*arguments):
        found = positions(*arguments)
        db.session.rollback()
        with working(app):
            add_song(alice.user, title="song 1", artist="ARTIST 1", year=1999)
        return found

    monkeypatch.setattr(steps, "positions_of_new", added_meanwhile)
    run(app, import_id)
    assert import_of(app, import_id).imported == 2
    assert songs_of(app, alice) == 3
    with app.app_context():
        rows = db.session.scalars(sa.select(ImportRow).order_by(ImportRow.position)).all()
    assert [row.outcome for row in rows] == ["imported", "skipped", "imported"]


def test_an_import_records_one_event_for_all_songs(app, alice):
    run(app, begin(app, alice, 250, status="released"))
    assert [fact.n for fact in facts(app, events.SongsImported.event_name)] == [250]
    assert not [
        fact for fact in facts(app, events.SongAdded.event_name) if fact.user_id == alice.id
    ]
    with app.app_context():
        numbers = numbers_of(alice.id)
    assert (numbers["total_songs"], numbers["total_released"]) == (250, 250)
    assert numbers["distinct_artists"] == 50


def test_a_failing_job_is_retried(app, alice, clock, monkeypatch):
    import_id = begin(app, alice, 10)
    monkeypatch.setattr(steps, "compare", lambda *_arguments: 1 / 0)
    run(app, import_id)
    assert import_of(app, import_id).state == "queued"
    monkeypatch.undo()
    clock.move(minutes=1)
    app.extensions["trackflow.jobs"].sweep()
    assert import_of(app, import_id).state == "done"


def test_a_cancelled_import_is_not_run(app, alice):
    import_id = begin(app, alice, 10)
    with working(app):
        actions.cancel(db.session.get_one(Import, import_id))
    run(app, import_id, take_over=True)
    assert songs_of(app, alice) == 0


def test_an_import_of_a_deleted_account_ends_quietly(app, alice):
    run(app, 999_999)


def test_a_thread_of_the_web_process_runs_the_jobs(make_app, app, alice, monkeypatch):
    monkeypatch.setattr(consumer, "TO_STOP", 60)  # no connection is left open
    jobs = make_app(JOBS="worker").extensions["trackflow.jobs"]
    import_id = begin(app, alice, 10)
    first, second = JobThread(jobs), JobThread(jobs)
    first.start()
    second.start()
    try:
        deadline = time.monotonic() + 15
        while import_of(app, import_id).state != "done" and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        first.stop()
        second.stop()
    assert import_of(app, import_id).state == "done"
    assert songs_of(app, alice) == 10


def _together(*calls):
    barrier = threading.Barrier(len(calls))

    def call_at_once(call):
        barrier.wait()
        call()

    threads = [threading.Thread(target=call_at_once, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
