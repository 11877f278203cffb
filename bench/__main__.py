"""Run benchmarks: `python -m bench [NAME ...] [--json] [--quick] [--write]`.

Alternatives are measured in turns in one run and reported as ratios and rates, because seconds
say more about the machine than about the program.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import TYPE_CHECKING, cast

from bench import (
    action,
    charts,
    credentials,
    growth,
    holders,
    imports,
    months,
    notifications,
    pages,
    recheck,
    replica,
    report,
    size,
    social,
    standings,
    statements,
    streams,
    webhooks,
)
from bench.peers import comparison as peers

if TYPE_CHECKING:
    from collections.abc import Sequence

BENCHMARKS = {
    "action": action,
    "statements": statements,
    "growth": growth,
    "recheck": recheck,
    "imports": imports,
    "charts": charts,
    "credentials": credentials,
    "webhooks": webhooks,
    "pages": pages,
    "notifications": notifications,
    "streams": streams,
    "standings": standings,
    "social": social,
    "peers": peers,
    "size": size,
    "months": months,
    "holders": holders,
    "replica": replica,
}


def main() -> None:
    """Run the requested benchmarks, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--quick", action="store_true", help="only check that they run; the figures are meaningless"
    )
    parser.add_argument(
        "--write", action="store_true", help="also write the figures into their document"
    )
    asked = parser.parse_args()
    if unknown := set(asked.names) - BENCHMARKS.keys():
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}: {', '.join(BENCHMARKS)}.")
    if asked.quick and asked.write:
        sys.exit("--quick and --write exclude each other: quick figures are meaningless.")
    results = {}
    for name in asked.names or BENCHMARKS:
        results[name] = _measured(name, alone=len(asked.names) == 1, quick=asked.quick)
        if not asked.json:
            report.show(name, BENCHMARKS[name], results[name])
        if asked.write:
            report.write(name, BENCHMARKS[name], results[name])
    if asked.json:
        print(json.dumps(results, indent=2))


def _measured(name: str, *, alone: bool, quick: bool) -> dict[str, object]:
    """Return the figures of a benchmark; one of several runs in its own process."""
    if alone:
        return BENCHMARKS[name].measure(quick=quick)
    options: Sequence[str] = ["--quick"] if quick else []
    command = [sys.executable, "-m", "bench", name, "--json", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 -- ourselves
    return cast("dict[str, object]", json.loads(done.stdout)[name])


if __name__ == "__main__":
    main()
