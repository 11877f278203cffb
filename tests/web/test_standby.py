"""Pages that may lag are read from a standby that streams, lags, is promoted, or is none."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import Charter
from tests.support.databases import PostgreSQL, close, run_command
from tests.support.people import working
from tests.support.pgbouncer import Pooler, through
from tests.support.postgresql import Server, Standby
from tests.support.settings import settings_for
from trackflow_web import create_app
from trackflow_web.domain.people import actions as people
from trackflow_web.kernel import cache_versions
from trackflow_web.kernel import replica as replicas
from trackflow_web.kernel.database import db, engine_options
from trackflow_web.kernel.replica import Comparison, Replica, State
from trackflow_web.kernel.transactions import reading
from trackflow_web.notifications.versions import OWN_CHANGES
from trackflow_web.web.replica import REPLICA

pytestmark = pytest.mark.postgresql

PAGE = "/users/alice"
TOKEN = "sixteen letters!"


@pytest.fixture(scope="module")
def primary():
    databases = PostgreSQL(Server(replicated=True))
    databases.template = _filled(databases.empty())
    yield databases
    databases.close()


def _filled(url):
    """Create the tables without the migrations, which take longer; return the database's name."""
    made = create_app(settings_for(url))
    with made.app_context():
        db.create_all()
    run_command(made, "achievements", "sync")
    close(made)
    return name_of(url)


def name_of(url):
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(scope="module")
def standby(primary):
    primary.shared()
    server = Standby(primary.server)
    yield server
    server.stop()


@pytest.fixture
def database_url(primary, standby):
    url = primary.shared()
    standby.wait_until_replayed()
    return url


@pytest.fixture
def replica_url(database_url, standby):
    return database_url.replace(str(standby.primary.folder), str(standby.folder))


@pytest.fixture
def settings():
    """Of the application, beside the databases."""
    return {"METRICS_TOKEN": TOKEN}


@pytest.fixture
def app(database_url, replica_url, new_app, settings):
    made = new_app(database_url, DATABASE_REPLICA_URL=replica_url, **settings)
    yield made
    made.extensions[REPLICA].engine.dispose()
    close(made)
    cache_versions.use(hiding=False)


@pytest.fixture
def replica(app, standby):
    found = app.extensions[REPLICA]
    standby.wait_until_replayed()
    assert found.probe().state is State.UP
    return found


@pytest.fixture
def paused(standby):
    """`paused()`: the standby has what there is now, and gets nothing more."""

    def pause():
        standby.wait_until_replayed()
        standby.call("pg_wal_replay_pause")

    yield pause
    standby.call("pg_wal_replay_resume")


@pytest.fixture
def read_from(app):
    """`with` nothing: the databases that pages were read from since the last call, in order."""
    before = {}

    def sources():
        found = {}
        answer = Browser(app).request(
            "GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        for line in answer.html.splitlines():
            if line.startswith("trackflow_replica_pages_total{"):
                name, number = line.rsplit(" ", 1)
                found[name.split('"')[1]] = float(number)
        new = {name for name, number in found.items() if number > before.get(name, 0)}
        before.update(found)
        return new

    return sources


def comparing(url, other_url):
    """A replica at one URL, of the primary at another one; neither is used by an application."""
    engines = [
        sa.create_engine(_with_driver(each), **engine_options(each)) for each in (url, other_url)
    ]
    return Replica(*engines, own=OWN_CHANGES)


def _with_driver(url):
    return url.replace("postgresql://", "postgresql+psycopg://")


def state_of(url, other_url):
    compared = comparing(url, other_url)
    try:
        return compared.probe().state
    finally:
        compared.engine.dispose()
        compared.primary.dispose()


def test_pages_are_read_from_a_standby_and_actions_are_on_them(
    app, alice, as_alice, stranger, replica, standby, read_from
):
    for name in ("Alice One", "Alice Two", "Alice Three"):
        assert as_alice.post("/settings/profile", display_name=name).status == 303
        assert name in as_alice.get(PAGE).text
    read_from()
    standby.wait_until_replayed()
    assert as_alice.get(PAGE).status == 200
    assert stranger.get("/community/leaderboard").status == 200
    assert read_from() == {"replica"}


def test_changes_by_a_token_are_on_the_pages_of_its_user_only(
    app, alice, as_alice, as_bob, replica, paused
):
    with working(app):
        token = people.create_token(alice.user, name="Script", scope="write", days="30")
    for browser in (as_alice, as_bob):
        browser.get("/settings/profile")  # the visit of the day
    paused()
    song = {"title": "One", "artist": "Metallica", "status": "released"}
    headers = {"Authorization": f"Bearer {token}"}
    assert Browser(app).request("POST", "/api/songs/", json=song, headers=headers).status == 201
    assert "Metallica" in as_alice.get(PAGE).text
    assert "Metallica" not in as_bob.get(PAGE).text


def test_changes_by_a_job_are_on_the_pages_of_its_user(
    app, alice, as_alice, replica, paused, read_from
):
    as_alice.get("/settings/profile")
    paused()
    as_alice.get(PAGE)
    assert read_from() == {"replica"}
    Charter(app, alice).add("One")
    as_alice.get(PAGE)
    assert read_from() == {"primary"}


def test_what_was_hidden_does_not_reappear_for_anybody(
    app, alice, as_alice, as_bob, replica, paused
):
    assert as_alice.post("/settings/profile", display_name="Alice Cooper").status == 303
    as_bob.get("/settings/profile")
    paused()
    assert "Alice Cooper" in as_bob.get(PAGE).text
    assert as_alice.post("/settings/privacy", profile="me", days="1").status == 303
    assert as_bob.get(PAGE).status == 404


def test_one_that_lags_is_left_alone(app, alice, as_bob, replica, paused, monkeypatch):
    as_bob.get("/settings/profile")
    paused()
    monkeypatch.setattr(replicas, "MOST_LAG", 0.0)
    Charter(app, alice).add("One")
    assert as_bob.get(PAGE).status == 200
    assert replica.probe().state is State.LATE
    assert not replica.may_be_read(None, None)


def test_one_that_was_late_for_a_moment_is_read_on(app, replica, monkeypatch):
    """After a pause the first transaction seems late; an hour later that is no second in a row."""
    moments = iter([100.0, 4_000.0])
    monkeypatch.setattr(replicas, "time", SimpleNamespace(monotonic=lambda: next(moments, 4_000.0)))
    compare = replica._compare
    late = [Comparison(State.LATE, 60.0), None, Comparison(State.LATE, 60.0)]
    monkeypatch.setattr(replica, "_compare", lambda *given: late.pop(0) or compare(*given))
    with app.app_context(), reading():
        assert [replica.may_be_read(db.session, None) for _ in range(3)] == [False, True, False]
    assert replica._state is State.UP


def test_one_that_lacks_a_column_is_left_alone(database_url, app, alice, stranger, replica, paused):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE users RENAME COLUMN bio TO old_bio")
        paused()
        connection.execute("ALTER TABLE users RENAME COLUMN old_bio TO bio")
    assert stranger.get("/sitemap.xml").status == 200
    as_seen = Browser(app)
    as_seen.enter(alice)
    assert as_seen.get("/community/people").status == 200


def test_metrics_tell_whether_it_is_read(app, stranger, replica):
    sent = {"Authorization": f"Bearer {TOKEN}"}
    text = stranger.request("GET", "/metrics", headers=sent).html
    assert "trackflow_replica_up 1.0" in text
    assert "trackflow_replica_lag_seconds 0.0" in text


def test_another_database_is_none(database_url, replica_url, standby):
    with psycopg.connect(standby.primary.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE versions (name text, n bigint)")
        connection.execute(
            "CREATE TABLE notification_versions (user_id bigint, own_changes bigint)"
        )
    standby.wait_until_replayed()
    assert state_of(replica_url, database_url) is State.UP
    assert state_of(standby.url("postgres"), database_url) is State.FOREIGN
    assert state_of(standby.url("template1"), database_url) is State.FAILED
    assert state_of(database_url, database_url) is State.PROMOTED


class TestBehindAPooler:
    @pytest.fixture
    def settings(self):
        return {"METRICS_TOKEN": TOKEN, "DATABASE_POOLER": "transaction"}

    @pytest.fixture
    def replica_url(self, database_url, standby):
        pooler = Pooler(standby)
        yield through(pooler, database_url)
        pooler.stop()

    def test_pages_are_read_from_it(self, app, alice, as_alice, replica, read_from):
        as_alice.get("/settings/profile")
        for _ in range(4):  # transactions take turns with its connections
            assert as_alice.get("/community/people").status == 200
        read_from()
        assert as_alice.get("/community/stats").status == 200
        assert read_from() == {"replica"}


class TestOneThatDoesNotAnswer:
    @pytest.fixture
    def black_hole(self):
        """Accepts connections and says nothing."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            found.listen()
            yield found

    @pytest.fixture
    def replica_url(self, black_hole):
        return f"postgresql://trackflow@127.0.0.1:{black_hole.getsockname()[1]}/trackflow"

    def test_no_page_waits_for_it(self, app, alice, stranger, black_hole):
        replica = app.extensions[REPLICA]
        assert [stranger.get("/community/leaderboard").status for _ in range(2)] == [200, 200]
        assert replica._probing.locked()  # one probe waits beside the pages
        black_hole.close()
        with replica._probing:
            assert replica._state is State.FAILED


def test_a_promoted_one_is_none(database_url, replica_url, standby):
    assert state_of(replica_url, database_url) is State.UP
    standby.call("pg_promote")
    assert state_of(replica_url, database_url) is State.PROMOTED
