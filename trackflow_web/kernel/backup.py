"""A consistent copy of the whole database, taken while it is in use.

The job queue is not included, on either database: maintenance restarts unfinished work after a
restore.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from trackflow_web.kernel import clock, files

PG_DUMP = "pg_dump"
# How long a lock is waited for that a migration may hold; seconds.
PATIENCE = 60
_FIRST_NUMBER = re.compile(r"\d+")


class BackupFailed(Exception):
    """No backup was made; the message has the reason and a remedy."""


def back_up(url: sa.URL, target: Path, *, server_version: int = 0) -> Path:
    """Write a backup to a new file, or into a folder under a name with the time; return the file.

    It appears under its name only when it is whole, checked and on the disk. `server_version` is
    the major one of a PostgreSQL server. Raises BackupFailed.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    file = _file(target, "sqlite3" if is_sqlite else "dump")
    with _new(file) as unfinished:
        if is_sqlite:
            _copy_sqlite(Path(url.database or ""), unfinished)
        else:
            _dump_postgresql(url, unfinished, server_version)
    return file


def _file(target: Path, ending: str) -> Path:
    named = f"trackflow-{clock.now():%Y%m%dT%H%M%SZ}.{ending}"
    file = target / named if target.is_dir() else target
    if not file.parent.is_dir():
        message = f"There is no folder {file.parent}."
        raise BackupFailed(message)
    if file.exists():
        message = f"{file} is there already; a backup never replaces another."
        raise BackupFailed(message)
    return file


@contextmanager
def _new(file: Path) -> Iterator[Path]:
    """Return a temporary path beside the target; it contains addresses and password hashes."""
    try:
        with files.whole(file) as unfinished:
            yield unfinished
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}."
        raise BackupFailed(message) from error


# --- SQLite ------------------------------------------------------------------------------------


def _copy_sqlite(source: Path, copy: Path) -> None:
    """Copy by VACUUM INTO, which reads a snapshot and does not block writers.

    A copy of the file alone would lack what is still in the write-ahead log.
    """
    if not source.exists():
        message = f"There is no database {source}."
        raise BackupFailed(message)
    try:
        with closing(sqlite3.connect(source, timeout=PATIENCE)) as connection:
            connection.execute("VACUUM INTO ?", [str(copy)])
        with closing(sqlite3.connect(copy)) as connection:
            faults = _faults(connection)
    except sqlite3.Error as error:
        message = f"SQLite: {error}."
        raise BackupFailed(message) from error
    if faults:
        message = f"The copy is not sound: {'; '.join(faults[:5])}."
        raise BackupFailed(message)


def _faults(connection: sqlite3.Connection) -> list[str]:
    said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    return [f"a reference of {row[0]} leads nowhere" for row in broken] + (
        [] if said == ["ok"] else said
    )


# --- PostgreSQL --------------------------------------------------------------------------------


def _dump_postgresql(url: sa.URL, dump: Path, server_version: int) -> None:
    """By pg_dump, in one snapshot and in its own compressed format, for pg_restore."""
    program = shutil.which(PG_DUMP)
    if program is None:
        message = (
            f"{PG_DUMP} is not installed: a backup of PostgreSQL is made by it"
            f" (Debian: apt-get install postgresql-client-{server_version})."
        )
        raise BackupFailed(message)
    own_version = _version(program)
    if own_version < server_version:
        message = (
            f"{PG_DUMP} is of version {own_version} and the server of {server_version};"
            f" it must not be older (Debian: apt-get install postgresql-client-{server_version})."
        )
        raise BackupFailed(message)
    address = sa.URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    ).render_as_string()
    options = ["--format=custom", "--no-owner", "--no-privileges", "--exclude-table-data=huey_*"]
    options += [f"--lock-wait-timeout={PATIENCE}s", f"--file={dump}", f"--dbname={address}"]
    # In the environment, because all users of the machine can read command lines.
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    _run([program, *options], secret)


def _version(program: str) -> int:
    found = _FIRST_NUMBER.search(_run([program, "--version"], {}))
    return int(found[0]) if found else 0


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 -- the program and its options are ours
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = f"{PG_DUMP} failed: {done.stderr.strip()}"
        raise BackupFailed(message)
    return done.stdout
