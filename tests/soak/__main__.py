"""Keep a site busy for hours, and see whether anything grows: `python -m tests.soak`.

The site runs as docs/deploy.md describes, in production. Its capacity is measured first, with
people who never wait; then people come at 70 % of that rate, whatever the site does. Ends with 1
when memory, files, threads, connections or logs grow, a response is a 5xx other than 503, or what
is stored is not consistent in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.soak import load
from tests.soak import site as sites
from tests.soak.checks import wrong_in
from tests.soak.load import Tally
from tests.soak.people import Town
from tests.soak.samples import PERCENTILES, Sampler, percentile
from tests.soak.site import Place
from tests.soak.verdict import Finding, as_text, findings
from tests.support.niceness import give_to_session
from tests.support.receiver import receiving

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Wanted:
    """How long and how much; `rate` in actions a second, 0 if it is to be measured."""

    kind: str
    seconds: float
    calibrate: float = 120.0
    rate: float = 0.0
    share: float = 0.7
    every: float = 10.0
    people: int = 60
    streams: int = 6


@dataclass
class Outcome:
    """What came of it."""

    capacity: float
    rate: float
    seconds: float
    tally: Tally
    found: list[Finding]
    wrong: list[str]
    left: int

    @property
    def is_wrong(self) -> bool:
        """Return whether anything grew, failed or is inconsistent."""
        return bool(self.wrong or self.tally.failures or any(each.is_wrong for each in self.found))

    def lines(self) -> list[str]:
        """As text: the table, then the numbers."""
        ordered = sorted(self.tally.seconds)
        statuses = ", ".join(f"{n:,} x {code}" for code, n in sorted(self.tally.statuses.items()))
        times = ", ".join(
            f"{name} {1000 * percentile(ordered, share):,.0f} ms"
            for name, share in PERCENTILES.items()
        )
        return [
            as_text(self.found),
            f"capacity {self.capacity:.1f} actions/s; {self.rate:.1f} for {self.seconds:,.0f} s:",
            f"{self.tally.actions:,} actions, {len(ordered):,} responses",
            f"accounts deleted: {self.left:,}; response times: {times}",
            f"statuses: {statuses}",
            *(f"{times} x {what}" for what, times in self.tally.strange.most_common(20)),
            *(f"wrong: {what}" for what in self.wrong),
        ]


def soak(
    wanted: Wanted,
    folder: Path,
    place: Place,
    *,
    note: Callable[[dict[str, float]], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Run it, and return the outcome; `note` gets each sample."""
    with sites.running(wanted.kind, folder, place) as site, receiving() as receiver:
        town = Town(site.port, wanted.people, receiver.address)
        capacity = load.measure(town, wanted.calibrate) if wanted.calibrate else 0.0
        rate = wanted.rate or capacity * wanted.share
        say(f"capacity {capacity:.1f} actions/s, load {rate:.1f} actions/s")
        tally, workers = Tally(), _workers(site)
        with (
            load.streams_open(town, wanted.streams),
            load.at_rate(town, tally, rate, wanted.seconds),
        ):
            samples = _watch(Sampler(site, tally), wanted, note)
        wrong = [] if _workers(site) == workers else ["workers were restarted"]
        site.stop()
        wrong += wrong_in(site.url)
    return Outcome(capacity, rate, wanted.seconds, tally, findings(samples), wrong, town.left)


def _watch(
    sampler: Sampler, wanted: Wanted, note: Callable[[dict[str, float]], None]
) -> list[dict[str, float]]:
    samples = []
    began = time.monotonic()
    for number in range(1, int(wanted.seconds / wanted.every) + 1):
        time.sleep(max(0.0, began + number * wanted.every - time.monotonic()))
        sample = {"second": time.monotonic() - began, **sampler.take()}
        sampler.site.check()
        samples.append(sample)
        note(sample)
        if time.monotonic() - began > wanted.seconds:
            break
    return samples


def _workers(site: sites.Site) -> list[int]:
    path = Path(f"/proc/{site.web.pid}/task/{site.web.pid}/children")
    return [int(word) for word in path.read_text().split()]


def main() -> int:
    """Return the exit code."""
    asked = _parser().parse_args()
    wanted = Wanted(
        kind=asked.database,
        seconds=asked.seconds,
        calibrate=asked.calibrate,
        rate=asked.rate,
        share=asked.load,
        every=asked.every,
        people=asked.people,
    )
    cores = sorted(os.sched_getaffinity(0))
    # The load has the other core for itself: a machine that is busy elsewhere slows both.
    Place(cores[-1], asked.nice).take()
    give_to_session(os.getpid(), asked.nice)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    folder.chmod(0o711)
    place = Place(cores[0], asked.nice)

    def note(sample: dict[str, float]) -> None:
        if asked.append:
            with asked.append.open("a", encoding="utf-8") as file:
                file.write(json.dumps(sample) + "\n")

    outcome = soak(wanted, folder, place, note=note, say=_say)
    _say("\n".join(outcome.lines()))
    if outcome.is_wrong:
        _say(f"the logs are kept in {folder}")
    else:
        shutil.rmtree(folder)
    return int(outcome.is_wrong)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--seconds", type=float, default=3600, help="under load (3600)")
    parser.add_argument("--load", type=float, default=0.7, help="share of the capacity (0.7)")
    parser.add_argument(
        "--calibrate", type=float, default=120, help="seconds for the capacity (120)"
    )
    parser.add_argument("--rate", type=float, default=0, help="actions a second, instead of that")
    parser.add_argument("--every", type=float, default=10, help="seconds between samples (10)")
    parser.add_argument("--people", type=int, default=60, help="at a time (60)")
    parser.add_argument("--nice", type=int, default=0, help="niceness of the site (0)")
    parser.add_argument("--append", type=Path, metavar="FILE", help="add the samples to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
