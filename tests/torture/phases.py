"""The faults, one per function: each returns how often it was injected.

All of them start with users at work and end with a site that responds.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.torture.places import filled

if TYPE_CHECKING:
    from tests.support.gunicorn import Site
    from tests.torture.places import Place
    from tests.torture.service import Service

# Responses and seconds: users are at work when the next worker is killed.
BETWEEN_KILLS = (1, 8)
LONGEST_BETWEEN_KILLS = 5.0
BETWEEN_RELOADS = 1.5
BETWEEN_RESTARTS = 1.0
LOCKS = (0.05, 0.8)
# One lock in this many lasts longer than the timeout.
A_LONG_LOCK = 8
LONG = 6.0
FULL = 1.0
FAKETIME = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)
# Cookies expire after thirty days.
CLOCKS = ("+1d", "+2d", "+1d", "-3h", "+5d", "+5d", "-2d", "+0", "+12d", "+20d")
ON_ONE_CLOCK = 1.0


@dataclass
class Ground:
    """The target of a fault, how often to inject it, and its deadline."""

    site: Site | Service
    place: Place
    wanted: int
    deadline: float
    disk: Path | None = None
    # The number of responses until now.
    answered: Callable[[], int] = lambda: 0
    # Of the kills, as many hit the whole service.
    whole_service: float = 0.05
    # Users wait while it is not set.
    is_up: threading.Event = field(default_factory=threading.Event)

    def rounds(self) -> Iterator[int]:
        """Count up to the wanted number, within the time."""
        for number in range(self.wanted):
            if time.monotonic() > self.deadline:
                return
            yield number


def kills(ground: Ground) -> int:
    """Kill one worker, now and then the whole service, as kill -9 does."""
    done = 0
    site = ground.site
    for _ in ground.rounds():
        _let_work(ground, random.randint(*BETWEEN_KILLS))
        if random.random() < ground.whole_service:
            site.kill()
            ground.is_up.clear()
            try:
                site.start()
            finally:
                ground.is_up.set()
        elif workers := _at_work(site):
            site.kill_worker(random.choice(workers))
        done += 1
    site.wait()
    return done


def _let_work(ground: Ground, answers: int) -> None:
    enough = ground.answered() + answers
    deadline = time.monotonic() + LONGEST_BETWEEN_KILLS
    while ground.answered() < enough and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.02))  # not always immediately


def _at_work(site: Site | Service) -> list[int]:
    """Return the workers, once one runs: a killed one is replaced in hundredths of a second."""
    deadline = time.monotonic() + 10
    while not (workers := site.worker_ids()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return workers


def reloads(ground: Ground) -> int:
    """Replace all workers by new ones, as a new version is put in place."""
    done = 0
    for _ in ground.rounds():
        before = set(ground.site.wait_for_workers())
        ground.site.reload()
        deadline = time.monotonic() + 60
        while before & set(ground.site.worker_ids()) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(BETWEEN_RELOADS)
        done += 1
    return done


def locks(ground: Ground) -> int:
    """Lock the database, at times for longer than the timeout."""
    done = 0
    for number in ground.rounds():
        long = number % A_LONG_LOCK == A_LONG_LOCK - 1
        ground.place.lock(ground.site.url, LONG if long else random.uniform(*LOCKS))
        time.sleep(random.uniform(*LOCKS))
        done += 1
    return done


def restarts(ground: Ground) -> int:
    """Stop the database server without any care, and start it again."""
    done = 0
    before = ground.site.wait_for_workers()
    for _ in ground.rounds():
        ground.place.restart()
        ground.site.wait()
        time.sleep(BETWEEN_RESTARTS)
        done += 1
    assert ground.site.worker_ids() == before, "a worker ended with the database server"
    return done


def full_disk(ground: Ground) -> int:
    """Leave no room on the database's disk for a moment."""
    assert ground.disk
    done = 0
    for _ in ground.rounds():
        with filled(ground.disk):
            time.sleep(FULL)
        time.sleep(FULL)
        done += 1
    return done


def clocks(ground: Ground) -> int:
    """Move the clock of all web processes, forward and back."""
    done = 0
    for number in ground.rounds():
        set_clock(ground.site, CLOCKS[number % len(CLOCKS)])
        time.sleep(ON_ONE_CLOCK)
        done += 1
    set_clock(ground.site, "+20d")
    return done


def faketime() -> str:
    """The library that shows a program another time; empty where it is not installed."""
    return next((path for path in FAKETIME if Path(path).exists()), "")


def move_clocks_by_file(site: Site | Service) -> None:
    """Before the start: let a file control the clock of the site's processes."""
    set_clock(site, "+0")
    # Its own timer for dead workers would see the jumps too; it is off here.
    site.options = (*site.options, "--timeout", "0")
    site.environment |= {
        "LD_PRELOAD": faketime(),
        "FAKETIME_TIMESTAMP_FILE": str(site.folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
    }


def set_clock(site: Site | Service, offset: str) -> None:
    """`+2d`: two days after what it is."""
    new = site.folder / "clock.new"
    new.write_text(offset)
    new.replace(site.folder / "clock")
