"""`/metrics`: token access, sums over several processes, and low overhead."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from tests.support.browsing import Browser
from tests.support.people import add_person, working
from tests.support.talk import Talk
from tests.support.web_server import gunicorn
from trackflow_web.domain.songs import actions
from trackflow_web.kernel import transactions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.web.ops.timing import CountRequests, Timing

TOKEN = "a token for the numbers"
PROFILE = "/users/<username>"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app(make_app):
    return make_app(METRICS_TOKEN=TOKEN)


@pytest.fixture
def numbers(app):
    """`numbers()`: every sample by its name and labels."""

    def ask():
        return samples(app.test_client().get("/metrics", headers=BEARER).text)

    return ask


def samples(told):
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


def test_metrics_are_not_found_without_the_setting(make_app):
    client = make_app().test_client()
    assert client.get("/metrics", headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    "sent", ["", TOKEN, "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_metrics_require_the_token(app, sent):
    answer = app.test_client().get("/metrics", headers={"Authorization": sent})
    assert answer.status_code == 401
    assert "trackflow_" not in answer.text


def test_an_administrators_session_does_not_show_metrics(app):
    olga = add_person(app, "olga", is_admin=True)
    browser = Browser(app)
    browser.enter(olga)
    assert browser.get("/metrics").status == 401


def test_metrics_are_in_the_prometheus_format_and_not_cached(app):
    answer = app.test_client().get("/metrics", headers=BEARER)
    assert answer.content_type.startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_requests_are_counted_by_route_and_class_of_status(app, stranger, numbers):
    alice = add_person(app, "alice")
    stranger.enter(alice)
    for _ in range(3):
        stranger.get("/users/alice")
    stranger.get("/users/nobody")
    stranger.post("/songs/", title="")
    told = numbers()
    name = "trackflow_request_seconds_count"
    assert told[name, "GET", PROFILE, "2xx"] == 3
    assert told[name, "GET", PROFILE, "4xx"] == 1
    assert told[name, "POST", "/songs/", "4xx"] == 1
    assert told["trackflow_request_seconds_bucket", "+Inf", "GET", PROFILE, "2xx"] == 3
    assert told["trackflow_request_seconds_sum", "GET", PROFILE, "2xx"] > 0


def test_requests_to_random_urls_create_no_time_series(stranger, numbers):
    for number in range(5):
        stranger.get(f"/nothing/{number}")
        stranger.request("BREW", f"/pot/{number}")
    told = numbers()
    assert told["trackflow_request_seconds_count", "other", "none", "4xx"] == 10
    assert not any("nothing" in str(key) or "BREW" in key for key in told)


@pytest.mark.both_databases
def test_metrics_include_pending_events_and_unfinished_imports(app, numbers, clock):
    alice = add_person(app, "alice")
    with working(app):
        actions.add_song(alice.user, title="One", artist="Metallica")
    assert numbers()["trackflow_activities_unheard",] == 0
    with app.app_context():
        newest = db.session.scalar(sa.select(sa.func.max(Event.id)))
        db.session.execute(sa.update(Event).where(Event.id == newest).values(delivered_at=None))
        db.session.commit()
    clock.move(seconds=90)
    told = numbers()
    assert told["trackflow_activities_unheard",] == 1
    assert told["trackflow_activities_unheard_oldest_seconds",] == 90
    assert told["trackflow_imports_unfinished",] == 0
    assert told["trackflow_jobs_waiting",] == 0
    assert told["trackflow_database_up",] == 1


@pytest.mark.both_databases
def test_metrics_include_awards(app, numbers):
    before = numbers()["trackflow_awards_total",]
    alice = add_person(app, "alice")
    with working(app):
        actions.add_song(alice.user, title="One", artist="Metallica")
    assert numbers()["trackflow_awards_total",] == before + 1


def test_metrics_include_comments_and_feed_entries(app, alice, numbers):
    before = numbers()
    talk = Talk(app, alice)  # a pack and the achievement for it are entries
    talk.write(alice)
    talk.write(alice, "See https://example.org", days=3)
    after = numbers()
    for name, more in (
        ("trackflow_comments_total", 2),
        ("trackflow_comments_held", 1),
        ("trackflow_feed_entries_total", 2),
    ):
        assert after[name,] == before[name,] + more, name


@pytest.mark.both_databases
def test_metrics_include_jobs_in_the_queue(make_app, tmp_path):
    app = make_app(METRICS_TOKEN=TOKEN, JOBS="worker", INSTANCE_PATH=tmp_path)
    with app.app_context():
        app.extensions["trackflow.jobs"].start_import(4711)
        transactions.commit()
    told = samples(app.test_client().get("/metrics", headers=BEARER).text)
    assert told["trackflow_jobs_waiting",] == 1


def test_metrics_include_database_connections_in_use(app, numbers):
    with app.app_context(), db.engine.connect(), db.engine.connect():
        assert numbers()["trackflow_database_connections_in_use",] == 2
    assert numbers()["trackflow_database_connections_in_use",] == 0


def test_metrics_report_an_unavailable_database(make_app, tmp_path):
    folder = tmp_path / "unmounted"
    folder.mkdir()
    app = make_app(DATABASE_URL=f"sqlite:///{folder}/site.sqlite3", METRICS_TOKEN=TOKEN)
    shutil.rmtree(folder)
    answer = app.test_client().get("/metrics", headers=BEARER)
    told = samples(answer.text)
    assert answer.status_code == 200
    assert told["trackflow_database_up",] == 0
    assert ("trackflow_activities_unheard",) not in told


@pytest.mark.both_databases
def test_metrics_of_several_processes_are_summed(database_url, tmp_path):
    def get(_number):
        return requests.get(f"{address}/login", timeout=10).status_code

    settings = {"METRICS_TOKEN": TOKEN, "LIMIT_SIGN_IN": "1000/1 minute"}
    with gunicorn(database_url, tmp_path, "--workers", "2", **settings) as address:
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(get, range(60))) == {200}
        # Every worker returns the same.
        told = [
            samples(requests.get(f"{address}/metrics", headers=BEARER, timeout=10).text)
            for _ in range(6)
        ]
        for _ in range(50):  # until the jobs of the start have ended
            last = samples(requests.get(f"{address}/metrics", headers=BEARER, timeout=10).text)
            if last["trackflow_database_connections_in_use",] == 0:
                break
            time.sleep(0.1)
    logins = ("trackflow_request_seconds_count", "GET", "/login", "2xx")
    assert {each.get(logins) for each in told} == {60}, told[-1]
    assert told[-1]["trackflow_database_up",] == 1
    assert last["trackflow_database_connections_in_use",] == 0


def test_observing_a_request_takes_microseconds():
    def application(_environ, start_response):
        start_response("200 OK", [])
        return [b""]

    counting = CountRequests(application, Timing())
    environ = {"REQUEST_METHOD": "GET"}
    assert best_of(counting, environ) - best_of(application, environ) < 20e-6


def best_of(application, environ, batches=30, calls=200):
    """The seconds of one call in the quickest of some batches, which nothing else disturbed."""

    def batch():
        begun = time.perf_counter()
        for _ in range(calls):
            application(environ, lambda *_: None)
        return (time.perf_counter() - begun) / calls

    return min(batch() for _ in range(batches))


def test_open_streams_are_counted(make_app, alice):
    app = make_app(METRICS_TOKEN=TOKEN, LIVE_STREAMS=2)
    streams = app.extensions["trackflow.streams"]

    def count():
        told = app.test_client().get("/metrics", headers=BEARER).text
        return samples(told)[("trackflow_streams_open",)]

    opened = streams.open(alice.id, "stamp")
    assert count() == 1
    streams.close(opened)
    assert count() == 0
