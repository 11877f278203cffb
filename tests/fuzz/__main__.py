"""Send a number of generated requests: `python -m tests.fuzz --requests 20000`.

Half of them go to the API, by its OpenAPI document, half to the forms of the pages, on each
database. Prints the statuses and exits with 1 after a failure: a 5xx, a response that violates the
OpenAPI document, lacks security headers or takes more than a second, counters that a recheck would
correct. `--ways routes` sends the same number to every route instead.

`--ways texts` instead compares this many responses to generated texts with those to a harmless one:
a difference in elements, attributes or headers is a failure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz import api, forms, routes, texts
from tests.fuzz.world import Tally
from tests.support.databases import Databases, PostgreSQL, SQLite
from tests.support.postgresql import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = {"api": api, "forms": forms, "routes": routes, "texts": texts}
REQUESTS = ("api", "forms")
KINDS = ("sqlite", "postgresql")
MOST_SHOWN = 50


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="in all, for each database")
    parser.add_argument("--ways", choices=WAYS, nargs="*", default=REQUESTS)
    parser.add_argument("--database", choices=KINDS, nargs="*", default=KINDS)
    parser.add_argument("--seed", type=int, default=1, help="of the first world; they count up")
    asked = parser.parse_args()
    failed = False
    for kind in asked.database:
        for name in asked.ways:
            began, tally = time.perf_counter(), Tally()
            with _databases(kind) as databases, _log(kind, name):
                share = asked.requests // len(asked.ways)
                WAYS[name].run(databases, tally, requests=share, first_seed=asked.seed)
            _show(f"{kind}, {name}", tally, time.perf_counter() - began)
            failed |= bool(tally.failures)
    return int(failed)


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
