"""PostgreSQL with a standby loses machines while users add songs, import, follow and are rechecked.

The topology is that of docs/deploy.md, in network namespaces, so that the primary can be cut off:
two web servers and a machine for the jobs, each with HAProxy and pgbouncer.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from scripts.cluster_database import Databases
from scripts.cluster_hosts import Hall, NotPermitted
from tests.support.databases import close, fill
from tests.support.programs import Missing
from tests.support.settings import settings_for
from tests.torture import everything
from tests.torture.everything import Load
from tests.torture.journal import Tally
from tests.torture.service import Service
from tests.torture.table import Row, row_of
from tests.torture.verdict import judge
from trackflow_web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from scripts.cluster_database import Node

FAULT = "failover"
# Of each web server.
WORKERS = 2
MACHINES = ("web1", "web2", "jobs")
# Seconds without an acknowledged write, by fault.
GOALS = {
    "postgresql": 10, "host": 25, "partition": 25, "standby": 10, "etcd": 10, "quorum": 10,
    "pooler": 10,
}  # fmt: skip
# In ten faults another server is promoted six times.
KINDS = (
    "postgresql", "host", "partition", "standby",
    "postgresql", "etcd", "host", "pooler", "partition", "quorum",
)  # fmt: skip
# Until the next fault; without a standby, without a member of etcd.
CALM = 3.0
ALONE = 6.0
# Longer than the lease of a primary.
WITHOUT_QUORUM = 25.0
# For as long as a lease a standby trusts a primary that went on without etcd.
AFTER_FAILSAFE = 21.0
LONGEST_PARTITION = 24.0


class TimedTally(Tally):
    """A tally that remembers when a write was acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def note(self, status: int, *, wrote: bool = False, strange: str = "") -> None:
        super().note(status, wrote=wrote, strange=strange)
        if wrote:
            self.times.append(time.monotonic())

    def silence(self, begun: float, ended: float) -> float:
        """The longest time without one that touches this window."""
        times = sorted([begun, *(each for each in self.times if begun <= each <= ended), ended])
        return max(later - earlier for earlier, later in itertools.pairwise(times))


@dataclass
class Outcome:
    """What the faults did: how often each, the longest silences, what the old primary accepted."""

    tried: Counter[str] = field(default_factory=Counter)
    silent: dict[str, list[float]] = field(default_factory=dict)
    accepted_by_the_old: int = 0
    restarted: int = 0

    def notes(self) -> Iterator[str]:
        """As lines below the table."""
        for kind, found in self.silent.items():
            longest, average = max(found), sum(found) / len(found)
            yield (
                f"{kind}: {len(found)} times, longest time without an acknowledged write"
                f" {longest:.1f} s, on average {average:.1f} s (goal {GOALS[kind]} s)"
            )
        yield f"writes that a primary acknowledged while cut off: {self.accepted_by_the_old}"
        yield f"workers restarted: {self.restarted}"

    @property
    def missed_goals(self) -> int:
        """How many goals were not reached."""
        slow = sum(max(found) > GOALS[kind] for kind, found in self.silent.items())
        return slow + self.accepted_by_the_old + self.restarted


def suffer(folder: Path, wanted: int, deadline: float, say: Callable[[str], None]) -> Row:
    """Inject this many faults, and return the row."""
    with ExitStack() as stack:
        try:
            hall = Hall(namespaces=True)
            stack.callback(hall.close)
            databases = Databases(hall)
            databases.start()
        except (Missing, NotPermitted) as refused:
            return Row("postgresql", FAULT, 0, why_not=str(refused).strip())
        fill(databases.urls.direct)
        fronts = [databases.front(hall.machine(name)) for name in MACHINES]
        service = Service(databases.urls.pooled, folder, workers=WORKERS, fronts=fronts)
        service.environment |= {**everything.SETTINGS, "DATABASE_POOLER": "transaction"}
        service.environment["CLUSTER"] = str(hall.folder)  # by which its guard ends them
        stack.callback(service.stop)
        service.start()
        app = create_app(settings_for(databases.urls.direct, JOBS="worker"))
        stack.callback(close, app)
        load = Load(app, service.port, tally := TimedTally())
        outcome = Outcome()
        with load.at_work():
            _harm(databases, service, tally, outcome, wanted, deadline, say)
        service.stop_jobs()
        load.finish_jobs()
        return _row(app, load, outcome)


def _row(app: Flask, load: Load, outcome: Outcome) -> Row:
    verdict = judge(app, load.crowd.journals)
    load.judge(verdict)
    verdict.notes[:0] = outcome.notes()
    row = row_of("postgresql", FAULT, outcome.tried.total(), load.tally, verdict)
    return row.missing(outcome.missed_goals)


def _harm(
    databases: Databases,
    service: Service,
    tally: TimedTally,
    outcome: Outcome,
    wanted: int,
    deadline: float,
    say: Callable[[str], None],
) -> None:
    workers = service.wait_for_workers()
    with psycopg.connect(databases.url("superuser", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE cut_off (n integer)")
    for number, kind in zip(range(wanted), itertools.cycle(KINDS), strict=False):
        if time.monotonic() > deadline:
            break
        time.sleep(CALM)
        begun = time.monotonic()
        outcome.accepted_by_the_old += FAULTS[kind](databases, number)
        _wait_for_a_write(tally)
        ended = time.monotonic()
        silence = tally.silence(begun, ended)
        databases.wait_until_redundant()
        outcome.tried[kind] += 1
        outcome.silent.setdefault(kind, []).append(silence)
        say(f"failover, {kind}: {silence:.1f} s, {dict(tally.answers)}")
    outcome.restarted = len(set(workers) - set(service.worker_ids()))


def _wait_for_a_write(tally: TimedTally) -> None:
    """Wait until three were acknowledged: the site is back."""
    before, deadline = len(tally.times), time.monotonic() + 60
    while len(tally.times) < before + 3 and time.monotonic() < deadline:
        time.sleep(0.05)


# --- the faults: each returns how many writes a cut off primary acknowledged ---------------------


def _primary(databases: Databases) -> Node:
    databases.wait_until_redundant()
    found = databases.primary()
    assert found, databases.logs()
    return found


def _kill_postgresql(databases: Databases, _number: int) -> int:
    """Kill the primary's processes; its Patroni notices."""
    _primary(databases).kill_postgresql()
    return 0


def _lose_host(databases: Databases, _number: int) -> int:
    """Kill the primary and its Patroni; the machine comes back once there is another one."""
    lost = _primary(databases)
    lost.kill()
    _wait_for_another(databases, lost)
    lost.start()
    return 0


def _cut_off(databases: Databases, _number: int) -> int:
    """Pull the cable of the primary; somebody on its machine keeps writing."""
    lost = _primary(databases)
    lost.machine.unplug()
    try:
        writer = threading.Thread(target=_write, args=(lost, accepted := []), daemon=True)
        writer.start()
        _wait_for_another(databases, lost)
        time.sleep(CALM)
        return len(accepted)
    finally:
        lost.machine.plug_in()


def _write(node: Node, accepted: list[int]) -> None:
    """Write on its own machine until it is no primary any more."""
    deadline = time.monotonic() + LONGEST_PARTITION
    with suppress(psycopg.Error), psycopg.connect(node.local, autocommit=True) as connection:
        while time.monotonic() < deadline:
            connection.execute("INSERT INTO cut_off VALUES (1)")
            accepted.append(1)


def _wait_for_another(databases: Databases, lost: Node) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(node.is_primary() for node in databases.nodes if node is not lost):
            return
        time.sleep(0.1)


def _lose_standby(databases: Databases, _number: int) -> int:
    """Kill the standby and its Patroni; the primary goes on alone."""
    _primary(databases)
    lost = databases.standby()
    assert lost
    lost.kill()
    time.sleep(ALONE)
    lost.start()
    return 0


def _lose_member(databases: Databases, number: int) -> int:
    """Kill one of the three members of etcd."""
    lost = databases.members[number % len(databases.members)]
    lost.kill()
    time.sleep(ALONE)
    lost.start(databases.members)
    return 0


def _lose_quorum(databases: Databases, number: int) -> int:
    """Kill two of the three members of etcd: nobody can get a lease."""
    count = len(databases.members)
    lost = [databases.members[(number + more) % count] for more in range(2)]
    for member in lost:
        member.kill()
    time.sleep(WITHOUT_QUORUM)
    for member in lost:
        member.start(databases.members)
    databases.wait_until_redundant()
    time.sleep(AFTER_FAILSAFE)
    return 0


def _restart_pooler(databases: Databases, _number: int) -> int:
    """Kill every pgbouncer and start it again."""
    databases.restart_poolers()
    return 0


FAULTS = {
    "postgresql": _kill_postgresql,
    "host": _lose_host,
    "partition": _cut_off,
    "standby": _lose_standby,
    "etcd": _lose_member,
    "quorum": _lose_quorum,
    "pooler": _restart_pooler,
}
