"""Send a number of generated requests: `python -m tests.fuzz --requests 20000`.

Half of them go to the API, by its OpenAPI document, half to the forms of the pages, on each
database. Prints the statuses and exits with 1 after a failure: a 5xx, a response that violates the
OpenAPI document, lacks security headers or takes more than a second, counters that a recheck would
correct. `--ways routes` sends the same number to every route instead.

`--ways texts` instead compares this many responses to generated texts with those to a harmless one:
a difference in elements, attributes or headers is a failure.

`--seeds 10` sends as many again with other seeds. Each part is added to `--append FILE`, and `--sum
FILE` prints what all parts of a file have found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz import api, forms, routes, texts
from tests.fuzz.world import Tally
from tests.support.databases import Databases, PostgreSQL, SQLite
from tests.support.postgresql import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WAYS = {"api": api, "forms": forms, "routes": routes, "texts": texts}
REQUESTS = ("api", "forms")
KINDS = ("sqlite", "postgresql")
MOST_SHOWN = 50
# Worlds count up from the first seed; another run has others.
BETWEEN_SEEDS = 1000


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="in all, for each database")
    parser.add_argument("--ways", choices=WAYS, nargs="*", default=REQUESTS)
    parser.add_argument("--database", choices=KINDS, nargs="*", default=KINDS)
    parser.add_argument("--seed", type=int, default=1, help="of the first world; they count up")
    parser.add_argument("--seeds", type=int, default=1, help="so many times, with other seeds")
    parser.add_argument("--append", type=Path, metavar="FILE", help="add each part to this file")
    parser.add_argument("--sum", type=Path, metavar="FILE", help="print the sums of a file")
    asked = parser.parse_args()
    if asked.sum:
        return _print_sums(asked.sum.read_text(encoding="utf-8").splitlines())
    failed = False
    for number in range(asked.seeds):
        first_seed = asked.seed + number * BETWEEN_SEEDS
        for kind in asked.database:
            for name in asked.ways:
                part = _run(kind, name, asked.requests // len(asked.ways), first_seed)
                failed |= bool(part.tally.failures)
                if asked.append:
                    with asked.append.open("a", encoding="utf-8") as file:
                        file.write(f"{part.to_json()}\n")
    return int(failed)


@dataclass
class Part:
    """What one way of sending requests has found on one database."""

    kind: str
    name: str
    tally: Tally
    seconds: float

    @property
    def what(self) -> str:
        """The database and the way."""
        return f"{self.kind}, {self.name}"

    def to_json(self) -> str:
        """As one line, which `from_json` reads."""
        tally = self.tally
        values = {
            "requests": tally.requests,
            "statuses": dict(tally.statuses),
            "failures": dict(tally.failures),
            "slowest": tally.slowest,
        }
        return json.dumps([self.kind, self.name, self.seconds, values])

    @classmethod
    def from_json(cls, line: str) -> Part:
        """Return the part of a line."""
        kind, name, seconds, values = json.loads(line)
        tally = Tally(requests=values["requests"], slowest=values["slowest"])
        tally.statuses.update({int(code): n for code, n in values["statuses"].items()})
        tally.failures.update(values["failures"])
        return cls(kind, name, tally, seconds)

    def add(self, other: Part) -> None:
        """Add another part of the same kind."""
        self.seconds += other.seconds
        self.tally.requests += other.tally.requests
        self.tally.statuses.update(other.tally.statuses)
        self.tally.failures.update(other.tally.failures)
        self.tally.slowest = max(self.tally.slowest, other.tally.slowest)


def sums(lines: Iterable[str]) -> list[Part]:
    """Return one part for each database and way."""
    found: dict[str, Part] = {}
    for part in map(Part.from_json, lines):
        if part.what in found:
            found[part.what].add(part)
        else:
            found[part.what] = part
    return list(found.values())


def _print_sums(lines: Iterable[str]) -> int:
    parts = sums(lines)
    for part in parts:
        _show(part.what, part.tally, part.seconds)
    return int(any(part.tally.failures for part in parts))


def _run(kind: str, name: str, requests: int, first_seed: int) -> Part:
    began, tally = time.perf_counter(), Tally()
    with _databases(kind) as databases, _log(kind, name):
        WAYS[name].run(databases, tally, requests=requests, first_seed=first_seed)
    part = Part(kind, name, tally, time.perf_counter() - began)
    _show(f"{part.what}, seed {first_seed}", tally, part.seconds)
    return part


@contextmanager
def _databases(kind: str) -> Iterator[Databases]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield SQLite(Path(folder))
        return
    server = Server()
    try:
        yield PostgreSQL(server)
    finally:
        server.stop()


@contextmanager
def _log(kind: str, name: str) -> Iterator[None]:
    """The application's log goes to a file: of a 500 it has the traceback."""
    path = Path(tempfile.gettempdir()) / f"trackflow-fuzz-{kind}-{name}.log"
    with path.open("w", encoding="utf-8", errors="backslashreplace") as log, redirect_stdout(log):
        yield


def _show(what: str, tally: Tally, seconds: float) -> None:
    answers = ", ".join(f"{code}: {n:,}" for code, n in sorted(tally.statuses.items()))
    lines = [
        f"{what}: {tally.requests:,} requests made up in {seconds:.0f} s",
        f"  slowest: {tally.slowest:.2f} s",
        f"  failures: {tally.failures.total():,}, of {len(tally.failures)} kinds",
        f"  answers: {answers}",
        *(f"  {times} x {failure}" for failure, times in tally.failures.most_common(MOST_SHOWN)),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
