"""The migrations lead from nothing to the tables of the models, and back."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.support.databases import close, run_command
from tests.support.settings import settings_for
from tests.support.web_server import ROOT, environment
from trackflow_web import create_app
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db

pytestmark = pytest.mark.both_databases


@pytest.fixture
def empty_app(databases):
    """The application on a database without any table."""
    url = databases.empty()
    app = create_app(settings_for(url))
    yield app
    close(app)
    databases.drop(url)


def tables(app):
    """The tables of the models; Alembic and the queue of jobs have their own, events partitions."""
    with app.app_context():
        names = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in names if not name.startswith(("huey_", "activities_"))}


def test_the_first_upgrade_creates_every_table(empty_app):
    run_command(empty_app, "db", "upgrade")
    assert tables(empty_app) == set(db.metadata.tables)


def test_models_and_migrations_agree(app):
    run_command(app, "db", "check")


def test_a_full_downgrade_and_upgrade_succeeds(empty_app):
    run_command(empty_app, "db", "upgrade")
    run_command(empty_app, "db", "downgrade", "base")
    assert tables(empty_app) == set()
    run_command(empty_app, "db", "upgrade")
    run_command(empty_app, "db", "check")


def test_upgrading_twice_changes_nothing(app):
    before = tables(app)
    run_command(app, "db", "upgrade")
    assert tables(app) == before


# --- existing rows after 0010 --------------------------------------------------------------------

OLD_SONGS = [
    # artist, title, and the stored key of each
    ("Salt-N-Pepa", "Don't Stop", "salt-n-pepa", "don'tstop"),
    ("Salt‐N‐Pepa", "Don’t Stop", "salt‐n‐pepa", "don’tstop"),
    ("The Band", "The One", "band", "one"),
    ("The Band", "One", "band", "one "),
    ("Mø", "Blue\u200bDoor\u202e", "mø", "bluedoor\u202e"),
    ("Mo", "Blue Door", "mo", "bluedoor"),
]


def insert(connection, table, **row):
    columns = [sa.column(name) for name in row]
    connection.execute(sa.insert(sa.table(table, *columns)).values(row))


def fill_as_before(connection):
    """Two look-alike users, one with songs and packs that are duplicates now."""
    now = clock.now()
    for number, name in enumerate(("olga", "0lga", "pete"), start=1):
        insert(connection, "users", id=number, username=name, email=f"ｘ{number}@example.org",
               password_hash="-", session_stamp="-", is_admin=False, timezone="UTC",
               created_at=now)  # fmt: skip
    insert(connection, "user_stats", user_id=1, distinct_artists=5, updated_at=now)
    for number, (artist, title, artist_key, title_key) in enumerate(OLD_SONGS, start=1):
        insert(connection, "songs", id=number, user_id=1, title=title, artist=artist, album="",
               status="released", title_key=title_key, artist_key=artist_key, search_key="-",
               parts_done=0, parts_skipped=0, created_at=now, updated_at=now,
               released_at=now)  # fmt: skip
    for number, (name, key) in enumerate((("Rock’s", "rock’s"), ("Rock's", "rock's")), start=1):
        insert(connection, "packs", id=number, user_id=1, name=name, name_key=key, created_at=now)


@pytest.fixture
def upgraded(empty_app):
    run_command(empty_app, "db", "upgrade", "0009")
    with empty_app.app_context(), db.engine.begin() as connection:
        fill_as_before(connection)
    run_command(empty_app, "db", "upgrade")
    return empty_app


def select(app, statement):
    with app.app_context(), db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def test_an_upgrade_keeps_duplicate_songs_as_versions(upgraded):
    found = "SELECT title, artist_key, title_key, version FROM songs ORDER BY id"
    assert select(upgraded, found) == [
        ("Don't Stop", "salt-n-pepa", "don'tstop", 0),
        ("Don’t Stop", "salt-n-pepa", "don'tstop", 1),
        ("The One", "band", "theone", 0),
        ("One", "band", "one", 0),
        ("BlueDoor", "mo", "bluedoor", 0),
        ("Blue Door", "mo", "bluedoor", 1),
    ]
    found = "SELECT search_key FROM songs WHERE id = 2"
    assert select(upgraded, found) == [("don't stop salt-n-pepa ",)]


def test_an_upgrade_keeps_packs_of_the_same_name(upgraded):
    found = "SELECT name, name_key FROM packs ORDER BY id"
    assert select(upgraded, found) == [("Rock’s", "rock's"), ("Rock's", "rock's 2")]


def test_an_upgrade_keeps_lookalike_users_and_rejects_new_ones(upgraded):
    found = "SELECT username, username_key, email FROM users ORDER BY id"
    assert select(upgraded, found) == [
        ("olga", "olga", "x1@example.org"),
        ("0lga", "olga#2", "x2@example.org"),
        ("pete", "pete", "x3@example.org"),
    ]


def test_an_upgrade_recounts_artists_by_their_key(upgraded):
    found = "SELECT distinct_artists FROM user_stats WHERE user_id = 1"
    assert select(upgraded, found) == [(3,)]
    found = "SELECT value, n FROM user_values WHERE user_id = 1 ORDER BY value"
    assert select(upgraded, found) == [("band", 2), ("mo", 2), ("salt-n-pepa", 2)]


def test_versions_survive_a_downgrade(upgraded):
    run_command(upgraded, "db", "downgrade", "0009")
    assert select(upgraded, "SELECT count(*) FROM songs") == [(len(OLD_SONGS),)]


def test_two_concurrent_migrations_create_the_tables_once(databases, tmp_path):
    url = databases.empty()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    surroundings = environment(url, INSTANCE_PATH=tmp_path)
    both = [
        subprocess.Popen(command, cwd=ROOT, env=surroundings, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    app = create_app(settings_for(url))
    assert tables(app) == set(db.metadata.tables)
    close(app)
    databases.drop(url)


def insert_filled(connection, table, **values):
    """Insert a row; columns that are not named get what fits their type."""
    reflected = sa.Table(table, sa.MetaData(), autoload_with=connection)
    fitting = {bool: False, int: 0, str: "", datetime: datetime(2026, 3, 1, tzinfo=UTC)}
    missing = {
        column.name: fitting[column.type.python_type]
        for column in reflected.columns
        if not (column.nullable or column.server_default or column.primary_key)
    }
    connection.execute(reflected.insert(), {**missing, **values})


def test_parts_done_before_credits_existed_are_credited_to_the_owner(empty_app):
    run_command(empty_app, "db", "upgrade", "0007")
    with empty_app.app_context(), db.engine.begin() as connection:
        insert_filled(
            connection, "users", id=1, username="alice", email="a@example.org", toasts="all"
        )
        insert_filled(connection, "songs", id=1, user_id=1, status="wip")
        for part, state in (("drums", "done"), ("keys", "skip")):
            insert_filled(connection, "song_parts", song_id=1, part=part, state=state)
    run_command(empty_app, "db", "upgrade")
    with empty_app.app_context():
        rows = db.session.execute(
            sa.text("SELECT part, done_by, first_done_at = at FROM song_parts")
        )
        credit = {part: (done_by, same and bool(same)) for part, done_by, same in rows}
    assert credit == {"drums": (1, True), "keys": (None, None)}


def test_an_upgrade_marks_collaborators_as_having_worked_together(empty_app):
    run_command(empty_app, "db", "upgrade", "0015")
    with empty_app.app_context(), db.engine.begin() as connection:
        for number, name in enumerate(("alice", "bob", "charlie"), start=1):
            insert_filled(
                connection, "users", id=number, username=name, username_key=name, email=name
            )
        for song in (1, 2):
            insert_filled(
                connection, "songs", id=song, user_id=1, status="wip", title_key=f"{song}"
            )
            insert_filled(
                connection, "collaborations", id=song, song_id=song, owner_id=1, user_id=2
            )
    run_command(empty_app, "db", "upgrade")
    found = "SELECT user_id, other_id FROM worked_together ORDER BY user_id"
    assert select(empty_app, found) == [(1, 2), (2, 1)]


def test_an_upgrade_moves_comments_on_requests_with_their_ids(empty_app):
    run_command(empty_app, "db", "upgrade", "0030")
    with empty_app.app_context(), db.engine.begin() as connection:
        insert_filled(connection, "users", id=1, username="alice", username_key="a", email="a")
        for number, kind in ((1, "feature"), (2, "bug")):
            insert_filled(
                connection, "feedback", id=number, user_id=1, kind=kind, status="open",
                counted_at=clock.now(),
            )  # fmt: skip
            insert_filled(
                connection, "feedback_comments", id=number + 6, feedback_id=number, user_id=1,
                body=f"{kind}\ntext", status=None,
            )  # fmt: skip
    run_command(empty_app, "db", "upgrade")
    found = "SELECT id, subject_type, subject_id, user_id, root_id, body FROM comments ORDER BY id"
    assert select(empty_app, found) == [
        (7, "feature_request", 1, 1, 7, "feature\ntext"),
        (8, "bug_report", 2, 1, 8, "bug\ntext"),
    ]
    with empty_app.app_context(), db.engine.begin() as connection:
        columns = {"subject_type": "pack", "subject_id": 1, "root_id": 0, "body": "New"}
        names = [sa.column(name) for name in (*columns, "html", "html_version", "created_at")]
        values = {**columns, "html": "", "html_version": 0, "created_at": clock.now()}
        connection.execute(sa.insert(sa.table("comments", *names)).values(values))
    assert select(empty_app, "SELECT max(id) FROM comments") == [(9,)]
    run_command(empty_app, "db", "downgrade", "0030")
    found = "SELECT id, feedback_id, body FROM feedback_comments ORDER BY id"
    assert select(empty_app, found) == [(7, 1, "feature\ntext"), (8, 2, "bug\ntext")]


# --- existing events after 0046 ------------------------------------------------------------------

EVENTS = {1: "2019-05-01 00:00:00+00", 2: "2026-11-28 22:00:00+00", 3: "2150-01-31 23:59:59+00"}


def _fill_events(connection):
    now = clock.now()
    insert(connection, "users", id=1, username="olga", username_key="olga", email="x@example.org",
           password_hash="-", session_stamp="-", is_admin=False, timezone="UTC",
           created_at=now)  # fmt: skip
    for number, at in EVENTS.items():
        insert(connection, "activities", id=number, user_id=1, actor_id=1, fact="x",
               subject_type="song", subject_id=1, n=1, data=sa.text("'{}'"),
               created_at=sa.text(f"'{at}'"))  # fmt: skip
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT setval('activities_id_seq', 3)")


def test_events_survive_partitions_and_their_end(empty_app):
    run_command(empty_app, "db", "upgrade", "0045")
    with empty_app.app_context(), db.engine.begin() as connection:
        _fill_events(connection)
    stored = "SELECT id, user_id, created_at FROM activities WHERE heard_at IS NULL ORDER BY id"
    before = select(empty_app, stored)
    run_command(empty_app, "db", "upgrade")
    run_command(empty_app, "db", "check")
    assert select(empty_app, stored) == before
    run_command(empty_app, "events", "partitions")
    with empty_app.app_context(), db.engine.begin() as connection:
        added = connection.exec_driver_sql(
            "INSERT INTO activities (user_id, fact, subject_type, subject_id, n, data, created_at)"
            " VALUES (1, 'x', 'song', 1, 1, '{}', '2200-01-01 00:00:00+00') RETURNING id"
        )
        assert added.scalar_one() == 4
    run_command(empty_app, "db", "downgrade", "0045")
    assert select(empty_app, stored)[:3] == before
    with empty_app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM users")
    assert select(empty_app, stored) == []
    run_command(empty_app, "db", "upgrade")
    run_command(empty_app, "db", "check")
