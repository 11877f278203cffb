"""Events are stored by month on PostgreSQL: partitions are there in time, and nobody waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.support.charter import statements_of
from tests.support.databases import close, run_command
from tests.support.people import working
from tests.support.settings import settings_for
from tests.support.stored_events import store_event, times_of
from trackflow_web import create_app
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.jobs import events as jobs
from trackflow_web.kernel import partitions
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.months import month_of, months_after
from trackflow_web.kernel.redelivery import redeliver
from trackflow_web.kernel.transactions import reading, unit_of_work

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True),
]

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
LONG_AGO = datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.fixture
def impatient(monkeypatch):
    """Two short attempts at a lock that somebody holds."""
    monkeypatch.setattr(partitions, "PATIENCE", "30ms")
    monkeypatch.setattr(partitions, "ATTEMPTS", 2)


@pytest.fixture
def execute(database_url):
    """Run a statement past the application, and commit it."""

    def run(statement):
        with psycopg.connect(database_url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []

    return run


@pytest.fixture
def open_transaction(database_url):
    """A connection in a transaction that ends with the test."""
    with psycopg.connect(database_url) as connection:
        yield connection
        connection.rollback()


PREPARED = (
    (
        "INSERT INTO users (username, username_key, email, password_hash, session_stamp, is_admin,"
        " timezone, created_at)"
        " VALUES ('olga', 'olga', 'o@example.org', '-', '-', true, 'UTC', now())"
    ),
    (
        "INSERT INTO activities (user_id, fact, subject_type, subject_id, n, data, created_at)"
        " SELECT id, 'x', 'user', id, 1, '{}', '2026-03-05 00:00:00+00' FROM users"
    ),
    "CREATE UNIQUE INDEX CONCURRENTLY activities_past_pkey ON activities (id, created_at)",
    (
        "ALTER TABLE activities ADD CONSTRAINT activities_past_check"
        " CHECK (created_at < '2026-04-01 00:00:00+00') NOT VALID"
    ),
    "ALTER TABLE activities VALIDATE CONSTRAINT activities_past_check",
)


def months(app):
    """The first moments of all partitions."""
    with app.app_context(), reading():
        return [each.starts_at for each in partitions.found()]


def create(app, now, **more):
    with app.app_context():
        return partitions.create_missing(now, **more)


def rows_of(execute, table):
    return len(execute(f"TABLE {table}"))


def test_a_year_of_months_is_created_once(app):
    now = datetime(2031, 1, 31, 23, 30, tzinfo=UTC)
    created = create(app, now)
    assert created[0] == "activities_2031_01"
    assert created[-1] == "activities_2032_01"
    assert len(created) == 13
    assert create(app, now) == []


def test_months_are_created_again_when_half_a_year_is_left(app):
    create(app, datetime(2031, 1, 1, tzinfo=UTC))
    assert create(app, datetime(2031, 7, 31, tzinfo=UTC)) == []
    created = create(app, datetime(2031, 8, 1, tzinfo=UTC))
    assert (created[0], created[-1]) == ("activities_2032_02", "activities_2032_08")


def test_a_clock_that_jumps_leaves_no_gap(app, subtests):
    for now in (
        datetime(2045, 6, 15, tzinfo=UTC),  # ahead
        datetime(2044, 8, 15, tzinfo=UTC),  # back, to before what it has created
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ):
        with subtests.test(now=str(now)):
            create(app, now)
            have = months(app)
            assert all(months_after(month_of(now), n) in have for n in range(13))


def test_the_zone_of_the_server_moves_no_month(app, alice, execute, database_url):
    database = database_url.partition("@/")[2].partition("?")[0]
    execute(f"ALTER DATABASE {database} SET timezone TO 'Pacific/Kiritimati'")
    try:
        with app.app_context():
            db.engine.dispose()
        create(app, datetime(2031, 1, 15, tzinfo=UTC))
        assert datetime(2031, 1, 1, tzinfo=UTC) in months(app)
        store_event(app, alice, datetime(2031, 1, 31, 23, 59, 59, tzinfo=UTC))
        assert rows_of(execute, "activities_2031_01") == 1
    finally:
        execute(f"ALTER DATABASE {database} RESET ALL")
        with app.app_context():
            db.engine.dispose()


def test_an_event_outside_of_all_months_is_stored_and_moved(app, alice, execute):
    store_event(app, alice, LONG_AGO)
    store_event(app, alice, MARCH)
    assert rows_of(execute, "activities_default") == 1
    assert create(app, MARCH) == ["activities_2019_12"]
    assert rows_of(execute, "activities_default") == 0
    assert rows_of(execute, "activities_2019_12") == 1
    assert times_of(app, alice) == [LONG_AGO, MARCH]


def test_a_pending_event_is_delivered_wherever_it_is(app, alice):
    for at in (LONG_AGO, MARCH, datetime(9999, 12, 31, tzinfo=UTC)):
        store_event(app, alice, at, delivered=False)
    create(app, MARCH)
    with app.app_context():
        assert redeliver(()) == 3
        assert not db.session.scalar(sa.select(sa.func.count()).where(Event.delivered_at.is_(None)))


def test_the_last_month_of_all_stays_in_the_default_partition(app, alice, execute):
    store_event(app, alice, datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    assert create(app, MARCH) == []
    assert rows_of(execute, "activities_default") == 1


def test_many_rows_are_moved_by_the_command_only(app, alice, execute, monkeypatch):
    monkeypatch.setattr(partitions, "MOST_MOVED", 1)
    for day in (1, 2):
        store_event(app, alice, datetime(2020, 5, day, tzinfo=UTC))
    with pytest.raises(partitions.TooManyRows, match=r"more than 1 events of 2020-05"):
        create(app, MARCH, most_moved=1)
    assert rows_of(execute, "activities_default") == 2
    assert "activities_2020_05: from 2020-05 until before 2020-06 (new)" in run_command(
        app, "events", "partitions"
    )
    assert rows_of(execute, "activities_default") == 0


def test_the_job_warns_of_many_rows(app, alice, monkeypatch):
    monkeypatch.setattr(partitions.create_missing, "__kwdefaults__", {"most_moved": 0})
    store_event(app, alice, LONG_AGO)
    with app.app_context(), capture_logs() as logged:
        jobs.create_partitions()
    assert [entry["event"] for entry in logged if entry["log_level"] == "warning"] == [
        "events_not_moved"
    ]


def test_of_two_workers_one_creates_months(app, open_transaction):
    lock = f"SELECT pg_advisory_xact_lock({partitions.ADVISORY_LOCK})"
    open_transaction.execute(lock)  # as the other does
    assert create(app, datetime(2031, 1, 1, tzinfo=UTC)) == []
    open_transaction.rollback()
    assert len(create(app, datetime(2031, 1, 1, tzinfo=UTC))) == 13


def test_months_are_created_while_an_action_adds_an_event(app, alice, open_transaction):
    open_transaction.execute(
        "INSERT INTO activities (user_id, fact, subject_type, subject_id, n, data, created_at)"
        " VALUES (%s, 'x', 'user', 1, 1, '{}', '2026-03-05 00:00:00+00')",
        [alice.id],
    )
    assert len(create(app, datetime(2031, 1, 1, tzinfo=UTC))) == 13


def test_creating_a_month_gives_up_before_users_wait_for_long(
    app, alice, monkeypatch, impatient, open_transaction
):
    open_transaction.execute("UPDATE users SET bio = ''")
    with capture_logs() as logged:
        assert create(app, datetime(2031, 1, 1, tzinfo=UTC)) == []
    assert {entry["event"] for entry in logged} == {"events_partition_postponed"}
    open_transaction.rollback()
    monkeypatch.undo()
    assert len(create(app, datetime(2031, 1, 1, tzinfo=UTC))) == 13


def test_a_deleted_account_leaves_no_month(app, alice):
    for at in (LONG_AGO, MARCH, MARCH + timedelta(days=60)):
        store_event(app, alice, at)
    create(app, MARCH)
    with working(app):
        delete_account(alice.user)
    assert times_of(app, alice) == []


def test_pending_events_and_those_of_a_user_are_found_by_indexes(database_url, subtests):
    for name, statement in {
        "pending": "SELECT id FROM activities WHERE heard_at IS NULL ORDER BY id LIMIT 500",
        "latest": "SELECT * FROM activities WHERE user_id = 7 ORDER BY id DESC LIMIT 50",
    }.items():
        with subtests.test(name=name), psycopg.connect(database_url) as connection:
            connection.execute("SET enable_seqscan = off")
            plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {statement}"))
            assert "Index" in plan
            assert "Seq Scan" not in plan


def test_an_update_of_an_event_looks_into_one_month(app, alice):
    store_event(app, alice, MARCH, delivered=False)
    with app.app_context(), statements_of(app) as statements, unit_of_work(()):
        event = db.session.scalars(sa.select(Event).where(Event.delivered_at.is_(None))).one()
        event.delivered_at = MARCH
    update = next(each for each in statements if each.startswith("UPDATE activities"))
    assert "activities.created_at = " in update


def test_what_was_prepared_before_the_migration_is_used(databases):
    url = databases.empty()
    app = create_app(settings_for(url))
    number = "SELECT 'activities_past_pkey'::regclass::oid"
    run_command(app, "db", "upgrade", "0045")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in PREPARED:
            connection.execute(statement)
        before = connection.execute(number).fetchone()
        with psycopg.connect(url) as action, ThreadPoolExecutor(1) as beside:
            action.execute("UPDATE users SET bio = ''")
            action.execute("SET lock_timeout TO '2s'")
            upgrade = beside.submit(run_command, app, "db", "upgrade")
            while not connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
                assert not upgrade.done()
            # The migration waits for the action, which may add its event.
            action.execute(PREPARED[1])
            action.rollback()
        upgrade.result()
        assert connection.execute(number).fetchone() == before
        checks = connection.execute("SELECT conname FROM pg_constraint WHERE contype = 'c'")
        assert "activities_past_check" not in {name for (name,) in checks}
    with app.app_context(), reading():
        assert [each.name for each in partitions.found()] == ["activities_past"]
    close(app)
    databases.drop(url)
