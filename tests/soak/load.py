"""The load: as fast as the site answers, to measure its capacity, or at a given rate."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.soak.browser import Broken
from tests.soak.people import FINE, Person, Town, listen

if TYPE_CHECKING:
    from collections.abc import Iterator

# At once in the closed loop; as many threads take what comes in the open one.
CLIENTS = 8
MOST_AT_ONCE = 48
BUSY = 503
FIRST_FAILURE = 500
NO_ANSWER = 0
MOST_KEPT = 50


class Tally:
    """The responses: statuses, and how long each took, since the last look."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.strange: Counter[str] = Counter()
        self.actions = 0
        self.seconds: list[float] = []
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def note(self, status: int, seconds: float, what: str) -> None:
        """Count a response."""
        with self._lock:
            self.statuses[status] += 1
            self.seconds.append(seconds)
            self._recent.append(seconds)
            if status not in FINE and len(self.strange) < MOST_KEPT:
                self.strange[f"{status} {what}"] += 1

    def finish(self) -> None:
        """Count an action."""
        with self._lock:
            self.actions += 1

    def recent(self) -> list[float]:
        """Return how long the responses since the last call took, the quickest first."""
        with self._lock:
            found = sorted(self._recent)
            self._recent.clear()
        return found

    @property
    def failures(self) -> int:
        """Responses of 5xx other than 503, and requests without one."""
        return self.statuses[NO_ANSWER] + sum(
            number
            for status, number in self.statuses.items()
            if status >= FIRST_FAILURE and status != BUSY
        )


def do_something(town: Town, tally: Tally, since: float | None = None) -> None:
    """Let somebody act who is free; `since` is when they were to begin."""
    began = time.monotonic() if since is None else since
    person = _free_person(town)
    try:
        for answer in person.act():
            now = time.monotonic()
            tally.note(answer.status, now - began, f"{answer.request} {answer.refusal}")
            began = now
    except Broken as error:
        tally.note(NO_ANSWER, time.monotonic() - began, f"{person.doing}: {error}")
    finally:
        person.is_busy.release()
        tally.finish()


def _free_person(town: Town) -> Person:
    """Return somebody whose lock is held now."""
    while True:
        person = random.choice(town.people)
        if person.is_busy.acquire(timeout=0.01):
            if not person.is_gone:
                return person
            person.is_busy.release()


def measure(town: Town, seconds: float) -> float:
    """Return how many actions a second the site does for a few people who never wait.

    It is measured in the second half of these seconds, when most have registered.
    """
    tally, stop = Tally(), threading.Event()

    def hurry() -> None:
        while not stop.is_set():
            do_something(town, tally)

    threads = [threading.Thread(target=hurry, daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    stop.wait(seconds / 2)
    before, began = tally.actions, time.monotonic()
    stop.wait(seconds / 2)
    done, took = tally.actions - before, time.monotonic() - began
    stop.set()
    for thread in threads:
        thread.join()
    return done / took


@contextmanager
def at_rate(town: Town, tally: Tally, per_second: float, seconds: float) -> Iterator[None]:
    """Begin actions at random moments, as many a second, until the time is over."""
    thread = threading.Thread(target=_begin_them, args=(town, tally, per_second, seconds))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _begin_them(town: Town, tally: Tally, per_second: float, seconds: float) -> None:
    due = time.monotonic()
    end = due + seconds
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        while (due := due + random.expovariate(per_second)) < end:
            time.sleep(max(0.0, due - time.monotonic()))
            threads.submit(do_something, town, tally, due)


@contextmanager
def streams_open(town: Town, count: int) -> Iterator[None]:
    """Some of the people have a stream open until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=listen, args=(town, stop)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
