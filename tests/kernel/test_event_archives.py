"""Old months of events go into files, and come back."""

from __future__ import annotations

import errno
import gzip
import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.support.databases import run_command
from tests.support.people import add_person, working
from tests.support.stored_events import store_event, times_of
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.accounts.export import export
from trackflow_web.domain.people.models import User
from trackflow_web.jobs import events as jobs
from trackflow_web.kernel import event_archives, event_archiving, files, partitions
from trackflow_web.kernel.clock import system_time
from trackflow_web.kernel.database import db
from trackflow_web.kernel.event_archives import EventArchive
from trackflow_web.kernel.events import Event
from trackflow_web.kernel.transactions import reading

pytestmark = pytest.mark.both_databases

# More than a year before the clock of the tests, in two months.
OLD = [datetime(2024, 12, 31, 23, 59, 59, 123_456, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)]
KEPT = datetime(2025, 3, 1, tzinfo=UTC)
NAMES = ["events-2024-12.jsonl.gz", "events-2025-01.jsonl.gz"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "archive"


@pytest.fixture
def app(make_app, folder, clock):
    """An application that keeps a year of events; its clock stands in March 2026."""
    return make_app(EVENTS_KEPT_MONTHS="12", EVENTS_ARCHIVE=str(folder))


@pytest.fixture
def old_events(app, alice):
    for at in (*OLD, KEPT):
        store_event(app, alice, at, title="Don’t – \u2028 stop")
    with app.app_context():
        jobs.create_partitions()


def sweep(app):
    """Archive as maintenance does; return what was logged at a level above info."""
    with capture_logs() as logged:
        app.extensions["trackflow.jobs"].sweep()
    return [entry for entry in logged if entry["log_level"] in {"warning", "error"}]


def names_in(folder):
    return sorted(file.name for file in folder.glob("*.gz"))


def lines_of(file):
    return [json.loads(line) for line in gzip.open(file, "rt", encoding="utf-8")]


def row_of(app, at):
    with app.app_context():
        table = Event.__table__
        return dict(
            db.session.execute(sa.select(table).where(table.c.created_at == at)).mappings().one()
        )


def keep_all(app):
    """As if restarted with another setting; the jobs keep theirs."""
    app.extensions["trackflow"] = replace(app.extensions["trackflow"], events_kept_months=0)


def restore(app, file):
    keep_all(app)
    return run_command(app, "events", "restore", str(file))


def store_old(app, person, at, **more):
    """Store an old event late, and one of today: that month stays in SQLite."""
    store_event(app, person, at, **more)
    store_event(app, person, KEPT)


def test_months_that_are_old_enough_are_archived(app, alice, old_events, folder):
    assert sweep(app) == []
    assert names_in(folder) == NAMES
    assert times_of(app, alice) == [KEPT]
    head, row, end = lines_of(folder / NAMES[0])
    assert head["format"] == "trackflow-events"
    assert row["created_at"] == OLD[0].isoformat()
    assert end == {"events": 1, "sum_of_ids": row["id"]}


def test_an_archive_is_for_the_eyes_of_its_owner(app, old_events, folder):
    sweep(app)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_everything_is_kept_by_default(make_app, folder):
    app = make_app(EVENTS_ARCHIVE=str(folder))
    alice = add_person(app, "alice")
    store_event(app, alice, OLD[0])
    sweep(app)
    assert times_of(app, alice) == [OLD[0]]
    assert not folder.exists()
    assert "all events are kept" in run_command(app, "events", "archive")


def test_an_archive_comes_back_as_it_was(app, alice, old_events, folder):
    before = [row_of(app, at) for at in OLD]
    sweep(app)
    for name in NAMES:
        assert "Restored 1 events; 0 belong" in restore(app, folder / name)
        assert "Restored 0 events; 0 belong" in restore(app, folder / name)
    assert [row_of(app, at) for at in OLD] == before
    with app.app_context():
        assert db.session.scalars(sa.select(EventArchive)).all() == []


def test_what_would_be_archived_again_is_not_restored(app, old_events, folder):
    sweep(app)
    result = app.test_cli_runner().invoke(args=["events", "restore", str(folder / NAMES[0])])
    assert result.exit_code == 1
    assert "EVENTS_KEPT_MONTHS is 12: these events would be archived again" in result.output


def test_a_restored_month_is_archived_into_another_file(app, alice, old_events, folder):
    sweep(app)
    restore(app, folder / NAMES[0])
    sweep(app)  # with the settings of the jobs
    assert names_in(folder) == [NAMES[0].replace(".", "-2.", 1), *NAMES]
    assert times_of(app, alice) == [KEPT]


def test_a_month_with_a_pending_event_stays(app, alice, old_events, folder, monkeypatch):
    monkeypatch.setattr("trackflow_web.jobs.sweep.redeliver", lambda _handlers: 0)
    store_old(app, alice, OLD[0] - timedelta(days=1), delivered=False)
    assert [entry["event"] for entry in sweep(app)] == ["events_not_archived"]
    assert OLD[0] in times_of(app, alice)
    assert NAMES[0] not in names_in(folder)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.update(Event.__table__).values(heard_at=KEPT))
    jobs_of(app).paused_until = None
    assert sweep(app) == []
    assert names_in(folder) == NAMES


def jobs_of(app):
    return app.extensions["trackflow.jobs"].tools.archiving


def test_a_folder_that_cannot_be_used_keeps_the_events(app, alice, old_events, folder, clock):
    folder.write_text("not a folder")
    logged = sweep(app)
    assert [entry["event"] for entry in logged] == ["events_not_archived"]
    assert "cannot be used" in logged[0]["reason"]
    clock.move(hours=2)
    assert sweep(app) == []  # it is logged once
    assert times_of(app, alice) == [*OLD, KEPT]
    folder.unlink()
    clock.move(hours=2)
    assert sweep(app) == []
    assert names_in(folder) == NAMES


def test_a_full_disk_keeps_the_events(app, alice, old_events, folder, monkeypatch):
    def full(_path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("trackflow_web.kernel.files.to_disk", full)
    logged = sweep(app)
    assert "No space left on device" in logged[0]["reason"]
    assert names_in(folder) == []
    assert times_of(app, alice) == [*OLD, KEPT]


class Failing:
    """A database that fails at a statement, or with no statement when it commits an archive."""

    def __init__(self, engine):
        self.engine, self.statement, self.is_listed, self.is_on = engine, "", False, False
        sa.event.listen(engine, "before_cursor_execute", self.execute)
        sa.event.listen(engine, "commit", self.commit)

    def at(self, statement):
        self.statement, self.is_on = statement, True

    def stop(self):
        self.is_on = False

    def remove(self):
        sa.event.remove(self.engine, "before_cursor_execute", self.execute)
        sa.event.remove(self.engine, "commit", self.commit)

    def execute(self, _connection, _cursor, statement, *_):
        if self.is_on and self.statement and statement.startswith(self.statement):
            self.fail()
        if statement.startswith("INSERT INTO event_archives"):
            self.is_listed = True

    def commit(self, _connection):
        was_listed, self.is_listed = self.is_listed, False
        if self.is_on and was_listed:
            self.fail()

    def fail(self):
        reason = OSError("database or disk is full")
        raise sa.exc.OperationalError(self.statement, None, reason)


@pytest.fixture
def failing(app):
    with app.app_context():
        found = Failing(db.engine)
    yield found
    found.remove()


def test_a_database_that_fails_leaves_no_file_and_is_not_asked_every_minute(
    app, alice, old_events, folder, clock, failing
):
    failing.at("INSERT INTO event_archives")
    assert [entry["event"] for entry in sweep(app)] == ["events_not_archived"]
    clock.move(minutes=1)
    assert sweep(app) == []
    assert names_in(folder) == []
    assert times_of(app, alice) == [*OLD, KEPT]
    failing.stop()
    clock.move(hours=1)
    assert sweep(app) == []
    assert names_in(folder) == NAMES


def test_a_file_is_kept_if_it_is_unknown_whether_the_database_has_its_events(
    app, alice, old_events, folder, clock, failing
):
    failing.at("")
    assert "was kept" in sweep(app)[0]["reason"]
    clock.move(minutes=1)
    assert sweep(app) == []
    assert names_in(folder) == NAMES[:1]
    failing.stop()
    clock.move(hours=1)
    assert sweep(app) == []
    assert times_of(app, alice) == [KEPT]
    assert names_in(folder) == [NAMES[0].replace(".", "-2.", 1), *NAMES]


def test_what_another_process_has_archived_meanwhile_is_no_second_file(app, old_events, folder):
    with app.app_context():
        assert jobs.is_due(jobs_of(app))
    run_command(app, "events", "archive")
    with app.app_context():
        jobs.run(jobs_of(app))
    assert names_in(folder) == NAMES


def test_an_event_that_comes_while_rows_are_deleted_stays(
    app, alice, old_events, folder, monkeypatch
):
    late = OLD[0] - timedelta(days=1)
    came, begin, list_ = [], event_archiving.writing, event_archiving._list

    def listed(*arguments):
        list_(*arguments)
        monkeypatch.setattr(event_archiving, "writing", begin_after_another)

    def begin_after_another():
        monkeypatch.setattr(event_archiving, "writing", begin)
        came.append(late)
        store_event(app, alice, late)
        return begin()

    monkeypatch.setattr(event_archiving, "_list", listed)
    sweep(app)
    # On PostgreSQL all are gone with one commit.
    assert bool(came) == not_by_month(app)
    assert times_of(app, alice) == [*came, KEPT]


def not_by_month(app):
    with app.app_context():
        return not partitions.are_used()


def test_an_archive_that_reads_differently_is_not_kept(app, alice, old_events, folder, monkeypatch):
    monkeypatch.setattr(event_archives, "verify", lambda _file: event_archives.Contents(7, 7))
    assert "does not contain what was written" in sweep(app)[0]["reason"]
    assert names_in(folder) == []
    assert times_of(app, alice) == [*OLD, KEPT]


def test_a_month_that_changes_meanwhile_stays(app, alice, old_events, folder, monkeypatch):
    write = event_archives.write

    def written(*arguments):
        found = write(*arguments)
        store_event(app, alice, OLD[0] - timedelta(days=1))
        return found

    monkeypatch.setattr(event_archives, "write", written)
    assert "changed while they were archived" in sweep(app)[0]["reason"]
    assert names_in(folder) == []
    assert OLD[0] in times_of(app, alice)


def test_of_two_processes_one_archives(app, alice, old_events, folder):
    with event_archiving.alone(folder) as first:
        assert first
        assert sweep(app) == []
        assert times_of(app, alice) == [*OLD, KEPT]
    with event_archiving.alone(folder) as again:
        assert again


def test_only_the_process_that_archives_removes_what_is_left(folder, monkeypatch):
    with event_archiving.alone(folder):
        monkeypatch.setattr(files, "remove_left", Mock(side_effect=FileNotFoundError))
        with event_archiving.alone(folder) as second:
            assert not second


def test_what_a_killed_process_left_is_removed_a_day_later(app, old_events, folder):
    for days, name in ((2, "old"), (0, "of a backup that runs")):
        left = folder / f".unfinished-{name}"
        left.mkdir(parents=True)
        (left / NAMES[0]).write_bytes(b"half")
        then = (system_time() - timedelta(days=days)).timestamp()
        for path in (left / NAMES[0], left):
            os.utime(path, (then, then))
    assert sweep(app) == []
    assert [each.name for each in folder.glob(".unf*")] == [".unfinished-of a backup that runs"]


def test_a_dry_run_archives_nothing(app, alice, old_events, folder):
    shown = run_command(app, "events", "archive", "--dry-run")
    assert "Before 2025-01: 1 events." in shown
    assert times_of(app, alice) == [*OLD, KEPT]
    assert not folder.exists()
    assert "Archived 1 events" in run_command(app, "events", "archive")
    assert times_of(app, alice) == [KEPT]
    assert "Nothing is old enough" in run_command(app, "events", "archive")


def test_a_damaged_archive_restores_nothing(app, alice, old_events, folder, subtests):
    sweep(app)
    keep_all(app)
    file = folder / NAMES[0]
    whole = file.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    for name, content in {
        "cut off": whole[:-20],
        "without its end": gzip.compress(b"".join(lines[:-1])),
        "without a row": gzip.compress(b"".join([lines[0], lines[-1]])),
        "with more": gzip.compress(b"".join([*lines, lines[1]])),
        "not compressed": b"".join(lines),
        "another file": gzip.compress(b"[1]\n"),
        "empty": b"",
    }.items():
        with subtests.test(name=name):
            file.write_bytes(content)
            for command in ("verify", "restore", "scrub"):
                result = app.test_cli_runner().invoke(args=["events", command, str(file)])
                assert "is not a complete archive of events" in result.output, command
    assert times_of(app, alice) == [KEPT]


def test_events_of_a_deleted_account_do_not_come_back(app, alice, bob, old_events, folder):
    store_old(app, bob, OLD[0], actor=alice)
    sweep(app)
    with working(app):
        delete_account(alice.user)
    assert "Restored 1 events; 1 belong" in restore(app, folder / NAMES[0])
    assert row_of(app, OLD[0])["user_id"] == bob.id
    assert row_of(app, OLD[0])["actor_id"] is None


def test_the_next_account_with_an_id_gets_no_events_of_the_deleted_one(
    app, alice, old_events, folder, clock
):
    sweep(app)
    with app.app_context(), db.engine.begin() as connection:
        # Deleted, and SQLite gives the id to somebody who registers later.
        later = clock.move(days=1)
        connection.execute(
            sa.update(User.__table__).where(User.id == alice.id).values(created_at=later)
        )
    assert "Restored 0 events; 1 belong" in restore(app, folder / NAMES[0])
    assert times_of(app, alice) == [KEPT]


def test_archives_are_scrubbed_of_deleted_accounts(app, alice, bob, old_events, folder):
    store_old(app, bob, OLD[0])
    sweep(app)
    file = folder / NAMES[0]
    before = file.read_bytes()
    assert "removed 0 events" in run_command(app, "events", "scrub", str(file))
    assert file.read_bytes() == before
    with working(app):
        delete_account(alice.user)
    assert "removed 1 events" in run_command(app, "events", "scrub", str(file))
    assert [row["user_id"] for row in lines_of(file) if "id" in row] == [bob.id]
    assert "is sound: 1 events" in run_command(app, "events", "verify", str(file))
    with app.app_context():
        found = db.session.scalars(sa.select(EventArchive.events).order_by(EventArchive.ends_at))
        assert found.all() == [1, 1]


def test_a_clock_that_is_ahead_archives_nothing_that_the_server_would_keep(app, old_events, clock):
    clock.set("2999-01-01T00:00:00+00:00")
    with app.app_context(), reading():
        ends = [months.ends_at for months in event_archiving.due(clock(), 12)]
        assert OLD[1] in ends
        if partitions.are_used():
            assert max(ends) < system_time()


def test_a_number_of_months_before_all_time_keeps_everything(app, old_events, clock):
    with app.app_context(), reading():
        assert event_archiving.due(clock(), 1_000_000_000) == []


def test_the_export_says_what_is_archived(app, alice, old_events):
    def exported():
        with app.app_context(), reading():
            return json.loads("".join(export(alice.user)))

    def register_at(moment):
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(sa.update(User.__table__).values(created_at=moment))

    register_at(OLD[0])
    assert exported()["activities_archived_before"] is None
    sweep(app)
    assert exported()["activities_archived_before"] == "2025-02-01T00:00:00+00:00"
    register_at(KEPT)
    assert exported()["activities_archived_before"] is None  # nothing of hers is
