"""All faults, one after the other, on one kind of database; each on a fresh database and site."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.support.databases import close
from tests.support.gunicorn import Site
from tests.support.settings import settings_for
from tests.torture import everything, failover, phases, places
from tests.torture.everything import Load
from tests.torture.load import TALKATIVE, Crowd
from tests.torture.notices import Notices
from tests.torture.people import make_circle, make_people
from tests.torture.phases import Ground
from tests.torture.races import Races
from tests.torture.service import Service
from tests.torture.table import Row, row_of
from tests.torture.verdict import judge
from trackflow_web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from tests.torture.journal import Tally
    from tests.torture.places import Place
    from tests.torture.verdict import Verdict

KINDS = ("sqlite", "postgresql")
# Quick ones first: those repeated by the thousand use the remaining time.
FAULTS = (
    "reload", "locked", "restart", "full disk", "clock",
    "notices: kill", "notices: redelivery", "notices: race", "kill", "race",
    failover.FAULT,
)  # fmt: skip
HARM = {
    "reload": phases.reloads,
    "locked": phases.locks,
    "restart": phases.restarts,
    "full disk": phases.full_disk,
    "clock": phases.clocks,
    "kill": phases.kills,
}
NOTICES = {
    "notices: kill": Notices.kill_fan_outs,
    "notices: redelivery": Notices.redeliver,
    "notices: race": Notices.race,
}
WORKERS = 3
WORKERS_IN_A_RACE = 4
RACES_EACH = 8
# Made at a time.
PEOPLE = 50
NO_STANDBY = "a file has no standby"
NO_SERVER = "a file has no server to restart"
NO_FAKETIME = "libfaketime is not installed"


@dataclass(frozen=True)
class Wanted:
    """How much of it; `deadline` by `time.monotonic`."""

    kills: int
    races: int
    rounds: int
    deadline: float
    only: frozenset[str]
    notices: int = 0
    failovers: int = 0
    # Web servers; and whether a process of its own does the jobs, which the load then has.
    servers: int = 1
    jobs: bool = False
    # Of the kills, as many hit the whole service.
    whole_service: float = 0.05

    def times(self, fault: str) -> int:
        """How often a fault is to be done."""
        if fault in NOTICES:
            return self.notices
        own = {"kill": self.kills, "race": self.races, failover.FAULT: self.failovers}
        return own.get(fault, self.rounds)


def torture(
    kind: str, folder: Path, wanted: Wanted, *, say: Callable[[str], None] = lambda _: None
) -> list[Row]:
    """All faults that are wanted, on this kind of database."""
    (folder / "databases").mkdir()
    place = _place(kind, folder / "databases")
    rows = []
    try:
        for fault in FAULTS:
            if fault in wanted.only and wanted.times(fault) and time.monotonic() < wanted.deadline:
                begun = time.monotonic()
                (folder / fault).mkdir()
                if fault == failover.FAULT and kind == "postgresql":
                    times = wanted.times(fault)
                    row = failover.suffer(folder / fault, times, wanted.deadline, say)
                else:
                    row = _suffer(fault, place, folder / fault, wanted)
                rows.append(replace(row, seconds=time.monotonic() - begun))
                say(f"{kind}, {fault}: {rows[-1].tried} in {time.monotonic() - begun:.0f} s")
    finally:
        place.stop()
    return rows


def _place(kind: str, folder: Path) -> Place:
    return places.SQLitePlace(folder) if kind == "sqlite" else places.PostgreSQLPlace()


def _suffer(fault: str, place: Place, folder: Path, wanted: Wanted) -> Row:
    if fault == failover.FAULT:
        return Row(place.kind, fault, 0, why_not=NO_STANDBY)
    if fault == "restart" and place.restart is None:
        return Row(place.kind, fault, 0, why_not=NO_SERVER)
    if fault == "clock" and not phases.faketime():
        return Row(place.kind, fault, 0, why_not=NO_FAKETIME)
    if fault != "full disk":
        return _on(place.databases.create(), fault, place, folder, wanted)
    try:
        with places.small_disk(folder) as disk:
            url = place.put_on(disk)
            try:
                return _on(url, fault, place, folder, wanted, disk=disk)
            finally:
                place.take_off(url)
    except places.NoSmallDisk as refused:
        return Row(place.kind, fault, 0, why_not=str(refused).strip())


def _on(
    url: str, fault: str, place: Place, folder: Path, wanted: Wanted, *, disk: Path | None = None
) -> Row:
    options = () if fault == "reload" else ("--preload",)
    workers = WORKERS_IN_A_RACE if fault.endswith("race") else WORKERS
    site = _site(url, folder, workers, options, wanted)
    site.environment |= everything.SETTINGS if fault in NOTICES or wanted.jobs else TALKATIVE
    if fault == "clock":
        phases.move_clocks_by_file(site)
    ground = Ground(
        site,
        place,
        wanted.times(fault),
        wanted.deadline,
        disk,
        whole_service=wanted.whole_service,
    )
    with _looking_at(url) as app:
        try:
            if fault != "notices: redelivery":  # it is done here
                site.start()
            done, tally, verdict = _suffer_on(app, ground, fault)
        finally:
            site.stop()
    return row_of(place.kind, fault, done, tally, verdict)


def _site(
    url: str, folder: Path, workers: int, options: tuple[str, ...], wanted: Wanted
) -> Site | Service:
    """One web server, or several of two workers each."""
    if wanted.servers == 1 and not wanted.jobs:
        return Site(url, folder, workers=workers, options=options)
    return Service(
        url, folder, servers=wanted.servers, workers=2, jobs=wanted.jobs, options=options
    )


def _suffer_on(app: Flask, ground: Ground, fault: str) -> tuple[int, Tally, Verdict]:
    if fault in NOTICES:
        told = Notices(app)
        done = NOTICES[fault](told, ground)
        verdict = judge(app, [])
        told.judge(verdict)
        return done, told.tally, verdict
    if fault != "race" and isinstance(ground.site, Service) and ground.site.jobs:
        return _harm_jobs(app, ground, ground.site, fault)
    done, crowd = _race(app, ground) if fault == "race" else _harm(app, ground, fault)
    return done, crowd.tally, judge(app, crowd.journals)


def _harm_jobs(
    app: Flask, ground: Ground, service: Service, fault: str
) -> tuple[int, Tally, Verdict]:
    """The same, with a load that has jobs to do."""
    load = Load(app, service.port)
    ground.answered = lambda: load.tally.answered
    with load.at_work():
        done = HARM[fault](ground)
    service.stop_jobs()
    load.finish_jobs()
    verdict = judge(app, load.crowd.journals)
    load.judge(verdict)
    return done, load.tally, verdict


def _harm(app: Flask, ground: Ground, fault: str) -> tuple[int, Crowd]:
    (followed,) = make_people(app, ground.site.port, 1)
    crowd = Crowd(lambda: make_circle(app, ground.site.port, PEOPLE), followed)
    ground.answered, ground.is_up = lambda: crowd.tally.answered, crowd.is_up
    with crowd.at_work():
        done = HARM[fault](ground)
    return done, crowd


def _race(app: Flask, ground: Ground) -> tuple[int, Races]:
    races = Races(make_circle(app, ground.site.port, ground.wanted // RACES_EACH + 1))
    return races.run(ground), races


@contextmanager
def _looking_at(url: str) -> Iterator[Flask]:
    """An application of our own on the same database, to see what is there."""
    app = create_app(settings_for(url))
    try:
        yield app
    finally:
        close(app)
