"""Harm a running site in every way and count what it cost: `python -m tests.torture`.

Real gunicorn processes on a real database; a journal of what they acknowledged; in the end one
table. Ends with 1 when anything was lost, doubled, missed, wrongly announced or broken.

A long run may have several parts: `--append FILE` adds the rows of each, and `--sum FILE` prints
the table of all of them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from tests.torture.session import FAULTS, KINDS, Wanted, torture
from tests.torture.table import Row, as_text, row_from_json, sums


def main() -> None:
    """Run the requested faults, and print the table."""
    asked = _parser().parse_args()
    if asked.sum:
        _end(sums(row_from_json(line) for line in asked.sum.read_text().splitlines()))
    kinds = KINDS if asked.database == "both" else (asked.database,)
    rows: list[Row] = []
    for kind in kinds:
        wanted = Wanted(
            kills=asked.kills,
            races=asked.races,
            rounds=asked.rounds,
            deadline=time.monotonic() + asked.seconds,
            notices=asked.notices,
            failovers=asked.failovers,
            servers=asked.servers,
            jobs=asked.worker,
            whole_service=asked.whole_service,
            only=frozenset(asked.only or FAULTS),
        )
        folder = Path(tempfile.mkdtemp(prefix="torture-"))
        rows += (done := torture(kind, folder, wanted, say=_say))
        if any(row.is_wrong for row in done):
            _say(f"what the site said of it is kept in {folder}")
        else:
            shutil.rmtree(folder)
        if asked.append:
            with asked.append.open("a", encoding="utf-8") as file:
                file.writelines(f"{row.to_json()}\n" for row in done)
    _end(rows)


def _end(rows: list[Row]) -> NoReturn:
    sys.stdout.write(f"{as_text(rows)}\n")
    sys.exit(any(row.is_wrong for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="of processes (200)")
    parser.add_argument("--races", type=int, default=500, help="of eight requests each (500)")
    parser.add_argument("--notices", type=int, default=200, help="of notifications, each (200)")
    parser.add_argument("--failovers", type=int, default=6, help="and lost machines (6)")
    parser.add_argument("--rounds", type=int, default=10, help="of every other fault (10)")
    parser.add_argument("--seconds", type=int, default=600, help="for each database (600)")
    parser.add_argument("--servers", type=int, default=1, help="web servers to kill (1)")
    parser.add_argument("--worker", action="store_true", help="and a process for jobs, with jobs")
    share = "of the kills, the share that hits the whole service (0.05)"
    parser.add_argument("--whole-service", type=float, default=0.05, help=share)
    parser.add_argument("--database", choices=(*KINDS, "both"), default="both")
    parser.add_argument("--only", action="append", choices=FAULTS, help="this fault (repeatable)")
    parser.add_argument("--append", type=Path, metavar="FILE", help="add the rows to this file")
    parser.add_argument("--sum", type=Path, metavar="FILE", help="print the sums of a file")
    return parser


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


if __name__ == "__main__":
    main()
