"""Pages that may lag are read from a replica. The replica here is a copy that never catches up."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter
from tests.support.databases import close
from trackflow_web.kernel import cache_versions
from trackflow_web.kernel import replica as replicas
from trackflow_web.kernel.database import db
from trackflow_web.kernel.replica import Replica
from trackflow_web.web import replica as reading
from trackflow_web.web.replica import MAY_LAG

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True),
]

PAGE = "/users/alice"
# Alice is only in the primary.
FROM_PRIMARY, FROM_REPLICA = 200, 404


@pytest.fixture(scope="module")
def replica_url(postgresql_databases):
    url = postgresql_databases.create()
    yield url
    postgresql_databases.drop(url)


@pytest.fixture
def app(database_url, replica_url, new_app, monkeypatch):
    # A copy on the same server is no standby; tests/web/test_standby.py has one.
    monkeypatch.setattr(Replica, "_doubt", lambda *_: None)
    copy = replicas._REPLICA.replace("pg_last_wal_replay_lsn()", "pg_current_wal_lsn()")
    monkeypatch.setattr(replicas, "_REPLICA", copy)
    made = new_app(database_url, DATABASE_REPLICA_URL=replica_url)
    made.extensions["trackflow.replica"].probe()
    yield made
    made.extensions["trackflow.replica"].engine.dispose()
    close(made)
    cache_versions.use(hiding=False)


@pytest.fixture
def as_alice(app, as_alice):
    return _without_changes(app, as_alice)


@pytest.fixture
def as_bob(app, as_bob):
    return _without_changes(app, as_bob)


def _without_changes(app, browser):
    """The browser of somebody who did nothing since the copy was made, not even visit the site."""
    browser.get("/settings/profile")
    with app.app_context():
        db.session.execute(sa.text("UPDATE notification_versions SET own_changes = 0"))
        db.session.execute(sa.text("DELETE FROM notification_versions WHERE n = 0"))
        db.session.commit()
    return browser


@pytest.fixture
def replica(app):
    return app.extensions["trackflow.replica"]


def test_every_page_that_may_lag_exists(app):
    assert set(MAY_LAG) <= app.view_functions.keys()


def test_without_the_setting_no_view_is_wrapped(make_app):
    plain = make_app()
    assert "trackflow.replica" not in plain.extensions


def test_a_public_page_is_read_from_the_replica(app, alice, as_bob):
    assert as_bob.get(PAGE).status == FROM_REPLICA


@pytest.mark.parametrize("path", ["/community/people", "/community/stats", "/community/feed.atom"])
def test_pages_are_shown_from_the_replica(app, alice, as_alice, path, replica):
    assert as_alice.get(path).status == 200
    assert replica._left_alone_until == 0


def test_own_pages_are_read_from_the_primary(app, alice, as_alice):
    Charter(app, alice).add("One")
    assert "One" in as_alice.get("/songs/").text


def test_after_an_action_its_user_reads_from_the_primary(as_alice, as_bob):
    assert as_alice.get(PAGE).status == FROM_REPLICA
    assert as_alice.post("/songs/", title="One", artist="Metallica").status == 303
    assert as_alice.get(PAGE).status == FROM_PRIMARY
    assert as_bob.get(PAGE).status == FROM_REPLICA


def test_what_was_hidden_is_not_read_from_a_replica_without_it(app, alice, as_alice, as_bob):
    assert as_bob.get(PAGE).status == FROM_REPLICA
    song = Charter(app, alice).add("One")
    assert as_alice.post(f"/songs/{song}/delete").status in {200, 303}
    assert as_bob.get(PAGE).status == FROM_PRIMARY


def test_a_changed_privacy_is_not_read_from_a_replica_without_it(app, alice, as_alice, as_bob):
    assert as_alice.post("/settings/privacy", days="1", profile="everyone").status == 303
    assert as_bob.get(PAGE).status == FROM_PRIMARY


@pytest.mark.parametrize(("behind", "expected"), [(9, FROM_REPLICA), (11, FROM_PRIMARY)])
def test_a_replica_more_than_ten_seconds_behind_is_not_read(
    app, alice, as_bob, monkeypatch, replica, behind, expected
):
    late = f"SELECT 0 AS position, {behind}::float AS lag, {replicas._COMPARED}"
    late = late.format(own="(SELECT NULL::bigint WHERE :user_id IS NULL)")
    monkeypatch.setattr(replica, "_of_replica", sa.text(late).bindparams(user_id=None))
    assert as_bob.get(PAGE).status == expected


def test_a_replica_that_is_down_is_left_alone(app, alice, as_bob, replica, monkeypatch):
    tried = []

    def refuse(*_arguments):
        tried.append(1)
        raise sa.exc.TimeoutError

    monkeypatch.setattr(replica.engine.pool, "connect", refuse)
    assert [as_bob.get(PAGE).status for _ in range(3)] == [FROM_PRIMARY] * 3
    assert len(tried) == 1


def test_a_replica_that_fails_meanwhile_costs_no_response(app, alice, as_bob, monkeypatch, replica):
    monkeypatch.setattr(replica, "may_be_read", lambda *_: True)
    monkeypatch.setattr(replica.engine.pool, "connect", lambda: 1 / 0)
    monkeypatch.setattr(reading, "FAILURES", (ZeroDivisionError,))
    assert as_bob.get(PAGE).status == FROM_PRIMARY
