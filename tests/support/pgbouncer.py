"""A pgbouncer in transaction mode in front of a server of the tests."""

from __future__ import annotations

import atexit
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.support.programs import server

if TYPE_CHECKING:
    from tests.support.postgresql import Server

SECONDS_TO_START = 20
# Two connections for all: transactions of one client alternate between them.
SETTINGS = """
[databases]
* = host={target} user=trackflow
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_db_connections = {connections}
server_round_robin = 1
server_login_retry = 1
query_wait_timeout = 10
pidfile = {folder}/pid
"""


class Pooler:
    """A running pgbouncer, reached by a unix socket."""

    def __init__(self, target: Server, *, connections: int = 2) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pgb-", dir="/tmp"))
        atexit.register(self.stop)
        self.owner = target.owner
        if self.owner:
            shutil.chown(self.folder, self.owner)
        settings = SETTINGS.format(
            target=target.folder, folder=self.folder, connections=connections
        )
        (self.folder / "ini").write_text(settings, "utf-8")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [server("pgbouncer"), "-q", str(self.folder / "ini")],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_owner(),
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                return psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log_text = (self.folder / "log").read_text()
                    message = f"pgbouncer did not start: {error}\n{log_text}"
                    raise RuntimeError(message) from None
            time.sleep(0.02)

    def end(self) -> None:
        """End it at once, with all its connections."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(SECONDS_TO_START)
        (self.folder / "pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End it and remove everything it wrote."""
        atexit.unregister(self.stop)
        if hasattr(self, "process"):
            self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of a database of its server, through the pooler."""
        return f"postgresql://trackflow@/{database}?host={self.folder}&port=6432"

    def _as_owner(self) -> dict[str, object]:
        if not self.owner:
            return {}
        user = pwd.getpwnam(self.owner)
        return {"user": self.owner, "group": user.pw_gid, "extra_groups": []}


def through(pooler: Pooler, url: str) -> str:
    """The URL of the database of another URL, through the pooler."""
    return pooler.url(url.partition("@/")[2].partition("?")[0])
