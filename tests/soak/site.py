"""A site as docs/deploy.md sets it up on one machine: gunicorn and a process for jobs."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.soak.browser import HOST, Broken, Browser
from tests.support.niceness import give_to_session
from tests.support.postgresql import Server
from tests.support.web_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
STREAMS = 8
WORKERS = 2
SECONDS_TO_START = 120
SECONDS_TO_END = 40
# So that its log reaches its size within the first minutes.
WAL_SETTINGS = ("max_wal_size=64MB", "min_wal_size=32MB", "checkpoint_timeout=60s")


@dataclass
class Place:
    """Where processes run: on this core and with this niceness, as far as that is permitted."""

    core: int | None
    nice: int = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """What the calling thread starts meanwhile runs there."""
        cores, nice = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
        self.take()
        try:
            yield
        finally:
            os.sched_setaffinity(0, cores)
            with suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, 0, nice)

    def take(self) -> None:
        """Move the calling thread there, and the threads that it starts."""
        if self.core is not None:
            os.sched_setaffinity(0, {self.core})
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, self.nice)


@dataclass
class Site:
    """The running processes, and where they keep what."""

    url: str
    folder: Path
    port: int
    web: subprocess.Popen[bytes]
    jobs: subprocess.Popen[bytes]
    metrics_token: str
    server: Server | None

    def stop(self) -> None:
        """End the processes; the database stays until the block ends."""
        for process in (self.web, self.jobs):
            _end(process)

    def check(self) -> None:
        """Both processes must be there."""
        assert self.web.poll() is None, self.log
        assert self.jobs.poll() is None, self.log

    @property
    def kind(self) -> str:
        """The kind of its database."""
        return "postgresql" if self.server else "sqlite"

    @property
    def log(self) -> str:
        """The last lines of the logs."""
        return "\n".join(
            (self.folder / name).read_text(errors="replace")[-3000:]
            for name in ("web.log", "jobs.log")
        )


@contextmanager
def running(kind: str, folder: Path, place: Place) -> Iterator[Site]:
    """A site until the block ends."""
    for name in ("instance", "metrics", "temporary"):
        (folder / name).mkdir()
    with ExitStack() as stack:
        with place.taken():
            site = _started(kind, folder, stack)
        yield site


def _started(kind: str, folder: Path, stack: ExitStack) -> Site:
    server = _server(stack) if kind == "postgresql" else None
    url = server.url("trackflow") if server else f"sqlite:///{folder / 'site.sqlite3'}"
    port, token = free_port(), secrets.token_hex(16)
    environment = _environment(url, folder, token)
    for command in (["db", "upgrade"], ["achievements", "sync"]):
        _flask(command, environment)
    web = _begin(_gunicorn(port), folder / "web.log", environment)
    stack.callback(_end, web)
    jobs = _begin([*_FLASK, "jobs", "run"], folder / "jobs.log", environment)
    stack.callback(_end, jobs)
    site = Site(url, folder, port, web, jobs, token, server)
    _wait(site)
    return site


def _server(stack: ExitStack) -> Server:
    server = Server(durable=True)
    stack.callback(server.stop)
    for setting in WAL_SETTINGS:
        name, _, value = setting.partition("=")
        server.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.execute("SELECT pg_reload_conf()")
    server.execute("CREATE DATABASE trackflow")
    return server


def _environment(url: str, folder: Path, metrics_token: str) -> dict[str, str]:
    settings = {
        "TRACKFLOW_ENV": "production",
        "DATABASE_URL": url,
        "SECRET_KEY": secrets.token_hex(32),
        "CREDENTIAL_KEY": secrets.token_hex(32),
        "SITE_URL": f"https://{HOST}",
        "TRUSTED_HOSTS": HOST,
        "TRUSTED_PROXIES": "1",
        "INSTANCE_PATH": str(folder / "instance"),
        "METRICS_TOKEN": metrics_token,
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "TMPDIR": str(folder / "temporary"),
        "LIVE_STREAMS": str(STREAMS),
        "JOBS": "worker",
        "NEWCOMER_DAYS": "0",
    }
    return {**os.environ, **settings}


_FLASK = [sys.executable, "-m", "flask", "--app", "tests.soak.served:app"]


def _gunicorn(port: int) -> list[str]:
    options = ["--config", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    options += ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", "4"]
    options += ["--graceful-timeout", "25", "--no-control-socket", "tests.soak.served:app"]
    return [sys.executable, "-m", "gunicorn", *options]


def _flask(arguments: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*_FLASK, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"flask {' '.join(arguments)}:\n{done.stdout}{done.stderr}"


def _begin(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # The workers of gunicorn each have files of metrics; those of the other process are in memory.
    if "jobs" in command:
        environment = {**environment}
        del environment["PROMETHEUS_MULTIPROC_DIR"]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    give_to_session(process.pid)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(site: Site) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        with suppress(Broken):
            if Browser(site.port).get("/healthz").status == 200:
                return
        assert site.web.poll() is None, site.log
        time.sleep(0.1)
    raise TimeoutError(site.log)
