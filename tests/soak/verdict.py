"""The verdict on the samples: what grows in the second half of the run is a leak."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HOUR = 3600.0
# A slope that is not so many of its standard errors above its limit is chance.
ERRORS = 3.0
# Samples that a slope needs.
FEWEST = 5


@dataclass(frozen=True)
class Limit:
    """What a series may grow an hour, as a share of its mean or in its unit; and never exceed."""

    name: str
    share: float = 0.0
    growth: float = 0.0
    most: float = math.inf


MEMORY = 0.05
# Of what opens and closes all the time: less than one an hour is none.
NONE = 1.0
LIMITS = (
    Limit("web PSS MB", share=MEMORY),
    Limit("jobs PSS MB", share=MEMORY),
    Limit("postgresql PSS MB", share=MEMORY),
    Limit("web files", growth=NONE),
    Limit("jobs files", growth=NONE),
    Limit("postgresql files", growth=NONE),
    Limit("web threads", growth=NONE),
    Limit("jobs threads", growth=NONE),
    Limit("connections", growth=NONE),
    Limit("WAL MB", share=MEMORY, growth=NONE, most=128),
    Limit("job queue MB", share=MEMORY, growth=NONE, most=64),
    Limit("dead tuples", share=0.5, growth=1000, most=200_000),
    Limit("temporary files", growth=NONE),
    Limit("metrics MB", share=MEMORY, growth=NONE, most=64),
)


@dataclass(frozen=True)
class Slope:
    """How much a series grows an hour, and the standard error of that."""

    growth: float
    error: float


@dataclass(frozen=True)
class Finding:
    """One series: its values, its growth and what it may grow."""

    name: str
    first: float
    mean: float
    most: float
    growth: float
    error: float
    allowed: float
    is_wrong: bool


def slope(times: Sequence[float], values: Sequence[float]) -> Slope:
    """Return the least-squares line through values at these seconds."""
    count = len(times)
    middle, mean = sum(times) / count, sum(values) / count
    spread = sum((time - middle) ** 2 for time in times)
    if count < FEWEST or not spread:
        return Slope(0.0, math.inf)
    pairs = list(zip(times, values, strict=True))
    rise = sum((time - middle) * (value - mean) for time, value in pairs) / spread
    rest = sum((value - mean - rise * (time - middle)) ** 2 for time, value in pairs)
    error = math.sqrt(rest / (count - 2) / spread)
    return Slope(rise * HOUR, error * HOUR)


def findings(samples: Sequence[Mapping[str, float]]) -> list[Finding]:
    """Return what was found of each series that was measured; `second` is the time of a sample."""
    later = samples[len(samples) // 2 :]
    return [
        _finding(limit, samples, later) for limit in LIMITS if samples and limit.name in samples[0]
    ]


def _finding(
    limit: Limit, samples: Sequence[Mapping[str, float]], later: Sequence[Mapping[str, float]]
) -> Finding:
    values = [sample[limit.name] for sample in later]
    mean = sum(values) / len(values)
    found = slope([sample["second"] for sample in later], values)
    allowed = max(limit.growth, limit.share * mean)
    most = max(sample[limit.name] for sample in samples)
    grows = found.growth - ERRORS * found.error > allowed
    return Finding(
        name=limit.name,
        first=samples[0][limit.name],
        mean=mean,
        most=most,
        growth=found.growth,
        error=found.error,
        allowed=allowed,
        is_wrong=grows or most > limit.most,
    )


def as_text(found: Sequence[Finding]) -> str:
    """Return the table of findings as Markdown."""
    lines = [
        "| measured | at first | mean of the second half | most | growth per hour | allowed | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for each in found:
        growth = f"{each.growth:+,.2f} ± {each.error:,.2f}"
        numbers = f"{each.first:,.1f} | {each.mean:,.1f} | {each.most:,.1f} | {growth}"
        state = "grows" if each.is_wrong else "ok"
        lines.append(f"| {each.name} | {numbers} | {each.allowed:,.1f} | {state} |")
    return "\n".join(lines)
