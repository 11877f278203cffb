"""pgbouncer in transaction mode: each transaction may run on another connection of the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.databases import close, run_command
from tests.support.pgbouncer import Pooler, through
from tests.support.songs import titles_of
from trackflow_web.kernel import database, signals
from trackflow_web.kernel.database import db

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True),
]

LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
OFTEN = 12


@pytest.fixture(scope="module")
def pooler(postgresql_databases):
    running = Pooler(postgresql_databases.server)
    yield running
    running.stop()


@pytest.fixture
def pooled(pooler, new_app):
    """`pooled(url)`: an application whose connections go through the pooler."""
    made = []

    def make(url, **settings):
        own = {"DATABASE_POOLER": "transaction", "DATABASE_DIRECT_URL": url, **settings}
        made.append(new_app(through(pooler, url), **own))
        return made[-1]

    yield make
    for app in made:
        close(app)


@pytest.fixture
def app(pooled, pooler, database_url):
    """Behind every fixture that wants an application; the pooler has two connections for it."""
    url = through(pooler, database_url)
    with psycopg.connect(url) as one, psycopg.connect(url) as other:
        one.execute("SELECT 1")
        other.execute("SELECT 1")
    return pooled(database_url)


@pytest.fixture
def connection(app):
    """One connection to the pooler, whose transactions alternate between two to the server."""
    with app.app_context(), db.engine.connect() as opened:
        yield opened


def limits_of(connection):
    found = [connection.scalar(sa.text(f"SHOW {name}")) for name in LIMITS]
    connection.commit()
    return found


def test_transactions_alternate_between_connections(connection):
    """Otherwise the tests below would show nothing."""
    seen = set()
    for _ in range(OFTEN):
        seen.add(connection.scalar(sa.text("SELECT pg_backend_pid()")))
        connection.rollback()
    assert len(seen) == 2, seen


def test_every_transaction_has_the_limits_of_a_page(connection):
    assert all(limits_of(connection) == ["5s", "10s", "5s"] for _ in range(OFTEN))


def test_the_limits_of_a_job_end_with_its_transaction(connection):
    for _ in range(OFTEN):
        with database.without_timeouts():
            assert limits_of(connection) == ["0", "5min", "30s"]
        assert limits_of(connection) == ["5s", "10s", "5s"]


def test_statements_are_not_prepared(connection):
    prepared = sa.text("SELECT count(*) FROM pg_prepared_statements")
    for _ in range(OFTEN):
        assert connection.scalar(prepared) == 0
        connection.commit()


def test_a_failed_transaction_leaves_nothing_behind(app):
    with app.app_context():
        for _ in range(4):
            with pytest.raises(sa.exc.ProgrammingError):
                db.session.execute(sa.text("SELECT nothing FROM nowhere"))
            db.session.rollback()
            assert db.session.scalar(sa.text("SELECT 1")) == 1
            db.session.rollback()


def test_an_unfinished_transaction_is_rolled_back(app, alice):
    with app.app_context():
        db.session.execute(sa.text("UPDATE users SET email = 'x' || id"))
        db.session.rollback()
        found = sa.text("SELECT count(*) FROM users WHERE email = 'x' || id")
        assert db.session.scalar(found) == 0


def test_pages_and_forms_work_side_by_side(app, alice):
    def add(number):
        browser = Browser(app)
        browser.enter(alice)
        browser.get("/songs/")
        form = {"title": f"Song {number}", "artist": "Metallica"}
        return browser.post("/songs/", **form).status

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(add, range(4))) == [303] * 4
    assert len(titles_of(app, alice)) == 4


def test_a_slow_statement_returns_503(app, as_alice, database_url, monkeypatch):
    monkeypatch.setattr(database, "SECONDS_TO_WAIT_FOR_A_LOCK", 1)
    as_alice.get("/songs/")
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE songs IN EXCLUSIVE MODE")
        page = as_alice.post("/songs/", title="One", artist="Metallica")
    assert page.status == 503
    assert as_alice.post("/songs/", title="One", artist="Metallica").status == 303


def test_a_restarted_pooler_returns_503_at_most_once(app, as_alice, pooler):
    as_alice.get("/songs/")
    pooler.end()
    assert as_alice.get("/songs/").status == 503
    pooler.start()
    assert as_alice.post("/songs/", title="One", artist="Metallica").status == 303


def test_jobs_run_through_the_pooler(pooled, database_url):
    jobs = pooled(database_url, JOBS="worker").extensions["trackflow.jobs"]
    with jobs.context():
        jobs.start_mails()
        db.session.commit()
    jobs._start("mails", 0)
    assert jobs.waiting() == 1
    assert jobs.run_due() == 1


def test_signals_arrive_past_the_pooler(pooled, database_url):
    app = pooled(database_url, LIVE_STREAMS=1)
    with signals.receiving(sa.make_url(app.extensions["trackflow"].database_direct_url)) as heard:
        with app.app_context():
            signals.send(db.session(), [7, 8])
            db.session.commit()
        assert heard.wait(5) == {7, 8}
    signals.use(sending=False)


def test_migrations_run_through_the_pooler(pooled, databases):
    url = databases.empty()
    app = pooled(url)
    run_command(app, "db", "upgrade")
    run_command(app, "db", "check")
    close(app)
    databases.drop(url)


def test_a_backup_goes_past_the_pooler(app, tmp_path):
    assert "Backed up" in run_command(app, "backup", str(tmp_path / "copy.dump"))
