"""A PostgreSQL server for the time of a test run: unix socket only, thrown away at the end."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cached_property
from pathlib import Path

import psycopg

from tests.support.niceness import give_to_session
from tests.support.programs import postgresql_folder

SECONDS_TO_START = 30
# Nothing here has to survive a power cut, and the disk is the slowest part of a test.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal")
SETTINGS = ("listen_addresses=", "max_connections=100", "max_wal_senders=0", "shared_buffers=32MB")
# Later ones count: of a server with a standby, and of that.
REPLICATED = ("wal_level=replica", "max_wal_senders=4", "wal_receiver_status_interval=1s")


class Server:
    """A running server. It cannot run as root, so root starts it as another user.

    A `durable` one keeps acknowledged commits after an immediate stop. A `replicated` one may have
    standbys.
    """

    def __init__(self, *, durable: bool = False, replicated: bool = False) -> None:
        self.settings = SETTINGS if durable else (*FAST, *SETTINGS)
        if replicated:
            self.settings = (*self.settings, *REPLICATED)
        # Short on purpose: a socket's path has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        atexit.register(self.stop)
        self.owner = _unprivileged_user() if os.geteuid() == 0 else None
        if self.owner:
            shutil.chown(self.folder, self.owner)
        self.programs = self._usable_programs()
        self._create_data()
        self.log = self.folder / "log"
        self._start()

    def _create_data(self) -> None:
        self._run("initdb", "-D", "data", "-U", "trackflow", "-E", "UTF8", "-N", "--no-locale")

    def restart(self) -> None:
        """Stop it without any care, as when its machine fails, and start it again."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=SECONDS_TO_START)
        self._start()

    def url(self, database: str) -> str:
        """The URL of one of its databases, as the application takes it."""
        return f"postgresql://trackflow@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement on the maintenance database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @cached_property
    def version(self) -> int:
        """As libpq counts: 150018 for 15.18."""
        with psycopg.connect(self.url("postgres")) as connection:
            return connection.info.server_version

    def stop(self) -> None:
        """End the server at once and remove everything it wrote."""
        atexit.unregister(self.stop)
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=SECONDS_TO_START)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        options = [part for setting in self.settings for part in ("-c", setting)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", "data", "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which stop the server themselves
                **self._as_owner(),
            )
        give_to_session(self.process.pid)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    message = f"PostgreSQL did not start:\n{self.log.read_text()}"
                    raise RuntimeError(message) from None
            time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            **self._as_owner(),
        )
        if done.returncode:
            message = f"{program} failed:\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)

    def _as_owner(self) -> dict[str, object]:
        if not self.owner:
            return {"cwd": self.folder}
        group = pwd.getpwnam(self.owner).pw_gid
        return {"cwd": self.folder, "user": self.owner, "group": group, "extra_groups": []}

    def _usable_programs(self) -> Path:
        """The folder of the programs, copied if the user of the server may not read it."""
        programs = postgresql_folder()
        try:
            subprocess.run(
                [programs / "postgres", "--version"],
                capture_output=True,
                check=True,
                **self._as_owner(),
            )
        except (OSError, subprocess.CalledProcessError):
            return self._copied(programs)
        return programs

    def _copied(self, programs: Path) -> Path:
        """A copy of the wheel's programs with their libraries, which are beside the package."""
        installed = programs.parents[2]
        for folder in installed.glob(f"{programs.parents[1].name}*"):
            shutil.copytree(folder, self.folder / folder.name, symlinks=True)
        return self.folder / programs.relative_to(installed)


class Standby(Server):
    """A standby of a replicated server, which streams its log."""

    def __init__(self, primary: Server) -> None:
        self.primary = primary
        super().__init__(durable=True, replicated=True)

    def _create_data(self) -> None:
        source = ("-h", str(self.primary.folder), "-U", "trackflow")
        self._run("pg_basebackup", "-D", "data", "-R", "-N", "-c", "fast", "-X", "stream", *source)

    def call(self, function: str) -> object:
        """Call a function of the server, such as `pg_wal_replay_pause`; return its result."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            return connection.execute(f"SELECT {function}()").fetchone()[0]

    def wait_until_replayed(self) -> None:
        """Return once it has everything that was committed on the primary.

        With `synchronous_commit=off` the log is written later: one commit that waits for it takes
        all earlier ones along.
        """
        with psycopg.connect(self.primary.url("postgres"), autocommit=True) as connection:
            connection.execute("SET synchronous_commit = local")
            connection.execute("SELECT pg_logical_emit_message(true, '', '')")
            written = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
        deadline = time.monotonic() + SECONDS_TO_START
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            while not connection.execute(
                "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written]
            ).fetchone()[0]:
                if time.monotonic() > deadline:
                    raise TimeoutError(self.log.read_text())
                time.sleep(0.01)


def _unprivileged_user() -> str:
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
