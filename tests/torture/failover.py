"""PostgreSQL with a standby loses machines while users add songs, import, follow and are rechecked.

The topology is that of `make cluster`, in network namespaces: the primary can be cut off.
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import sqlalchemy as sa

from scripts.cluster_database import Databases
from scripts.cluster_hosts import Hall, NotPermitted
from tests.support.databases import close, fill
from tests.support.gunicorn import Site
from tests.support.people import add_person, working
from tests.support.programs import Missing
from tests.support.settings import settings_for
from tests.support.wire import ask
from tests.torture import notices
from tests.torture.journal import Tally
from tests.torture.load import TALKATIVE, Actor, Crowd
from tests.torture.people import make_people
from tests.torture.table import Row, row_of
from tests.torture.verdict import Verdict, judge
from trackflow_web import create_app
from trackflow_web.achievements.recheck import start
from trackflow_web.domain.relations.models import Follow
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import Notification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from scripts.cluster_database import Node
    from tests.support.wire import Answer, Visitor

FAULT = "failover"
WORKERS = 3
CLIENTS = 4
# Seconds without an acknowledged write, by fault.
GOALS = {"postgresql": 10, "host": 25, "partition": 25, "standby": 10, "etcd": 10, "pooler": 10}
# In nine faults another server is promoted six times.
KINDS = (
    "postgresql", "host", "partition", "standby",
    "postgresql", "etcd", "host", "pooler", "partition",
)  # fmt: skip
IN_AN_IMPORT = 20
BETWEEN_RECHECKS = 5.0
BETWEEN_IMPORTS = 1.0
BETWEEN_FOLLOWS = 1.0
# Until the next fault; without a standby, without a member of etcd.
CALM = 3.0
ALONE = 6.0
LONGEST_PARTITION = 24.0
MULTIPART = '--{edge}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


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
        site = Site(databases.urls.pooled, folder, workers=WORKERS)
        site.environment |= {**notices.SETTINGS, **TALKATIVE, "DATABASE_POOLER": "transaction"}
        stack.callback(site.stop)
        site.start()
        app = create_app(settings_for(databases.urls.direct, JOBS="worker"))
        stack.callback(close, app)
        load = Load(app, site)
        outcome = Outcome()
        with load.at_work():
            _harm(databases, site, load.tally, outcome, wanted, deadline, say)
        return _row(app, load, outcome)


def _row(app: Flask, load: Load, outcome: Outcome) -> Row:
    jobs = app.extensions["trackflow.jobs"]
    for _ in range(3):  # what a job left to the next sweep
        jobs.sweep(at_start=True)
        jobs.run_due()
    verdict = judge(app, load.crowd.journals)
    load.judge(verdict)
    verdict.notes[:0] = outcome.notes()
    row = row_of("postgresql", FAULT, outcome.tried.total(), load.tally, verdict)
    return row.missing(outcome.missed_goals)


def _harm(
    databases: Databases,
    site: Site,
    tally: TimedTally,
    outcome: Outcome,
    wanted: int,
    deadline: float,
    say: Callable[[str], None],
) -> None:
    workers = site.wait_for_workers()
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
    outcome.restarted = len(set(workers) - set(site.worker_ids()))


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


def _restart_pooler(databases: Databases, _number: int) -> int:
    """Kill pgbouncer and start it again."""
    databases.restart_pooler()
    return 0


FAULTS = {
    "postgresql": _kill_postgresql,
    "host": _lose_host,
    "partition": _cut_off,
    "standby": _lose_standby,
    "etcd": _lose_member,
    "pooler": _restart_pooler,
}


# --- the load ------------------------------------------------------------------------------------


class Load:
    """Users at work: songs, imports, follows; and an administrator who rechecks everyone."""

    def __init__(self, app: Flask, site: Site) -> None:
        self.app = app
        self.port = site.port
        self.tally = TimedTally()
        self.crowd = Crowd(lambda: make_people(app, self.port, 50))
        self.crowd.tally = self.tally
        self.admin = add_person(app, "torturer", is_admin=True)
        (self.followed,) = make_people(app, self.port, 1)
        self.followers: set[int] = set()
        self._stop = threading.Event()

    def at_work(self) -> ExitStack:
        """Run all of it until the block ends."""
        stack = ExitStack()
        stack.enter_context(self.crowd.at_work(CLIENTS))
        threads = [
            threading.Thread(target=self._again, args=each, daemon=True)
            for each in (
                (self._import, BETWEEN_IMPORTS),
                (self._follow, BETWEEN_FOLLOWS),
                (self._recheck, BETWEEN_RECHECKS),
            )
        ]

        def stop() -> None:
            self._stop.set()
            for thread in threads:
                thread.join()

        stack.callback(stop)
        for thread in threads:
            thread.start()
        return stack

    def _again(self, step: Callable[[], None], seconds: float) -> None:
        while not self._stop.is_set():
            # The accounts are made past the site, in a database that may be away just now.
            with suppress(sa.exc.SQLAlchemyError, psycopg.Error):
                step()
            self._stop.wait(seconds)

    def _actor(self) -> Actor:
        (visitor,) = make_people(self.app, self.port, 1)
        actor = Actor(visitor, self.tally, self._stop)
        self.crowd.journals.append(actor.journal)
        return actor

    def _import(self) -> None:
        actor = self._actor()
        titles = [f"Imported {number}" for number in range(IN_AN_IMPORT)]
        answer = actor.insist(lambda: _send_file(actor.visitor, titles))
        if answer and actor.accept(answer):
            actor.journal.songs |= dict.fromkeys(titles, None)

    def _follow(self) -> None:
        actor = self._actor()
        path = f"/users/{self.followed.username}/follow"
        answer = actor.insist(lambda: actor.visitor.post(path, set="1"))
        if answer and actor.accept(answer):
            self.followers.add(actor.visitor.user_id)

    def _recheck(self) -> None:
        with working(self.app):
            run = start.recheck_after_change(self.admin.user)
            self.app.extensions["trackflow.jobs"].start_recheck(run.id)

    def judge(self, verdict: Verdict) -> None:
        """Each follow that is stored was told once; each acknowledged one is stored."""
        followed = self.followed.user_id
        with self.app.app_context():
            stored = set(
                db.session.scalars(sa.select(Follow.user_id).where(Follow.followed_id == followed))
            )
            told = db.session.scalar(
                sa.select(sa.func.coalesce(sa.func.sum(Notification.n), 0)).where(
                    Notification.user_id == followed, Notification.type == "new_follower"
                )
            )
            db.session.rollback()
        verdict.blame("lost", sorted(self.followers - stored))
        verdict.blame("lost", ["notifications"] * max(0, len(stored) - told))
        verdict.blame("doubled", ["notifications"] * max(0, told - len(stored)))


def _send_file(visitor: Visitor, titles: list[str]) -> Answer:
    edge = secrets.token_hex(8)
    rows = "".join(f"{title},Artist of {title}\n" for title in titles)
    parts = (
        ("csrf_token", "", visitor.token),
        ("start", "", "1"),
        ("file", '; filename="list.csv"', f"title,artist\n{rows}"),
    )
    body = "".join(
        MULTIPART.format(edge=edge, name=name, more=more, value=value)
        for name, more, value in parts
    )
    kind = f"multipart/form-data; boundary={edge}"
    headers = {"Cookie": visitor.cookie, "Content-Type": kind}
    return ask(visitor.port, "POST", "/imports/", headers, f"{body}--{edge}--\r\n")
