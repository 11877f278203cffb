"""What the engine costs: `python -m bench [NAME ...] [--json] [--quick]`.

What is compared is measured in turns in one run, and what is printed are ratios and rates: seconds
say more about the machine than about the program.
"""

from __future__ import annotations

import argparse
import json
import sys

from bench import action, growth, recheck, statements
from bench.peers import comparison as peers

BENCHMARKS = {
    "action": action,
    "statements": statements,
    "growth": growth,
    "recheck": recheck,
    "peers": peers,
}


def main() -> None:
    """Run the benchmarks that are asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--quick", action="store_true", help="only try whether they run; the figures mean nothing"
    )
    asked = parser.parse_args()
    if unknown := set(asked.names) - BENCHMARKS.keys():
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}: {', '.join(BENCHMARKS)}.")
    results = {}
    for name in asked.names or BENCHMARKS:
        results[name] = BENCHMARKS[name].measure(quick=asked.quick)
        if not asked.json:
            _show(name, results[name])
    if asked.json:
        print(json.dumps(results, indent=2))


def _show(name: str, figures: dict[str, object]) -> None:
    print(f"\n{name}: {BENCHMARKS[name].__doc__.splitlines()[0]}")
    width = max(len(label) for label in figures)
    for label, figure in figures.items():
        print(f"  {label:<{width}}  {figure}")


if __name__ == "__main__":
    main()
