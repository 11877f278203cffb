"""Try the runbooks of docs/operations.md: `make cluster CLUSTER_ARGS=--drills`.

Two users add songs all the time, through nginx and both web servers. The table says for each
runbook how long it took, the longest time without an acknowledged song, and what else users got.
"""

from __future__ import annotations

import itertools
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import requests

from scripts.cluster_check import MOVED, OK, Person

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.cluster import Cluster

PAUSE = 0.1
NO_ANSWER = 0
SECONDS_FOR_SONGS = 60
# What makes a drill fail. Nothing a runbook promises is near it.
TOO_LONG = 60
HEADINGS = ("runbook", "took", "longest without a write", "503", "other errors", "what was seen")


class Refused(Exception):
    """A drill cannot be done on this machine; the message says why."""


class Writers:
    """Users who add songs and load a page; `times` are those of acknowledged songs."""

    def __init__(self, cluster: Cluster, count: int = 2) -> None:
        self.cluster = cluster
        self.people = [Person(cluster) for _ in range(count)]
        self.times: list[float] = []
        self.answers: Counter[int] = Counter()
        self.acknowledged: set[str] = set()
        self._numbers = itertools.count(1)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin; they go on until the end of the program."""
        for person in self.people:
            person.register()
            threading.Thread(target=self._work, args=(person,), daemon=True).start()

    def _work(self, person: Person) -> None:
        while not self._stop.is_set():
            title = f"Song {next(self._numbers)}"
            if self._note(partial(person.submit, "/songs/", title=title, artist="X")):
                self.times.append(time.monotonic())
                self.acknowledged.add(title)
            self._note(lambda: person.see("/songs/").status_code)
            self._stop.wait(PAUSE)

    def _note(self, ask: Callable[[], int]) -> bool:
        status = NO_ANSWER
        with suppress(requests.RequestException):
            status = ask()
        self.answers[status] += 1
        return status == MOVED

    def silence(self, begun: float, ended: float) -> float:
        """The longest time without an acknowledged song that touches this window."""
        times = sorted([begun, *(each for each in self.times if begun <= each <= ended), ended])
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    def wait(self, count: int = 5) -> None:
        """Wait until this many songs more were acknowledged."""
        before, deadline = len(self.times), time.monotonic() + SECONDS_FOR_SONGS
        while len(self.times) < before + count:
            assert time.monotonic() < deadline, f"no song is acknowledged: {self.answers}"
            time.sleep(0.05)

    def stop(self) -> None:
        """End their work."""
        self._stop.set()


@dataclass
class Stage:
    """What a drill has: the cluster, its users, and what it saw, for the table."""

    cluster: Cluster
    writers: Writers
    seen: list[str] = field(default_factory=list)

    def saw(self, text: str) -> None:
        """Add something to the last column."""
        self.seen.append(text)

    def timed(self, what: str, begun: float) -> None:
        """Add how long something took."""
        self.saw(f"{what} after {time.monotonic() - begun:.1f} s")


@dataclass(frozen=True)
class Done:
    """One line of the table."""

    name: str
    seconds: float
    silence: float
    busy: int
    other: dict[int, int]
    seen: Sequence[str]
    failure: str = ""

    @property
    def cells(self) -> list[str]:
        """As the headings have it."""
        other = ", ".join(f"{status}: {n}" for status, n in sorted(self.other.items())) or "0"
        told = self.failure or "; ".join(self.seen)
        took, silence = f"{self.seconds:.0f} s", f"{self.silence:.1f} s"
        return [self.name, took, silence, str(self.busy), other, told]


def drill(cluster: Cluster, wanted: Sequence[str] = ()) -> bool:
    """Do all of it, or only these; print the table, and return whether all went well."""
    from scripts.cluster_runbooks import RUNBOOKS  # noqa: PLC0415 -- they need what is above

    assert cluster.databases, "without a standby there is nothing to try"
    writers = Writers(cluster)
    writers.start()
    writers.wait()
    done = []
    for name, runbook in RUNBOOKS.items():
        if not wanted or name in wanted:
            done.append(_try(name, runbook, Stage(cluster, writers)))
            print(f"{'FAILED  ' if done[-1].failure else 'ok      '}{done[-1].cells}", flush=True)
    writers.stop()
    print(_table(done))
    lost = _lost(cluster, writers)
    said = cluster.flask("achievements", "recheck")
    print(f"acknowledged songs: {len(writers.acknowledged):,}, lost: {len(lost)}", said, sep="\n")
    return not lost and not any(each.failure for each in done)


def _try(name: str, runbook: Callable[[Stage], None], stage: Stage) -> Done:
    before, begun = Counter(stage.writers.answers), time.monotonic()
    failure = ""
    try:
        runbook(stage)
        stage.writers.wait()
    except Refused as refused:
        stage.saw(f"not tried: {refused}")
    except subprocess.CalledProcessError as error:
        failure = f"{error} {error.output}"
    except (AssertionError, TimeoutError, OSError, psycopg.Error) as error:
        failure = repr(error)[:2000]
    ended = time.monotonic()
    answers = stage.writers.answers - before
    silence = stage.writers.silence(begun, ended)
    if silence > TOO_LONG and not failure:
        failure = f"no write for {silence:.0f} s"
    other = {status: n for status, n in answers.items() if status not in {OK, MOVED, 503}}
    return Done(name, ended - begun, silence, answers[503], other, stage.seen, failure)


def _lost(cluster: Cluster, writers: Writers) -> set[str]:
    """Return the titles that were acknowledged and are not stored."""
    with psycopg.connect(cluster.direct()) as connection:
        stored = {row[0] for row in connection.execute("SELECT title FROM songs")}
    return writers.acknowledged - stored


def _table(done: Sequence[Done]) -> str:
    lines = [
        list(HEADINGS),
        ["---", "--:", "--:", "--:", "--:", "---"],
        *(each.cells for each in done),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
