"""PostgreSQL that survives the loss of a machine: etcd, Patroni, HAProxy, pgbouncer.

Three members of etcd agree on who is the primary; Patroni promotes the synchronous standby. HAProxy
asks Patroni who that is and closes the connections to another one; pgbouncer is in front of it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil
import psycopg
import requests

from scripts.cluster_hosts import (
    HOST,
    Hall,
    Machine,
    Process,
    end,
    free_port,
    owner_of_servers,
)
from tests.support.programs import postgresql_folder, server

SECONDS_TO_START = 90
MEMBERS = ("etcd1", "etcd2", "etcd3")
DATABASES = ("db1", "db2")
OK = 200
# Seconds. A primary whose machine is gone keeps its lease for at most `ttl` (Patroni's least).
DYNAMIC = {
    "ttl": 20,
    "loop_wait": 2,
    "retry_timeout": 5,
    "synchronous_mode": True,
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
"""
PGBOUNCER = """
[databases]
trackflow = host={host} port={primary} dbname=trackflow
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
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
        self.settings = machine.folder / "patroni.yml"
        self.settings.write_text(json.dumps(self._settings(members)), "utf-8")

    def _settings(self, members: list[Member]) -> dict[str, object]:
        folder, address = self.machine.folder, self.machine.address
        users = {
            name: {"username": name, "password": self.passwords[name]}
            for name in ("superuser", "replication", "rewind")
        }
        rules = ["local all all trust", "host all all 0.0.0.0/0 scram-sha-256"]
        rules.append("host replication replication 0.0.0.0/0 scram-sha-256")
        api = f"{address}:{self.api}"
        return {
            "scope": "trackflow",
            "name": self.machine.name,
            "restapi": {"listen": api, "connect_address": api},
            "etcd3": {"hosts": [member.address for member in members]},
            "bootstrap": {"dcs": DYNAMIC, "initdb": [{"encoding": "UTF8"}, {"locale": "C"}]},
            "postgresql": {
                "listen": f"{address}:{self.port}",
                "connect_address": f"{address}:{self.port}",
                "data_dir": str(folder / "data"),
                "bin_dir": str(postgresql_folder()),
                "pgpass": str(folder / "pgpass"),
                "authentication": users,
                "parameters": {"unix_socket_directories": str(folder)},
                "pg_hba": rules,
            },
        }

    def start(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        command = [server("patroni"), str(self.settings)]
        # Patroni's own Python: not the one of this environment.
        path = os.pathsep.join(("/usr/bin", "/bin", "/usr/sbin", os.environ["PATH"]))
        self.process = self.machine.run(command, "patroni.log", as_owner=True, PATH=path)

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


class Databases:
    """All of it. Raises Missing when a program is not there."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        names = ("superuser", "replication", "rewind", "trackflow")
        self.passwords = {name: secrets.token_hex(16) for name in names}
        self.members = [Member(hall.machine(name)) for name in MEMBERS]
        self.nodes = [Node(hall.machine(name), self.members, self.passwords) for name in DATABASES]
        self.ports = {name: free_port() for name in ("primary", "standby", "pgbouncer")}
        self.proxy: Process | None = None
        self.pooler: Process | None = None

    def start(self) -> None:
        """Start all of it; return once there is a primary with a synchronous standby."""
        for member in self.members:
            member.start(self.members)
        for node in self.nodes:
            node.start()
        self._start_proxy()
        self.wait_until_redundant()
        with psycopg.connect(self.url("superuser", "postgres"), autocommit=True) as connection:
            word = self.passwords["trackflow"]
            connection.execute(f"CREATE ROLE trackflow LOGIN PASSWORD '{word}'")
            connection.execute("CREATE DATABASE trackflow OWNER trackflow")
        self.start_pooler()

    def url(
        self, user: str = "trackflow", database: str = "trackflow", port: str = "primary"
    ) -> str:
        """The URL of a database, as one of its users."""
        return f"postgresql://{user}:{self.passwords[user]}@{HOST}:{self.ports[port]}/{database}"

    @property
    def urls(self) -> Urls:
        """Those of the application."""
        pooled, standby = self.url(port="pgbouncer"), self.url(port="standby")
        return Urls(pooled, self.url(), standby)

    def primary(self) -> Node | None:
        """Return the node that holds the lease; None while nobody does."""
        return next((node for node in self.nodes if node.is_primary()), None)

    def standby(self) -> Node | None:
        """Return the synchronous standby."""
        return next((node for node in self.nodes if node.is_synchronous()), None)

    def wait_until_redundant(self) -> None:
        """Wait until the primary has a synchronous standby, and HAProxy knows the primary."""
        deadline = time.monotonic() + SECONDS_TO_START
        while not (self.primary() and self.standby() and self._answers()):
            if time.monotonic() > deadline:
                raise TimeoutError(self.logs())
            time.sleep(0.2)

    def _answers(self) -> bool:
        with suppress(psycopg.Error):
            psycopg.connect(self.url("superuser", "postgres"), connect_timeout=2).close()
            return True
        return False

    def logs(self) -> str:
        """The ends of all logs."""
        files = sorted(self.hall.folder.glob("*/*.log"))
        return "\n".join(f"--- {file}\n{file.read_text()[-1500:]}" for file in files)

    def _start_proxy(self) -> None:
        machine = Machine("haproxy", self.hall.folder / "haproxy")
        machine.folder.mkdir()
        lines = [
            f"    server {name} {each.machine.address}:{each.port} check port {each.api}"
            for name, each in zip(DATABASES, self.nodes, strict=True)
        ]
        servers = "\n".join(lines)
        text = HAPROXY.format(host=HOST, servers=servers, **self.ports)
        (machine.folder / "haproxy.cfg").write_text(text, "utf-8")
        command = [server("haproxy"), "-db", "-f", str(machine.folder / "haproxy.cfg")]
        self.proxy = machine.run(command, "haproxy.log")

    def start_pooler(self) -> None:
        """Start pgbouncer; return once it answers."""
        folder = self.hall.folder / "pgbouncer"
        machine = Machine("pgbouncer", folder)
        if not folder.exists():
            folder.mkdir()
            if owner := owner_of_servers():
                shutil.chown(folder, owner)
        names = {"host": HOST, "folder": folder, "port": self.ports["pgbouncer"]}
        settings = PGBOUNCER.format(primary=self.ports["primary"], **names)
        (folder / "pgbouncer.ini").write_text(settings, "utf-8")
        (folder / "users").write_text(f'"trackflow" "{self.passwords["trackflow"]}"\n', "utf-8")
        command = [server("pgbouncer"), "-q", str(folder / "pgbouncer.ini")]
        self.pooler = machine.run(command, "pgbouncer.log", as_owner=True)
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                return psycopg.connect(self.urls.pooled, connect_timeout=3).close()
            except psycopg.Error:
                if time.monotonic() > deadline:
                    raise TimeoutError(self.logs()) from None
            time.sleep(0.1)

    def restart_pooler(self) -> None:
        """Kill pgbouncer and start it again."""
        if self.pooler:
            self.pooler.kill()
            self.pooler.wait()
        (self.hall.folder / "pgbouncer" / "pid").unlink(missing_ok=True)
        self.start_pooler()

    def stop(self) -> None:
        """End the servers in front; the guard of the hall ends the others."""
        for process in (self.pooler, self.proxy):
            if process:
                end(process)
