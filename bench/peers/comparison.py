"""TrackFlow compared with alternatives: an action, a recheck, the data of a page.

Each is a separate program on its own SQLite file (WAL), with the same songs and the same 82
achievements over 20 metrics. They are measured in turns, so that all see the same load on the
machine. The peers run in a virtual environment that is installed from the registry on first use.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from bench.peers import environment
from bench.peers.workload import Achievement, Workload
from trackflow_web.achievements.catalogue.entries import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
MICROSECONDS = 1_000_000
FIRST_OF_THE_MANY = 101
# TrackFlow runs with FULL, which waits for the disk at a commit: there wall time is measured.
# NORMAL does not wait: there CPU time is measured.
SYNCHRONOUS = ("NORMAL", "FULL")


@dataclass(frozen=True)
class Peer:
    """A program: its name, its module and arguments, and whether it needs the peers' libraries."""

    name: str
    command: tuple[str, ...]
    is_foreign: bool = False


OWN = Peer("TrackFlow", ("trackflow",))
AT_HAND = (
    OWN,
    Peer("SQLAlchemy, a COUNT per changed counter", ("naive", "moved")),
    Peer("SQLAlchemy, a COUNT per achievement", ("naive", "all")),
)
FOREIGN = (
    Peer("pinax-badges, levels", ("pinax_badges", "levels"), is_foreign=True),
    Peer("pinax-badges, a badge per achievement", ("pinax_badges", "badges"), is_foreign=True),
    Peer("django-gamification", ("gamification",), is_foreign=True),
)


@dataclass(frozen=True)
class Sizes:
    """Sizes of the runs. `acts` are per round, pair of users and `synchronous` setting."""

    songs_before: tuple[int, ...] = (100, 1_000)
    rounds: int = 5
    acts: int = 12  # 120 in total: after 100 songs the next threshold is 250
    pages: int = 20
    songs_each: int = 100
    users: int = 1_000
    users_of_others: int = 40


QUICK = Sizes(
    songs_before=(10,), rounds=2, acts=2, pages=2, songs_each=10, users=4, users_of_others=2
)


def measure(*, quick: bool) -> dict[str, object]:
    """Return the figures of all programs; without the registry only of those without libraries."""
    sizes = QUICK if quick else Sizes()
    try:
        environment.python()
    except subprocess.CalledProcessError:
        missing = {peer.name: "not measured: it could not be installed" for peer in FOREIGN}
        return compare(AT_HAND, sizes) | missing
    return compare((*AT_HAND, *FOREIGN), sizes)


def compare(peers: Sequence[Peer], sizes: Sizes) -> dict[str, object]:
    """Return the figures of these programs; TrackFlow comes first."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(peer, Path(folder, str(number))))
            for number, peer in enumerate(peers)
        ]
        figures: dict[str, object] = {"turns": f"{sizes.rounds} x {sizes.acts} actions of each"}
        for songs in sizes.songs_before:
            figures |= _actions(workers, songs, sizes)
        figures |= _rechecks(workers, sizes)
    return figures


@dataclass
class Worker:
    """A running program, controlled by lines of JSON."""

    peer: Peer
    folder: Path
    process: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        interpreter = environment.python() if self.peer.is_foreign else sys.executable
        module, *arguments = self.peer.command
        self.process = subprocess.Popen(  # noqa: S603 -- the programs beside this file
            [interpreter, "-m", f"bench.peers.{module}", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(_workload().to_json())
        return self

    def __exit__(self, *_error: object) -> None:
        with self.process:  # it exits at the end of its input
            self.process.stdin.close()

    def ask(self, do: str, **more: object) -> dict[str, object]:
        """Return the response of the program; raise RuntimeError if it has exited."""
        return self._say({"do": do, **more})

    def _say(self, document: dict[str, object]) -> dict[str, object]:
        self.process.stdin.write(json.dumps(document) + "\n")
        self.process.stdin.flush()
        if not (answer := self.process.stdout.readline()):
            message = f"{self.peer.name} ended with {self.process.wait()}."
            raise RuntimeError(message)
        return json.loads(answer)


def _workload() -> Workload:
    """Return TrackFlow's own achievements."""
    return Workload(
        tuple(
            Achievement(entry.code, entry.metric, entry.threshold, entry.points)
            for entry in BUILT_IN
        )
    )


# --- actions and the page ----------------------------------------------------------------------


def _actions(workers: Sequence[Worker], songs: int, sizes: Sizes) -> dict[str, object]:
    """Return the figures of adding a song, with and without achievements, and of the page data."""
    first = 1 + 2 * sizes.songs_before.index(songs)
    users = [first, first + 1]
    for worker in workers:
        worker.ask("add", users=users, songs=songs)
        worker.ask("recheck", users=users)
    figures: dict[str, object] = {}
    for to in SYNCHRONOUS:
        figures |= _acts(workers, users, f"add a song after {songs:,}, {to}", to, sizes)
    return figures | _pages(workers, users[0], songs, sizes)


def _acts(
    workers: Sequence[Worker], users: list[int], what: str, to: str, sizes: Sizes
) -> dict[str, object]:
    seconds: dict[str, dict[str, list[float]]] = {
        worker.peer.name: {"checked": [], "bare": []} for worker in workers
    }
    for worker in workers:
        assert worker.ask("synchronous", to=to)["journal"] == "wal"
        worker.ask("act", users=users, times=2)  # warms up
    for turn in range(sizes.rounds):
        for worker in _in_turn(workers, turn):
            took = worker.ask("act", users=users, times=sizes.acts)
            for way in took:
                seconds[worker.peer.name][way] += took[way]
    own_addition = _addition(seconds[OWN.name])
    return {
        f"{what}: {worker.peer.name}": _priced(
            seconds[worker.peer.name], own_addition, worker.ask("statements", users=users)
        )
        for worker in workers
    }


def _priced(seconds: dict[str, list[float]], own_addition: float, counts: dict[str, object]) -> str:
    ratio = median(seconds["checked"]) / median(seconds["bare"])
    addition = _addition(seconds)
    more = counts["checked"] - counts["bare"]
    times = f" ({addition / own_addition:.1f} times TrackFlow)" if own_addition > 0 else ""
    return (
        f"with / without {ratio:.2f}; adds {addition * MICROSECONDS:.0f} us{times}"
        f" and {more} statements"
    )


def _addition(seconds: dict[str, list[float]]) -> float:
    return median(seconds["checked"]) - median(seconds["bare"])


def _pages(workers: Sequence[Worker], user: int, songs: int, sizes: Sizes) -> dict[str, object]:
    seconds: dict[str, list[float]] = {worker.peer.name: [] for worker in workers}
    for turn in range(sizes.rounds):
        for worker in _in_turn(workers, turn):
            told = worker.ask("progress", user=user, times=sizes.pages)
            assert told["shown"] == len(BUILT_IN), f"{worker.peer.name} shows {told['shown']}"
            seconds[worker.peer.name] += told["seconds"]
    own = median(seconds[OWN.name])
    return {
        f"page data, {songs:,} songs: {name}": (
            f"{median(those) * MICROSECONDS:.0f} us ({median(those) / own:.1f} times TrackFlow)"
        )
        for name, those in seconds.items()
    }


def _in_turn(workers: Sequence[Worker], turn: int) -> Sequence[Worker]:
    """Return the workers in rotating order."""
    at = turn % len(workers)
    return [*workers[at:], *workers[:at]]


# --- rechecks ----------------------------------------------------------------------------------


def _rechecks(workers: Sequence[Worker], sizes: Sizes) -> dict[str, object]:
    """Return users per CPU second of each program, and how many awards match TrackFlow's.

    Slow programs only recheck the first users.
    """
    users = {worker.peer.name: _users_of(worker.peer, sizes) for worker in workers}
    for worker in workers:
        worker.ask("add", users=users[worker.peer.name], songs=sizes.songs_each)
    rates: dict[str, list[float]] = {worker.peer.name: [] for worker in workers}
    for turn in range(sizes.rounds):
        for worker in _in_turn(workers, turn):
            those = users[worker.peer.name][turn :: sizes.rounds]
            if those:
                took = worker.ask("recheck", users=those)["seconds"]
                rates[worker.peer.name].append(len(those) / took)
    awards = {
        worker.peer.name: worker.ask("awards", users=users[worker.peer.name])["awards"]
        for worker in workers
    }
    own = median(rates[OWN.name])
    return {
        f"recheck of {sizes.songs_each} songs each: {name}": (
            f"{median(those):,.0f} users/s ({len(users[name]):,} users), TrackFlow"
            f" {own / median(those):,.1f} times as fast;"
            f" correct awards: {_right(awards[name], awards[OWN.name], users[name])}"
        )
        for name, those in rates.items()
    }


def _users_of(peer: Peer, sizes: Sizes) -> list[int]:
    many = sizes.users if peer is OWN else sizes.users_of_others
    return list(range(FIRST_OF_THE_MANY, FIRST_OF_THE_MANY + many))


def _right(given: list[list[object]], own: list[list[object]], users: list[int]) -> str:
    """Return how many of TrackFlow's awards were granted, and how many wrong ones."""
    found = {tuple(each) for each in given}
    wanted = {tuple(each) for each in own if each[0] in set(users)}
    besides = f", and {len(found - wanted)} wrong" if found - wanted else ""
    return f"{len(found & wanted)} of {len(wanted)}{besides}"
