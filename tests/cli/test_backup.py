"""A backup is a consistent snapshot, also during writes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.databases import close, run_command
from tests.support.invariants import assert_nothing_forgotten
from tests.support.people import working
from tests.support.settings import settings_for
from tests.support.songs import titles_of
from trackflow_web import create_app
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs.models import Song
from trackflow_web.kernel.backup import back_up as back_up_to
from trackflow_web.kernel.database import db

both_databases = pytest.mark.both_databases
only_postgresql = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True),
]


@pytest.fixture(autouse=True)
def _programs_of_the_server(request, monkeypatch):
    """Put the client programs of the test server first on the PATH."""
    if "postgresql_databases" in request.fixturenames or "database_kind" in request.fixturenames:
        databases = request.getfixturevalue("databases")
        if hasattr(databases, "server"):
            path = f"{databases.server.programs}{os.pathsep}{os.environ['PATH']}"
            monkeypatch.setenv("PATH", path)


@pytest.fixture
def back_up(app, tmp_path):
    """`back_up()` returns the file; `back_up(target)` sets its path."""

    def run(target=tmp_path / "copy"):
        run_command(app, "backup", str(target))
        return Path(target)

    return run


@pytest.fixture
def restored(databases):
    """`with restored(file) as app`: an application on it, by the documented way."""

    @contextmanager
    def restore(file):
        url = databases.empty()
        if url.startswith("sqlite"):
            shutil.copyfile(file, url.removeprefix("sqlite:///"))
        else:
            program = shutil.which("pg_restore")
            options = ["--exit-on-error", "--no-owner", "--dbname", url]
            subprocess.run([program, *options, file], check=True, timeout=60)
        app = create_app(settings_for(url))
        yield app
        close(app)
        databases.drop(url)

    return restore


@contextmanager
def everybody_works(app, people):
    """While the block runs, each of them adds songs, releases them and deletes some."""
    done, counts = threading.Event(), []

    def work(person):
        number = 0
        while not done.is_set():
            with working(app):
                song = actions.add_song(
                    person.user, title=f"Song {number}", artist=f"Artist {number % 7}"
                )
                actions.move_song(song, person.user, status="released")
            number += 1
        counts.append(number)

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        done.set()
        for thread in threads:
            thread.join(30)


@both_databases
def test_a_backup_during_writes_is_consistent(app, alice, bob, charlie, back_up, restored):
    with everybody_works(app, [alice, bob, charlie]) as counts:
        _until_there_are_songs(app)
        file = back_up()
        written = _songs(app)
    assert len(counts) == 3, "somebody's work failed"
    assert sum(counts) > written - 4, "nobody worked any more"
    with restored(file) as copy:
        assert 10 <= _songs(copy) <= written
        assert_nothing_forgotten(copy)
        run_command(copy, "db", "check")


def _until_there_are_songs(app):
    for _ in range(1000):
        if _songs(app) >= 15:
            return
        threading.Event().wait(0.02)
    pytest.fail("nobody works")


def _songs(app):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(Song.id)))


@both_databases
def test_a_restored_database_can_be_used(app, alice, back_up, restored):
    with working(app):
        actions.add_song(alice.user, title="One", artist="Metallica")
    file = back_up()
    with restored(file) as copy:
        with working(copy):
            actions.add_song(alice.user, title="Two", artist="Metallica")
        assert sorted(titles_of(copy, alice)) == ["One", "Two"]
        assert_nothing_forgotten(copy)


@both_databases
def test_a_backup_in_a_directory_is_named_by_its_time(clock, app, tmp_path):
    said = run_command(app, "backup", str(tmp_path))
    (file,) = tmp_path.iterdir()
    assert file.stem == f"trackflow-{clock():%Y%m%dT%H%M%SZ}"
    assert str(file) in said


@both_databases
def test_a_backup_is_readable_by_its_owner_only(back_up):
    assert stat.S_IMODE(back_up().stat().st_mode) == 0o600


@both_databases
def test_a_backup_never_overwrites_another(app, back_up, refusal):
    file = back_up()
    before = file.read_bytes()
    assert "never replaces" in refusal(app, file)
    assert file.read_bytes() == before


@both_databases
def test_a_missing_directory_is_reported(app, refusal):
    assert "/no/such/folder" in refusal(app, "/no/such/folder/copy")


@pytest.fixture
def refusal():
    """`refusal(app, target)`: the message of the command when it exits with 1."""

    def run(app, target):
        result = app.test_cli_runner().invoke(args=["backup", str(target)])
        assert result.exit_code == 1, result.output
        return result.output

    return run


@pytest.mark.leaves_drift("a song loses its owner")
def test_a_corrupt_database_is_not_backed_up(app, database_url, tmp_path, refusal):
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE songs SET user_id = 4711 WHERE title = 'Noise 1'")
        connection.commit()
    said = refusal(app, tmp_path / "copy")
    assert "not sound" in said
    assert "songs" in said
    assert list(tmp_path.glob("*copy*")) == []


def test_a_backup_of_a_missing_database_is_rejected(make_app, tmp_path, refusal):
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'none.sqlite3'}")
    assert "There is no database" in refusal(app, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


class TestPostgreSQL:
    pytestmark = only_postgresql

    def test_a_missing_pg_dump_is_reported(self, app, tmp_path, refusal, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert "pg_dump is not installed" in refusal(app, tmp_path / "copy")

    def test_a_pg_dump_older_than_the_server_is_reported(self, app, tmp_path, refusal, monkeypatch):
        program = tmp_path / "pg_dump"
        program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        assert "pg_dump is of version 9 and the server of" in refusal(app, tmp_path / "copy")

    def test_an_unavailable_server_is_reported(self, make_app, tmp_path, refusal):
        app = make_app(DATABASE_URL=f"postgresql://nobody@/none?host={tmp_path}")
        assert "does not answer" in refusal(app, tmp_path / "copy")


def test_the_password_is_in_no_command_line(tmp_path, monkeypatch):
    seen, program = tmp_path / "seen", tmp_path / "pg_dump"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "pg_dump 99"; echo "$@ / $PGPASSWORD" >> {seen}\n'
        'for each; do case $each in --file=*) : > "${each#--file=}";; esac; done\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    url = sa.make_url("postgresql+psycopg://alice:secret@localhost/trackflow")
    back_up_to(url, tmp_path / "copy", server_version=15)
    arguments, _, password = seen.read_text().splitlines()[-1].rpartition(" / ")
    assert "--dbname=postgresql://alice@localhost/trackflow" in arguments
    assert "secret" not in arguments
    assert password == "secret"
