"""Run a cluster on one machine: `make cluster`.

nginx with TLS in front of two gunicorns in production mode and a process for the jobs, which share
only a database: PostgreSQL with a standby (scripts/cluster_database.py), behind pgbouncer.
Everything is deleted at the end. `--check` runs the checks of a cluster and exits with 0 or 1;
`--drills` tries the runbooks of docs/operations.md; `--small` runs one PostgreSQL behind pgbouncer,
without a standby.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

import psutil
import requests

from scripts.certificate import write_certificate
from scripts.cluster_check import check
from scripts.cluster_database import Databases, Urls
from scripts.cluster_drills import drill
from scripts.cluster_hosts import HOST, Hall, Process, begin, end, free_port
from tests.support.pgbouncer import Pooler
from tests.support.postgresql import Server
from tests.support.programs import Missing, server

ROOT = Path(__file__).parents[1]
WORKERS = 2
FOR_SMALL = ("nginx", "pgbouncer")
FOR_ALL = (*FOR_SMALL, "etcd", "patroni", "haproxy")
SECONDS_TO_START = 60
STREAMS = 10
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 256; }}
http {{
    log_format upstream '$request_method $uri $status $upstream_addr';
    access_log {folder}/access.log upstream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/*.conf.d;
}}
"""


class Web:
    """A gunicorn with two workers, its own port and its own directory."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.port = free_port()
        self.environment = {**environment, "INSTANCE_PATH": str(self.folder)}
        self.process: Process | None = None

    @property
    def address(self) -> str:
        """The URL of this server, bypassing nginx."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start serving; return once it responds."""
        options = ["--config", "gunicorn.conf.py", "--bind", f"{HOST}:{self.port}"]
        options += ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", "4"]
        options += ["--graceful-timeout", "10", "--no-control-socket", "--log-level", "warning"]
        options += ["--forwarded-allow-ips", HOST, "wsgi:app"]
        command = [sys.executable, "-m", "gunicorn", *options]
        self.process = begin(command, self.folder / "log", self.environment)
        wait_for(f"{self.address}/healthz", self.process, self.folder / "log")

    def reload(self) -> None:
        """Reload; return once new workers have replaced the old ones."""
        if self.process is None:
            return
        before = self._all_workers(other_than=set())  # the first responds before the second starts
        self.process.send_signal(signal.SIGHUP)
        self._all_workers(other_than=before)

    def stop(self) -> None:
        """Stop after the running requests."""
        if self.process is not None:
            end(self.process)

    def _all_workers(self, *, other_than: set[int]) -> set[int]:
        """Wait until all workers run and none of these."""
        assert self.process is not None
        master = psutil.Process(self.process.pid)
        deadline = time.monotonic() + SECONDS_TO_START
        while len(found := {child.pid for child in master.children()}) != WORKERS or (
            found & other_than
        ):
            assert time.monotonic() < deadline, f"not the {WORKERS} workers expected: {found}"
            time.sleep(0.05)
        return found


class JobProcess:
    """`flask jobs run`, with its own directory."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder / "jobs"
        self.folder.mkdir()
        self.environment = {**environment, "INSTANCE_PATH": str(self.folder)}
        self.process: Process | None = None

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "run"]
        self.process = begin(command, self.folder / "log", self.environment)

    def stop(self) -> None:
        """End it after its job."""
        if self.process is not None:
            end(self.process)


@dataclass(frozen=True)
class Cluster:
    """The running cluster, its URLs for HTTPS and for plain HTTP, and its certificate."""

    address: str
    plain_address: str
    certificate: Path
    webs: tuple[Web, Web]
    jobs: JobProcess
    log: Path
    database: str
    metrics_token: str
    # With a standby; None in a small one.
    databases: Databases | None
    folder: Path
    # One at most: nginx, once it runs.
    nginx: list[Process]

    def flask(self, *arguments: str) -> str:
        """Run a command with the settings of the web servers; return what it says."""
        return _flask(list(arguments), self.jobs.environment)

    def direct(self) -> str:
        """The URL of the database past the pooler, as the settings have it now."""
        return self.jobs.environment["DATABASE_DIRECT_URL"]


@contextmanager
def running(metrics_token: str, *, small: bool = False) -> Iterator[Cluster]:
    """Everything, until the block ends."""
    with ExitStack() as stack:
        hall = Hall()
        stack.callback(hall.close)
        databases = None if small else Databases(hall)
        if databases:
            databases.start()
        urls = databases.urls if databases else _one_database(hall, stack)
        environment = _environment(urls, hall.folder, metrics_token)
        for command in (["db", "upgrade"], ["achievements", "sync"]):
            _flask(command, environment)
        webs = (Web("web1", hall.folder, environment), Web("web2", hall.folder, environment))
        for web in webs:
            stack.callback(web.stop)
            web.start()
        jobs = JobProcess(hall.folder, environment)
        stack.callback(jobs.stop)
        jobs.start()
        certificate, key = write_certificate(hall.folder, HOST)
        cluster = Cluster(
            address=f"https://{HOST}:{free_port()}",
            plain_address=f"http://{HOST}:{free_port()}",
            certificate=certificate,
            webs=webs,
            jobs=jobs,
            log=hall.folder / "access.log",
            database=urls.direct,
            metrics_token=metrics_token,
            databases=databases,
            folder=hall.folder,
            nginx=[],
        )
        cluster.nginx.append(_nginx(cluster, key, hall.folder))
        stack.callback(end, cluster.nginx[0])
        wait_for(f"{cluster.address}/healthz", certificate=certificate)
        yield cluster


def _one_database(hall: Hall, stack: ExitStack) -> Urls:
    """Start one PostgreSQL, without a standby, behind pgbouncer."""
    alone = Server()
    hall.guard(alone.folder)
    stack.callback(alone.stop)
    alone.execute("CREATE DATABASE trackflow")
    pooler = Pooler(alone, connections=20)
    hall.guard(pooler.folder)
    stack.callback(pooler.stop)
    direct = alone.url("trackflow")
    return Urls(pooler.url("trackflow"), direct, "")


def _environment(urls: Urls, folder: Path, metrics_token: str) -> dict[str, str]:
    settings = {
        "DATABASE_URL": urls.pooled,
        "DATABASE_DIRECT_URL": urls.direct,
        "DATABASE_REPLICA_URL": urls.standby,
        "DATABASE_POOLER": "transaction",
        # Both need the same key, otherwise sessions of one are invalid on the other.
        "SECRET_KEY": secrets.token_hex(32),
        "INSTANCE_PATH": str(folder),
        "TRUSTED_HOSTS": HOST,
        "TRUSTED_PROXIES": "1",
        "METRICS_TOKEN": metrics_token,
        "LIVE_STREAMS": str(STREAMS),
        "JOBS": "worker",
    }
    return {**os.environ, "TRACKFLOW_ENV": "production", **settings}


def _flask(arguments: list[str], environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    done = subprocess.run(  # noqa: S603 -- our own commands
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"flask {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _nginx(cluster: Cluster, key: Path, folder: Path) -> Process:
    names = {
        "TRACKFLOW_LISTEN": f"{cluster.address.removeprefix('https://')} ssl",
        "TRACKFLOW_LISTEN_HTTP": cluster.plain_address.removeprefix("http://"),
        "TRACKFLOW_CERTIFICATE": str(cluster.certificate),
        "TRACKFLOW_CERTIFICATE_KEY": str(key),
    }
    for number, web in enumerate(cluster.webs, start=1):
        names[f"TRACKFLOW_WEB_{number}"] = f"{HOST}:{web.port}"
    for template in (ROOT / "deploy").glob("*.conf.template"):
        # Not all: nginx has variables of its own, written the same way.
        filled = Template(template.read_text("utf-8")).safe_substitute(names)
        (folder / f"{template.name}.conf.d").write_text(filled, "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user), "utf-8")
    command = [server("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    return begin(command, folder / "nginx.out", dict(os.environ))


def wait_for(
    address: str,
    process: Process | None = None,
    log: Path | None = None,
    *,
    certificate: Path | None = None,
) -> None:
    """Wait until a URL returns 200; exit if it does not in time."""
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            if requests.get(address, timeout=5, verify=str(certificate or "") or True).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        if time.monotonic() > deadline or (process and process.poll() is not None):
            sys.exit(f"{address} does not answer.\n{log.read_text() if log else ''}")
        time.sleep(0.05)


def main() -> None:
    """Run until Ctrl-C, or until the checks are done."""
    parser = argparse.ArgumentParser(prog="python -m scripts.cluster", description=__doc__)
    parser.add_argument("--check", action="store_true", help="ask it what it must stand, and end")
    parser.add_argument("--drills", action="store_true", help="try every runbook, and end")
    parser.add_argument("--only", action="append", default=[], help="this runbook (repeatable)")
    parser.add_argument("--small", action="store_true", help="one PostgreSQL, without a standby")
    asked = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    try:
        for name in FOR_SMALL if asked.small else FOR_ALL:
            server(name)
        with running(secrets.token_hex(16), small=asked.small) as cluster:
            if asked.check:
                sys.exit(0 if check(cluster) else 1)
            if asked.drills:
                sys.exit(0 if drill(cluster, asked.only) else 1)
            _serve(cluster)
    except Missing as missing:
        sys.exit(str(missing))
    except KeyboardInterrupt:
        print()


def _serve(cluster: Cluster) -> None:
    print("Making a community to look at ...")
    # Production makes none, for its passwords are known to everybody.
    said = _flask(["demo"], {**cluster.webs[0].environment, "TRACKFLOW_ENV": "development"})
    print(*(line for line in said.splitlines() if line.startswith("Demo")), sep="\n")
    if cluster.databases and (primary := cluster.databases.primary()):
        print(f"Primary:   {primary.machine.name}, kill it: kill -9 {primary.postmaster()}")
    print(f"Web 1:     {cluster.webs[0].address}\nWeb 2:     {cluster.webs[1].address}")
    print(f"TrackFlow: {cluster.address}  (Ctrl-C ends it)")
    print("Your browser warns of the certificate, which is signed by itself.", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
