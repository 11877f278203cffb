"""The runbooks of docs/operations.md, done to a running cluster while users add songs.

Each function does what its runbook says, with the same commands, and checks that it worked.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import requests

from scripts.certificate import write_certificate
from scripts.cluster_check import MOVED, OK, SECONDS, Person
from scripts.cluster_database import DYNAMIC
from scripts.cluster_drills import Refused
from scripts.cluster_hosts import HOST, owner_of_servers
from tests.support.programs import postgresql_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.cluster_database import Databases, Node
    from scripts.cluster_drills import Stage

SECONDS_TO_WAIT = 90
SMALL_DISK = "512m"
# Of pgbouncer in scripts/cluster_database.py.
POOL = 20
# Longer than a page waits for a connection and tries again.
SATURATED = 9.0
# A standby is skipped from 10 s on.
LAGGING = 13.0
# Longer than the lease of a primary.
WITHOUT_ETCD = 25.0
JOB_ROWS = 50
# nginx skips a server that refused a connection for two seconds.
SKIPPED = 3.0


def _wait(what: str, is_done: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while not is_done():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def _nodes(stage: Stage) -> tuple[Databases, Node, Node]:
    """Return all, the primary and the synchronous standby."""
    databases = stage.cluster.databases
    assert databases
    databases.wait_until_redundant()
    primary, standby = databases.primary(), databases.standby()
    assert primary, "no primary"
    assert standby, "no standby"
    return databases, primary, standby


# --- machines ------------------------------------------------------------------------------------


def switchover(stage: Stage) -> None:
    """Make the synchronous standby the primary."""
    databases, primary, standby = _nodes(stage)
    begun = time.monotonic()
    _switch(primary, standby)
    stage.timed("another primary", begun)
    databases.wait_until_redundant()
    stage.timed("a standby", begun)


def _switch(primary: Node, standby: Node) -> None:
    names = ["--leader", primary.machine.name, "--candidate", standby.machine.name]
    primary.patronictl("switchover", *names, "--force", "trackflow")
    _wait("another primary", standby.is_primary)


def add_a_standby(stage: Stage) -> None:
    """Add a third PostgreSQL: it copies the primary, then HAProxy learns of it."""
    databases, _, _ = _nodes(stage)
    begun = time.monotonic()
    node = databases.add_node("db3")
    _wait("a third member that streams", lambda: _is_streaming(databases, node))
    stage.timed("a copy that streams", begun)
    for front in databases.fronts:
        front.reload_proxy()
    stage.writers.wait()


def _is_streaming(databases: Databases, node: Node) -> bool:
    statement = "SELECT 1 FROM pg_stat_replication WHERE application_name = %s"
    with (
        suppress(psycopg.Error),
        psycopg.connect(databases.url("superuser", "postgres")) as connection,
    ):
        return connection.execute(statement, [node.machine.name]).fetchone() is not None
    return False


def remove_a_standby(stage: Stage) -> None:
    """Take the third one away again: HAProxy first."""
    databases, _, _ = _nodes(stage)
    node = next(each for each in databases.nodes if each.machine.name == "db3")
    if node.is_primary():
        _switch(node, databases.nodes[0])
    databases.nodes.remove(node)
    for front in databases.fronts:
        front.reload_proxy()
    node.stop()
    databases.wait_until_redundant()


def replace_a_machine(stage: Stage) -> None:
    """Start Patroni with an empty data directory in the place of a standby that is gone."""
    databases, _, standby = _nodes(stage)
    standby.kill()
    shutil.rmtree(standby.data)
    begun = time.monotonic()
    standby.start()
    databases.wait_until_redundant()
    stage.timed("redundant again", begun)


def reinitialise(stage: Stage) -> None:
    """Copy a standby anew that does not follow the primary any more."""
    databases, primary, standby = _nodes(stage)
    begun = time.monotonic()
    primary.patronictl("reinit", "trackflow", standby.machine.name, "--force")
    _wait("a copy in the making", lambda: not standby.is_synchronous())
    databases.wait_until_redundant()
    stage.timed("redundant again", begun)


def upgrade_postgresql(stage: Stage) -> None:
    """Install a minor version: the standby first, a switchover, then the former primary."""
    databases, primary, standby = _nodes(stage)
    for number, node in enumerate((standby, primary)):
        if number:
            _switch(primary, standby)
            databases.wait_until_redundant()
        node.stop()
        node.start()  # here packages are upgraded in between
        databases.wait_until_redundant()


# --- secrets -------------------------------------------------------------------------------------


def rotate_the_password(stage: Stage) -> None:
    """Let the site sign in as another role that acts as the owner; then lock the first one out."""
    databases, _, _ = _nodes(stage)
    cluster, name = stage.cluster, "trackflow_2"
    word = databases.passwords[name] = secrets.token_hex(16)
    databases.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{word}' IN ROLE trackflow")
    databases.execute(f"ALTER ROLE {name} SET role = trackflow")
    front = databases.fronts[0]
    front.reload_pooler()
    urls = {
        "DATABASE_URL": front.url(name, "trackflow", "pgbouncer"),
        "DATABASE_DIRECT_URL": front.url(name, "trackflow", "primary"),
        "DATABASE_REPLICA_URL": front.url(name, "trackflow", "standby"),
    }
    for process in (*cluster.webs, cluster.jobs):
        process.environment |= urls
        process.stop()
        process.start()
        time.sleep(SKIPPED)
    databases.execute("ALTER ROLE trackflow NOLOGIN")
    stage.writers.wait()


def rotate_the_password_of_replication(stage: Stage) -> None:
    """Change it on the primary, then in Patroni's files, which are read again."""
    databases, _, standby = _nodes(stage)
    word = databases.passwords["replication"] = secrets.token_hex(16)
    databases.execute(f"ALTER ROLE replication PASSWORD '{word}'")
    for node in databases.nodes:
        node.write_settings()
    standby.patronictl("reload", "trackflow", "--force")
    # A connection that is open stays: a new one shows that it works.
    databases.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
    databases.wait_until_redundant()
    _wait("the standby with the new password", lambda: _is_streaming(databases, standby))


def rotate_the_certificate(stage: Stage) -> None:
    """Put a new certificate in the place of the old one and reload nginx."""
    before = _certificate(stage)
    write_certificate(stage.cluster.folder, HOST)
    stage.cluster.nginx[0].send_signal(1)  # HUP: nginx -s reload
    begun = time.monotonic()
    _wait("the new certificate", lambda: _certificate(stage) != before)
    stage.timed("the new one is served", begun)


def _certificate(stage: Stage) -> str:
    host, _, port = stage.cluster.address.removeprefix("https://").partition(":")
    return ssl.get_server_certificate((host, int(port)))


# --- trouble -------------------------------------------------------------------------------------


def full_disk(stage: Stage) -> None:
    """Fill the disk of the primary: the site goes on with the standby's."""
    databases, primary, small = _nodes(stage)
    small.kill()
    shutil.rmtree(small.data)
    small.data.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=0700", "tmpfs", str(small.data)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        small.start()
        databases.wait_until_redundant()
        message = "mounting is not permitted"
        raise Refused(message)
    if owner := owner_of_servers():
        shutil.chown(small.data, owner, owner)
    small.start()
    databases.wait_until_redundant()
    _switch(primary, small)
    databases.wait_until_redundant()
    begun = time.monotonic()
    filler = small.data / "filler"
    _fill(filler)
    # PostgreSQL ends when it cannot continue its log; on a busy site that takes a moment.
    with suppress(psycopg.Error), psycopg.connect(small.local, autocommit=True) as connection:
        for _ in range(60):
            connection.execute("SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))")
    _wait("another primary", primary.is_primary)
    stage.timed("another primary", begun)
    stage.writers.wait()
    stage.timed("the next song", begun)
    small.kill()
    subprocess.run(["umount", "-l", str(small.data)], check=True)  # noqa: S603, S607
    shutil.rmtree(small.data)
    small.start()
    databases.wait_until_redundant()


def _fill(filler: Path) -> None:
    step = 1024 * 1024
    with filler.open("wb", buffering=0) as file:
        while step:
            try:
                file.write(b"x" * step)
            except OSError:
                step //= 2


def both_etcd_gone(stage: Stage) -> None:
    """Lose two of three members of etcd for longer than a lease: the primary goes on."""
    databases, primary, _ = _nodes(stage)
    for member in databases.members[:2]:
        member.kill()
    time.sleep(WITHOUT_ETCD)
    assert primary.is_primary(), "it is no primary any more"
    for member in databases.members[:2]:
        member.start(databases.members)
    databases.wait_until_redundant()


def replica_lag(stage: Stage) -> None:
    """Stop the standby from replaying: pages come from the primary, until it has caught up."""
    _, _, standby = _nodes(stage)
    reader = Person(stage.cluster)
    reader.register()
    with psycopg.connect(standby.local, autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        begun, statuses = time.monotonic(), set[int]()
        while time.monotonic() < begun + LAGGING:
            status = reader.submit("/songs/", title=f"Lag {time.monotonic()}", artist="X")
            assert status == MOVED, status
            statuses.add(reader.see("/community/releases?q=&sort=new").status_code)
            time.sleep(0.5)
        connection.execute("SELECT pg_wal_replay_resume()")
        begun = time.monotonic()
        behind = "SELECT pg_last_wal_receive_lsn() <> pg_last_wal_replay_lsn()"
        _wait("a standby that caught up", lambda: not _value(connection, behind))
    stage.timed("caught up", begun)
    assert statuses == {OK}, statuses
    stage.saw("pages that may lag: all 200")


def _value(connection: psycopg.Connection, statement: str) -> object:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


def pooler_saturated(stage: Stage) -> None:
    """Take all connections behind pgbouncer, find who has them, and end their sessions."""
    databases, _, _ = _nodes(stage)
    front = databases.fronts[0]
    user = next(name for name in ("trackflow_2", "trackflow") if name in databases.passwords)
    with ExitStack() as stack:
        for _ in range(POOL):
            stack.callback(_take(front.url(user, "trackflow", "pgbouncer")).close)
        time.sleep(SATURATED)
        console = front.url("superuser", "pgbouncer", "pgbouncer")
        with psycopg.connect(console, autocommit=True, prepare_threshold=None) as admin:
            cursor = psycopg.ClientCursor(admin)
            rows = cursor.execute("SHOW POOLS").fetchall()
            names = [column.name for column in cursor.description or ()]
        waiting = sum(int(row[names.index("cl_waiting")]) for row in rows)
        stage.saw(f"cl_waiting {waiting}")
        databases.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND state_change < now() - interval '5 seconds'"
        )
        begun = time.monotonic()
        stage.writers.wait(1)
        stage.timed("the next song", begun)


def _take(url: str) -> psycopg.Connection:
    """Begin a transaction and forget it; others are served before it is its turn."""
    while True:
        taken = psycopg.connect(url)
        try:
            taken.execute("SELECT 'forgotten'")
        except psycopg.OperationalError:  # waited for longer than pgbouncer lets anybody wait
            taken.close()
        else:
            return taken


def jobs_stuck(stage: Stage) -> None:
    """Without a process for jobs an import waits; it is done when there is one again."""
    cluster = stage.cluster
    cluster.jobs.stop()
    person = Person(cluster)
    person.register()
    rows = "".join(f"Imported {number},X\n" for number in range(JOB_ROWS))
    sent = person.post(
        f"{person.base}/imports/",
        data={"csrf_token": person.token, "start": "1"},
        files={"file": ("list.csv", f"title,artist\n{rows}")},
        headers={"Referer": f"{person.base}/songs/"},
        timeout=SECONDS,
        allow_redirects=False,
    )
    assert sent.status_code == MOVED, sent.status_code
    waiting = _metrics(stage)
    stage.saw(f"trackflow_imports_unfinished {waiting}")
    assert waiting, "the import does not wait"
    cluster.jobs.start()
    begun = time.monotonic()
    _wait("the import", lambda: not _metrics(stage))
    stage.timed("done", begun)


def _metrics(stage: Stage) -> int:
    cluster = stage.cluster
    token = {"Authorization": f"Bearer {cluster.metrics_token}"}
    told = requests.get(f"{cluster.webs[0].address}/metrics", headers=token, timeout=SECONDS)
    found = re.search(r"^trackflow_imports_unfinished (\S+)", told.text, re.MULTILINE)
    assert found, told.status_code
    return int(float(found[1]))


# --- the whole cluster ---------------------------------------------------------------------------


def restore_everything(stage: Stage) -> None:
    """Every data directory is gone: a new cluster, and the latest backup in it."""
    databases, primary, _ = _nodes(stage)
    cluster, folder = stage.cluster, stage.cluster.folder / "backups"
    folder.mkdir()
    kept, begun = set(stage.writers.acknowledged), time.monotonic()
    cluster.flask("backup", str(folder))
    stage.timed("the backup", begun)
    nodes = databases.nodes
    for node in nodes:
        node.kill()
        shutil.rmtree(node.data)
    begun = time.monotonic()
    _forget(nodes[0], primary)
    for node in nodes:
        node.start()
    databases.wait_until_redundant()
    stage.timed("an empty cluster", begun)
    _restore(databases, next(folder.glob("*.dump")))
    stage.timed("restored", begun)
    stage.writers.wait()
    said = cluster.flask("achievements", "recheck")
    stage.saw(f"recheck: {' '.join(said.split())}")
    with psycopg.connect(cluster.direct()) as connection:
        stored = {row[0] for row in connection.execute("SELECT title FROM songs")}
    after = stage.writers.acknowledged - kept
    lost = kept - stored
    assert not lost, f"in the backup and not there: {lost}"
    # What was acknowledged after the backup is lost, as the runbook says.
    stage.writers.acknowledged -= after - stored


def _forget(node: Node, leader: Node) -> None:
    """Remove the lease and the settings from etcd, typing what patronictl asks."""
    typed = f"trackflow\nYes I am aware\n{leader.machine.name}\n"
    node.patronictl("remove", "trackflow", typed=typed)


def _restore(databases: Databases, dump: Path) -> None:
    """As deploy.md says, but nobody signs in before all of it is there."""
    signed_in = [name for name in databases.passwords if name.startswith("trackflow")]
    databases.execute("CREATE ROLE trackflow NOLOGIN")
    databases.execute("CREATE DATABASE trackflow OWNER trackflow")
    command = [str(postgresql_folder() / "pg_restore"), "--exit-on-error", "--no-owner"]
    command += ["--role=trackflow", f"--dbname={databases.url('superuser')}", str(dump)]
    subprocess.run(command, check=True, env=dict(os.environ))  # noqa: S603
    for name in signed_in:
        word = databases.passwords[name]
        if name != "trackflow":
            databases.execute(f"CREATE ROLE {name} IN ROLE trackflow")
            databases.execute(f"ALTER ROLE {name} SET role = trackflow")
        databases.execute(f"ALTER ROLE {name} LOGIN PASSWORD '{word}'")


def back_to_one_postgresql(stage: Stage) -> None:
    """Leave the primary alone, without Patroni, and point pgbouncer at it."""
    databases, primary, standby = _nodes(stage)
    primary.patronictl("pause", "--wait", "trackflow")
    standby.stop()
    standby.kill_postgresql()  # while it is paused, Patroni leaves it running
    # A commit would wait for a standby that does not come back.
    local = primary.local
    with psycopg.connect(local, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        connection.execute("SELECT pg_reload_conf()")
    primary.stop()  # while it is paused, PostgreSQL goes on
    assert primary.postmaster(), "PostgreSQL ended with Patroni"
    with psycopg.connect(local, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        connection.execute("SELECT pg_reload_conf()")
    for front in databases.fronts:
        host, _, port = primary.address.partition(":")
        front.target = f"host={host} port={port}"
        front.reload_pooler()
    stage.writers.wait()


def from_one_postgresql(stage: Stage) -> None:
    """Let Patroni take a running PostgreSQL over, then add a standby."""
    databases = stage.cluster.databases
    assert databases
    primary = next(node for node in databases.nodes if _is_writable(node))
    others = [node for node in databases.nodes if node is not primary]
    _forget(primary, primary)
    with psycopg.connect(primary.local, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
    # What Patroni remembers of the cluster that was: a server of its own has none of it.
    (primary.data / "patroni.dynamic.json").unlink()
    begun = time.monotonic()
    primary.start()
    _wait("a primary with a lease", primary.is_primary)
    settings = json.dumps(DYNAMIC)
    primary.patronictl("edit-config", "--force", "--apply", "-", "trackflow", typed=settings)
    stage.timed("a primary with a lease", begun)
    for front in databases.fronts:
        front.target = ""
        front.reload_pooler()
    for node in others:
        shutil.rmtree(node.data, ignore_errors=True)
        node.start()
    databases.wait_until_redundant()
    stage.timed("redundant", begun)


def _is_writable(node: Node) -> bool:
    with suppress(psycopg.Error), psycopg.connect(node.local, autocommit=True) as connection:
        return not _value(connection, "SELECT pg_is_in_recovery()")
    return False


def _all() -> Iterator[tuple[str, Callable[[Stage], None]]]:
    for runbook in (
        switchover,
        add_a_standby,
        remove_a_standby,
        replace_a_machine,
        reinitialise,
        upgrade_postgresql,
        rotate_the_password,
        rotate_the_password_of_replication,
        rotate_the_certificate,
        full_disk,
        both_etcd_gone,
        replica_lag,
        pooler_saturated,
        jobs_stuck,
        restore_everything,
        back_to_one_postgresql,
        from_one_postgresql,
    ):
        yield runbook.__name__.replace("_", "-"), runbook


# In this order: each leaves what the next one needs.
RUNBOOKS = dict(_all())
