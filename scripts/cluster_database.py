"""PostgreSQL that survives the loss of a machine: etcd, Patroni, HAProxy, pgbouncer.

Three members of etcd agree on who is the primary; Patroni promotes the synchronous standby. HAProxy
asks Patroni who that is and closes the connections to another one; pgbouncer is in front of it.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import psycopg
import requests

from scripts.cluster_hosts import Hall, Machine, Process, end
from tests.support.programs import postgresql_folder, server

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SECONDS_TO_START = 90
MEMBERS = ("etcd1", "etcd2", "etcd3")
DATABASES = ("db1", "db2")
OK = 200
# Patroni's own Python: not the one of this environment.
PATH = os.pathsep.join(("/usr/bin", "/bin", "/usr/sbin", os.environ["PATH"]))
# Seconds. A primary whose machine is gone keeps its lease for at most `ttl` (Patroni's least).
DYNAMIC = {
    "ttl": 20,
    "loop_wait": 2,
    "retry_timeout": 5,
    "synchronous_mode": True,
    # Without etcd the primary goes on while it reaches every other Patroni.
    "failsafe_mode": True,
    # A crashed primary is replaced, not restarted.
    "primary_start_timeout": 0,
    "maximum_lag_on_failover": 16 * 1024 * 1024,
    "postgresql": {
        "use_pg_rewind": True,
        "parameters": {
            "max_connections": 60,
            "shared_buffers": "32MB",
            "wal_keep_size": "128MB",
            # A standby that is gone is noticed, and so is one that the network hides.
            "wal_sender_timeout": "5s",
            "wal_receiver_timeout": "5s",
            "tcp_keepalives_idle": 5,
            "tcp_keepalives_interval": 1,
            "tcp_keepalives_count": 5,
        },
    },
}
HAPROXY = """
global
    maxconn 500
    # Connections of a process that was replaced: nobody asks Patroni for them any more.
    hard-stop-after 30s
defaults
    mode tcp
    timeout connect 2s
    timeout client 30m
    timeout server 30m
    timeout check 2s
    retries 1
    default-server inter 1s fastinter 500ms downinter 500ms rise 1 fall 2
    default-server on-marked-down shutdown-sessions
listen primary
    bind {host}:{primary}
    option httpchk GET /primary
    http-check expect status 200
{servers}
listen standby
    bind {host}:{standby}
    option httpchk GET /replica?lag=16MB
    http-check expect status 200
{servers}
listen statistics
    mode http
    bind {host}:{statistics}
    stats enable
    stats uri /
    http-request use-service prometheus-exporter if {{ path /metrics }}
"""
PGBOUNCER = """
[databases]
trackflow = {target} dbname=trackflow
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
stats_users = superuser
pool_mode = transaction
default_pool_size = 20
max_client_conn = 500
query_wait_timeout = 3
server_connect_timeout = 3
server_login_retry = 1
tcp_keepidle = 5
tcp_keepintvl = 1
tcp_keepcnt = 5
tcp_user_timeout = 10000
pidfile = {folder}/pid
"""


class Member:
    """A member of etcd."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.client, self.peer = machine.port(), machine.port()
        self.process: Process | None = None

    @property
    def url(self) -> str:
        """The URL at which the others reach it."""
        return f"http://{self.machine.address}:{self.peer}"

    @property
    def address(self) -> str:
        """Where Patroni reaches it."""
        return f"{self.machine.address}:{self.client}"

    def start(self, members: list[Member]) -> None:
        """Start it, as one of these."""
        cluster = ",".join(f"{each.machine.name}={each.url}" for each in members)
        clients = f"http://{self.address}"
        options = ["--name", self.machine.name, "--data-dir", str(self.machine.folder / "etcd")]
        options += ["--listen-peer-urls", self.url, "--initial-advertise-peer-urls", self.url]
        options += ["--listen-client-urls", clients, "--advertise-client-urls", clients]
        options += ["--initial-cluster", cluster, "--logger", "zap", "--log-level", "warn"]
        self.process = self.machine.run([server("etcd"), *options], "etcd.log", as_owner=True)

    def is_healthy(self) -> bool:
        """Whether it has a leader."""
        with suppress(requests.RequestException):
            return requests.get(f"http://{self.address}/health", timeout=2).status_code == OK
        return False

    def kill(self) -> None:
        """Kill it."""
        if self.process:
            self.process.kill()
            self.process.wait()


class Node:
    """A PostgreSQL with its Patroni."""

    def __init__(self, machine: Machine, members: list[Member], passwords: dict[str, str]) -> None:
        self.machine = machine
        self.port, self.api = machine.port(), machine.port()
        self.passwords = passwords
        self.process: Process | None = None
        self.members = members
        self.settings = machine.folder / "patroni.yml"
        self.write_settings()

    def write_settings(self) -> None:
        """Write the configuration of Patroni."""
        self.settings.write_text(json.dumps(self._settings()), "utf-8")

    def _settings(self) -> dict[str, object]:
        folder = self.machine.folder
        users = {
            name: {"username": name, "password": self.passwords[name]}
            for name in ("superuser", "replication", "rewind")
        }
        rules = ["local all all trust", "host all all 0.0.0.0/0 scram-sha-256"]
        rules.append("host replication replication 0.0.0.0/0 scram-sha-256")
        api = f"{self.machine.address}:{self.api}"
        return {
            "scope": "trackflow",
            "name": self.machine.name,
            "restapi": {"listen": api, "connect_address": api},
            "etcd3": {"hosts": [member.address for member in self.members]},
            "bootstrap": {"dcs": DYNAMIC, "initdb": [{"encoding": "UTF8"}, {"locale": "C"}]},
            "postgresql": {
                "listen": self.address,
                "connect_address": self.address,
                "data_dir": str(self.data),
                "bin_dir": str(postgresql_folder()),
                "pgpass": str(folder / "pgpass"),
                # A copy does not wait for the next checkpoint, which may be minutes away.
                "basebackup": [{"checkpoint": "fast"}],
                "authentication": users,
                "parameters": {"unix_socket_directories": str(folder)},
                "pg_hba": rules,
            },
        }

    def start(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        command = [server("patroni"), str(self.settings)]
        self.process = self.machine.run(command, "patroni.log", as_owner=True, PATH=PATH)

    @property
    def data(self) -> Path:
        """The directory of its data."""
        return self.machine.folder / "data"

    def stop(self) -> None:
        """End Patroni, which ends PostgreSQL, as before work on the machine."""
        if self.process:
            end(self.process)

    def patronictl(self, *words: str, typed: str = "") -> str:
        """Run patronictl; return what it says. Raises CalledProcessError."""
        command = [*self.machine.inside, "patronictl", "-c", str(self.settings), *words]
        return subprocess.run(  # noqa: S603 -- our own commands
            command, input=typed, env={**os.environ, "PATH": PATH}, check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ).stdout  # fmt: skip

    def is_primary(self) -> bool:
        """Whether its Patroni says that it holds the lease."""
        return self._says("primary")

    def is_synchronous(self) -> bool:
        """Whether it is the synchronous standby, which may be promoted."""
        return self._says("synchronous")

    def _says(self, what: str) -> bool:
        url = f"http://{self.machine.address}:{self.api}/{what}"
        with suppress(requests.RequestException):
            return requests.get(url, timeout=2).status_code == OK
        return False

    @property
    def address(self) -> str:
        """Where the others reach its PostgreSQL."""
        return f"{self.machine.address}:{self.port}"

    @property
    def local(self) -> str:
        """The URL of its PostgreSQL for somebody on the same machine."""
        return f"host={self.machine.folder} port={self.port} user=superuser dbname=trackflow"

    def postmaster(self) -> int:
        """Return the id of PostgreSQL's first process; 0 when there is none."""
        with suppress(OSError, ValueError, IndexError):
            return int((self.machine.folder / "data" / "postmaster.pid").read_text().split()[0])
        return 0

    def kill_postgresql(self) -> None:
        """Kill all processes of PostgreSQL at once."""
        if not self.postmaster():
            return
        with suppress(psutil.Error):
            postmaster = psutil.Process(self.postmaster())
            for process in (postmaster, *postmaster.children(recursive=True)):
                with suppress(psutil.Error):
                    process.kill()

    def kill(self) -> None:
        """Kill Patroni and PostgreSQL, as when the machine fails."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.kill_postgresql()


@dataclass
class Urls:
    """Of the database: through the pooler, past it, and of the standby."""

    pooled: str
    direct: str
    standby: str


class Front:
    """HAProxy and pgbouncer of one machine, in front of all servers."""

    def __init__(self, machine: Machine, nodes: list[Node], passwords: dict[str, str]) -> None:
        self.machine = machine
        self.nodes = nodes
        self.passwords = passwords
        names = ("primary", "standby", "statistics", "pgbouncer")
        self.ports = {name: machine.port() for name in names}
        # Of pgbouncer, if it is not HAProxy.
        self.target = ""
        self.proxy: Process | None = None
        self.pooler: Process | None = None

    def url(self, user: str, database: str, port: str) -> str:
        """The URL of a database, as one of its users."""
        host = f"{self.machine.address}:{self.ports[port]}"
        return f"postgresql://{user}:{self.passwords[user]}@{host}/{database}"

    @property
    def urls(self) -> Urls:
        """Those of the application."""
        names = ("pgbouncer", "primary", "standby")
        return Urls(*(self.url("trackflow", "trackflow", name) for name in names))

    def write_proxy(self) -> None:
        """Write the configuration of HAProxy."""
        lines = [
            f"    server {node.machine.name} {node.address} check port {node.api}"
            for node in self.nodes
        ]
        text = HAPROXY.format(host=self.machine.address, servers="\n".join(lines), **self.ports)
        (self.machine.folder / "haproxy.cfg").write_text(text, "utf-8")

    def start_proxy(self) -> None:
        """Start HAProxy, with a master that can replace it by another one."""
        self.write_proxy()
        command = [server("haproxy"), "-W", "-db", "-f", str(self.machine.folder / "haproxy.cfg")]
        self.proxy = self.machine.run(command, "haproxy.log")

    def reload_proxy(self) -> None:
        """Have HAProxy read its file again."""
        self.write_proxy()
        assert self.proxy
        self.proxy.send_signal(signal.SIGUSR2)

    def write_pooler(self) -> None:
        """Write the configuration and the users of pgbouncer."""
        folder = self.machine.folder
        names = {"host": self.machine.address, "folder": folder, "port": self.ports["pgbouncer"]}
        target = self.target or f"host={self.machine.address} port={self.ports['primary']}"
        settings = PGBOUNCER.format(target=target, **names)
        (folder / "pgbouncer.ini").write_text(settings, "utf-8")
        self._write_users()

    def start_pooler(self) -> None:
        """Start pgbouncer; return once it answers."""
        self.write_pooler()
        folder = self.machine.folder
        command = [server("pgbouncer"), "-q", str(folder / "pgbouncer.ini")]
        self.pooler = self.machine.run(command, "pgbouncer.log", as_owner=True)
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                return psycopg.connect(self.urls.pooled, connect_timeout=3).close()
            except psycopg.Error:
                if time.monotonic() > deadline:
                    raise TimeoutError(ends_of(folder.glob("*.log"))) from None
            time.sleep(0.1)

    def _write_users(self) -> None:
        known = (name for name in self.passwords if name not in {"replication", "rewind"})
        users = "".join(f'"{name}" "{self.passwords[name]}"\n' for name in known)
        (self.machine.folder / "users").write_text(users, "utf-8")

    def reload_pooler(self) -> None:
        """Have pgbouncer read its files again."""
        self.write_pooler()
        assert self.pooler
        self.pooler.send_signal(signal.SIGHUP)

    def kill_pooler(self) -> None:
        """Kill pgbouncer."""
        if self.pooler:
            self.pooler.kill()
            self.pooler.wait()
        (self.machine.folder / "pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End both."""
        for process in (self.pooler, self.proxy):
            if process:
                end(process)


class Databases:
    """All of it. Raises Missing when a program is not there."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        names = ("superuser", "replication", "rewind", "trackflow")
        self.passwords = {name: secrets.token_hex(16) for name in names}
        self.members = [Member(hall.machine(name)) for name in MEMBERS]
        self.nodes = [Node(hall.machine(name), self.members, self.passwords) for name in DATABASES]
        # That of this machine, which sees all the others, is the first.
        self.fronts = [Front(hall.here("front"), self.nodes, self.passwords)]

    def start(self) -> None:
        """Start all of it; return once there is a primary with a synchronous standby."""
        for member in self.members:
            member.start(self.members)
        for node in self.nodes:
            node.start()
        self.fronts[0].start_proxy()
        self.wait_until_redundant()
        word = self.passwords["trackflow"]
        self.execute(f"CREATE ROLE trackflow LOGIN PASSWORD '{word}'")
        self.execute("CREATE DATABASE trackflow OWNER trackflow")
        self.fronts[0].start_pooler()

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement on the primary, as the superuser."""
        with psycopg.connect(self.url("superuser", database), autocommit=True) as connection:
            connection.execute(statement)

    def add_node(self, name: str) -> Node:
        """Start another PostgreSQL on another machine; it becomes a standby."""
        node = Node(self.hall.machine(name), self.members, self.passwords)
        node.start()
        self.nodes.append(node)
        return node

    def front(self, machine: Machine) -> Front:
        """Start HAProxy and pgbouncer on another machine, as on every web server."""
        front = Front(machine, self.nodes, self.passwords)
        self.fronts.append(front)
        front.start_proxy()
        front.start_pooler()
        return front

    def url(
        self, user: str = "trackflow", database: str = "trackflow", port: str = "primary"
    ) -> str:
        """The URL of a database, as one of its users."""
        return self.fronts[0].url(user, database, port)

    @property
    def urls(self) -> Urls:
        """Those of the application."""
        return self.fronts[0].urls

    def primary(self) -> Node | None:
        """Return the node that holds the lease; None while nobody does."""
        return next((node for node in self.nodes if node.is_primary()), None)

    def standby(self) -> Node | None:
        """Return the synchronous standby."""
        return next((node for node in self.nodes if node.is_synchronous()), None)

    def wait_until_redundant(self) -> None:
        """Wait until etcd is whole, the primary has a synchronous standby and HAProxy knows it."""
        deadline = time.monotonic() + SECONDS_TO_START
        while not (self._agrees() and self.primary() and self.standby() and self._answers()):
            if time.monotonic() > deadline:
                raise TimeoutError(self.logs())
            time.sleep(0.2)

    def _agrees(self) -> bool:
        return all(member.is_healthy() for member in self.members)

    def _answers(self) -> bool:
        with suppress(psycopg.Error):
            psycopg.connect(self.url("superuser", "postgres"), connect_timeout=2).close()
            return True
        return False

    def logs(self) -> str:
        """The ends of all logs."""
        return ends_of(self.hall.folder.glob("*/*.log"))

    def restart_poolers(self) -> None:
        """Kill every pgbouncer and start it again."""
        for front in self.fronts:
            front.kill_pooler()
        for front in self.fronts:
            front.start_pooler()


def ends_of(files: Iterable[Path]) -> str:
    """The last lines of logs."""
    return "\n".join(f"--- {file}\n{file.read_text()[-1500:]}" for file in sorted(files))
