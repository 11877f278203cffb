"""A job or a command is killed half way: restarted, it ends as without the kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter
from tests.support.people import add_person, working
from tests.support.receiver import receiving
from tests.support.web_server import environment
from trackflow_web.achievements.models import RecheckRun, UserAchievement, UserStats
from trackflow_web.domain.imports import actions, files
from trackflow_web.domain.imports.models import Import
from trackflow_web.domain.people.models import User
from trackflow_web.domain.relations.models import Follow
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.webhooks import actions as webhooks
from trackflow_web.domain.webhooks.models import Delivery
from trackflow_web.jobs import rechecks
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.failpoints import Point
from trackflow_web.notifications import fan_out
from trackflow_web.notifications.models import FanOut, Notification

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).parents[2]
SECONDS_TO_END = 60
ROWS = 30
# More than a slice of recipients.
MANY_FOLLOWERS = fan_out.SLICE + 1
# More than one chunk of a recheck.
MANY_PEOPLE = rechecks.SMALLEST_CHUNK + 1


@pytest.fixture
def database_url(databases):
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
def alice(app):
    return Charter(app, add_person(app, "alice"))


@pytest.fixture
def faults(tmp_path):
    (tmp_path / "faults").mkdir()
    return tmp_path / "faults"


@pytest.fixture
def command(database_url, tmp_path, faults):
    """`command("jobs", "run")`: a process of that command on the test's database."""
    running = []

    def start(*arguments):
        settings = {"INSTANCE_PATH": tmp_path, "FAULTS": faults, "JOBS": "worker"}
        settings |= {"WEBHOOK_TARGETS": "loopback"}
        program = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        quiet = subprocess.DEVNULL
        running.append(
            subprocess.Popen(
                program,
                cwd=ROOT,
                env=environment(database_url, **settings),
                stdout=quiet,
                stderr=quiet,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait(SECONDS_TO_END)


def claim_runs_out(app, import_id):
    """A minute passes: the lease of a dead job on its import expires."""
    with working(app):
        item = db.session.get_one(Import, import_id)
        item.held_until = clock.now() - timedelta(seconds=1)


@pytest.mark.parametrize("place", [Point.IMPORT_COMPARED, Point.IMPORT_MADE])
def test_an_import_killed_half_way_is_completed_once(make_app, alice, command, faults, place):
    lines = "".join(f"Song {number},Artist {number}\n" for number in range(ROWS))
    app = make_app(JOBS="worker")
    jobs = app.extensions["trackflow.jobs"]
    with working(app):
        playlist = files.read(f"title,artist\n{lines}".encode())
        item = actions.begin_file(alice.user, playlist, name="Mix", status="future")
        jobs.start_import(item.id)
    (faults / place).touch()
    assert command("jobs", "run").wait(SECONDS_TO_END) == -signal.SIGKILL
    assert (alice.number("total_songs"), alice.codes) == (0, [])
    claim_runs_out(app, item.id)
    jobs.sweep()
    jobs.run_due()
    assert alice.number("total_songs") == ROWS
    assert len(alice.codes) == len(set(alice.codes)) > 3


def test_deliveries_of_a_killed_job_are_sent_again_with_their_ids(make_app, alice, command, faults):
    app = make_app(JOBS="worker", WEBHOOK_TARGETS="loopback")
    jobs = app.extensions["trackflow.jobs"]
    with receiving() as receiver:
        with working(app):
            for _ in range(2):
                webhook, _ = webhooks.create(
                    alice.user,
                    jobs.tools.vault,
                    base_url="http://localhost",
                    loopback=True,
                    url=receiver.address,
                    events=["song.released"],
                )
                webhooks.send_test(webhook, limits=())
        (faults / Point.WEBHOOK_SENT).touch()
        assert command("jobs", "run").wait(SECONDS_TO_END) == -signal.SIGKILL
        sent = {request.id for request in receiver.received}
        assert len(receiver.received) == len(sent) == 2
        with working(app):  # the time of a dead worker passes
            db.session.execute(sa.update(Delivery).values(due_at=clock.now()))
        jobs.sweep()
        jobs.run_due()
        assert len(receiver.received) == 4
        assert {request.id for request in receiver.received} == sent
    with app.app_context():
        assert set(db.session.scalars(sa.select(Delivery.outcome))) == {"delivered"}


@pytest.fixture
def many_due(app):
    """Users with one uncounted song each."""
    now = clock.now()
    song = {"title": "One", "artist": "Metallica", "title_key": "one", "artist_key": "metallica"}
    song |= {"album": "", "search_key": "one metallica", "status": "future", "planned_at": now}
    song |= {"parts_done": 0, "parts_skipped": 0, "created_at": now, "updated_at": now}
    with working(app):
        people = [
            {
                "username": f"person-{number}",
                "email": f"person-{number}@example.org",
                "password_hash": "",
                "session_stamp": "",
                "timezone": "UTC",
                "created_at": now,
            }
            for number in range(MANY_PEOPLE)
        ]
        ids = db.session.scalars(sa.insert(User).returning(User.id), people).all()
        db.session.execute(sa.insert(Song), [{**song, "user_id": user_id} for user_id in ids])


def figures(app):
    """The numbers of users with an award and with a counted song, and all their points."""
    with app.app_context():
        people = UserAchievement.user_id.distinct()
        return (
            db.session.scalar(sa.select(sa.func.count(people)).where(UserAchievement.backfilled)),
            db.session.scalar(sa.select(sa.func.sum(UserStats.total_songs))),
            db.session.scalar(sa.select(sa.func.sum(UserStats.total_points))),
        )


def nobody_works_on_it(app):
    """Time passes: the lease of a dead worker on the recheck expires."""
    with working(app):
        for run in db.session.scalars(sa.select(RecheckRun).where(RecheckRun.worker != "")):
            run.held_until = clock.now() - timedelta(seconds=1)


def test_a_recheck_killed_half_way_keeps_chunks_and_resumes(make_app, command, faults, many_due):
    app = make_app(JOBS="worker")
    people, songs, points = figures(app)

    def since(figures):
        return figures[0] - people, figures[1] - songs, figures[2] - points

    def killed_at(place):
        (faults / place).touch()
        assert command("achievements", "recheck").wait(SECONDS_TO_END) == -signal.SIGKILL
        return since(figures(app))

    assert killed_at(Point.IN_RECHECK) == (0, 0, 0)
    assert command("achievements", "recheck").wait(SECONDS_TO_END) == 1  # is it dead, or slow?
    nobody_works_on_it(app)
    # Chunks are in order of ids, and noise, the first user, is not missing anything.
    first = rechecks.SMALLEST_CHUNK - 1
    assert killed_at(Point.AFTER_CHUNK) == (first, first, 10 * first)
    nobody_works_on_it(app)
    jobs = app.extensions["trackflow.jobs"]
    jobs.sweep()
    jobs.run_due()
    assert since(figures(app)) == (MANY_PEOPLE, MANY_PEOPLE, 10 * MANY_PEOPLE)
    with app.app_context():
        runs = db.session.scalars(sa.select(RecheckRun).order_by(RecheckRun.id)).all()
        assert [(run.state, run.users) for run in runs] == [
            ("failed", 0),
            ("done", MANY_PEOPLE + 1),
        ]
        assert runs[1].awards == MANY_PEOPLE


@pytest.fixture
def followed(app, alice):
    """More users follow Alice than a job writes at once; gives their number."""
    now = clock.now()
    with working(app):
        people = [
            {
                "username": f"fan-{number}",
                "email": f"fan-{number}@example.org",
                "password_hash": "",
                "session_stamp": "",
                "timezone": "UTC",
                "created_at": now,
            }
            for number in range(MANY_FOLLOWERS)
        ]
        ids = db.session.scalars(sa.insert(User).returning(User.id), people).all()
        rows = [{"user_id": id_, "followed_id": alice.id, "created_at": now} for id_ in ids]
        db.session.execute(sa.insert(Follow), rows)
    return MANY_FOLLOWERS


def notified(app):
    """The number of notified users, and of all notifications and events of the release."""
    with app.app_context():
        rows = sa.select(
            sa.func.count(Notification.user_id.distinct()),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(Notification.n), 0),
        )
        return tuple(db.session.execute(rows.where(Notification.type == "new_release")).one())


def test_a_fan_out_killed_in_and_after_a_slice_tells_each_follower_once(
    make_app, alice, command, faults, followed
):
    app = make_app(JOBS="worker")
    alice.add(status="released")
    jobs = app.extensions["trackflow.jobs"]
    for place, slices in ((Point.IN_FAN_OUT, 0), (Point.AFTER_SLICE, fan_out.SLICE)):
        with working(app):
            jobs.start_notifications()
        (faults / place).touch()
        assert command("jobs", "run").wait(SECONDS_TO_END) == -signal.SIGKILL
        assert notified(app) == (slices, slices, slices)
        with working(app):  # the lease of the dead job ends
            db.session.execute(sa.update(FanOut).values(held_until=None))
    jobs.sweep()
    assert notified(app) == (followed, followed, followed)
    with app.app_context():
        assert fan_out.count_waiting() == 0
