"""Charts as shapes on a grid 340 units wide, the width of a phone; a macro draws them.

Every chart includes the table of its values, so that no information is in the picture only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trackflow_web.kernel.text import isolate

WIDTH = 340
# A horizontal bar has a line of text above it.
ROW, TEXT_BASE, BAR_TOP, BAR = 36, 13, 19, 11
LONGEST_NAME = 34
# A vertical bar has its number above it and its name below.
HEAD, TALLEST, FOOT = 16, 120, 20
MOST_NUMBERS, NAME_WIDTH = 14, 38
ROUND_STEPS = (1, 2, 5, 10, 20, 50, 100)
# The space for numbers left of the grid.
MARGIN = 44


@dataclass(frozen=True)
class Series:
    """The labels of the bars of a chart: the solid part and, if any, the hollow part behind it."""

    solid: str
    hollow: str = ""


@dataclass(frozen=True)
class Count:
    """A bar of a chart: its name and the lengths of its parts."""

    name: str
    solid: int
    hollow: int = 0

    @property
    def total(self) -> int:
        """Return the length of both parts."""
        return self.solid + self.hollow


@dataclass(frozen=True)
class Box:
    """A part of a bar; `kind` is solid or hollow."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Text:
    """Words on a chart; `anchor` is SVG's."""

    words: str
    x: float
    y: float
    anchor: str = "start"


@dataclass(frozen=True)
class Drawing:
    """The shapes of a chart: boxes, texts, rules (by height) and a line (`points` of a polyline).

    Rules start at `left`.
    """

    height: float
    boxes: Sequence[Box] = ()
    texts: Sequence[Text] = ()
    rules: Sequence[float] = ()
    line: str = ""
    left: float = 0
    width: float = WIDTH


@dataclass(frozen=True)
class Chart:
    """A drawing, its description and its table."""

    key: str
    title: str
    description: str
    drawing: Drawing
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    legend: Series | None = None


def horizontal_bars(
    key: str, title: str, named: str, series: Series, counts: Sequence[Count]
) -> Chart:
    """Return a chart with a bar per row, its name and numbers above it; `named` heads the table."""
    unit = WIDTH / _largest(counts)
    boxes: list[Box] = []
    texts: list[Text] = []
    for place, count in enumerate(counts):
        top = place * ROW
        texts.append(Text(isolate(_shorten(count.name)), 0, top + TEXT_BASE))
        texts.append(Text(_numbers(count, series), WIDTH, top + TEXT_BASE, "end"))
        solid, hollow = count.solid * unit, count.hollow * unit
        boxes.append(Box("solid", 0, top + BAR_TOP, _round(solid), BAR))
        boxes.append(Box("hollow", _round(solid), top + BAR_TOP, _round(hollow), BAR))
    drawing = Drawing(len(counts) * ROW, boxes, texts)
    return _chart(drawing, key, title, named, series, counts)


def vertical_bars(
    key: str,
    title: str,
    named: str,
    series: Series,
    counts: Sequence[Count],
    *,
    of_years: bool = False,
) -> Chart:
    """Return a chart with one bar per column, with as many names and numbers as fit.

    Names that are years are shown at round ones: 1970, 1980.
    """
    unit, step = TALLEST / _largest(counts), WIDTH / max(1, len(counts))
    ground = HEAD + TALLEST
    every = max(1, -(-NAME_WIDTH // int(step or 1)))
    boxes: list[Box] = []
    texts: list[Text] = []
    for place, count in enumerate(counts):
        left, middle = _round(place * step + step * 0.1), _round(place * step + step / 2)
        solid, hollow = count.solid * unit, count.hollow * unit
        width = _round(step * 0.8)
        boxes.append(Box("solid", left, _round(ground - solid), width, _round(solid)))
        boxes.append(Box("hollow", left, _round(ground - solid - hollow), width, _round(hollow)))
        if count.total and len(counts) <= MOST_NUMBERS:
            above = _round(ground - solid - hollow - 4)
            texts.append(Text(f"{count.total:,}", middle, above, "middle"))
        is_named = int(count.name) % _round_step(every) == 0 if of_years else place % every == 0
        if is_named and NAME_WIDTH / 2 <= middle <= WIDTH - NAME_WIDTH / 2:
            texts.append(Text(count.name, middle, ground + 15, "middle"))
    drawing = Drawing(ground + FOOT, boxes, texts, rules=[ground])
    return _chart(drawing, key, title, named, series, counts)


def _chart(
    drawing: Drawing, key: str, title: str, named: str, series: Series, counts: Sequence[Count]
) -> Chart:
    kinds = [series.solid, series.hollow] if series.hollow else [series.solid]
    return Chart(
        key=key,
        title=title,
        description="; ".join(
            f"{isolate(count.name)}: {_numbers(count, series)}" for count in counts
        ),
        drawing=drawing,
        headings=[named, *(kind.capitalize() for kind in kinds)],
        rows=[
            [count.name, *(f"{n:,}" for n in (count.solid, count.hollow)[: len(kinds)])]
            for count in counts
        ],
        legend=series if series.hollow else None,
    )


@dataclass(frozen=True)
class Moment:
    """An addition to a sum; `shown` is its time as the reader's table shows it."""

    at: datetime
    shown: str
    what: str
    number: int


def running_total(
    key: str, title: str, named: str, moments: Sequence[Moment], end: datetime
) -> Chart:
    """Return a chart of a sum over time, from the first moment to `end`; moments are ordered."""
    ground, total = HEAD + TALLEST, sum(moment.number for moment in moments)
    start = moments[0].at
    length = max(1.0, (end - start).total_seconds())
    line, rows, so_far = [(float(MARGIN), float(ground))], [], 0
    for moment in moments:
        x = MARGIN + (moment.at - start).total_seconds() / length * (WIDTH - MARGIN)
        line.append((x, line[-1][1]))
        so_far += moment.number
        line.append((x, ground - so_far / max(1, total) * TALLEST))
        rows.append([moment.shown, moment.what, f"+{moment.number:,}", f"{so_far:,}"])
    line.append((float(WIDTH), line[-1][1]))
    return Chart(
        key=key,
        title=title,
        description=f"From {moments[0].shown}: {total:,} {named} now.",
        drawing=Drawing(
            ground + FOOT,
            texts=[
                Text(f"{total:,}", MARGIN - 6, HEAD + 4, "end"),
                Text("0", MARGIN - 6, ground + 4, "end"),
                Text(moments[0].shown, MARGIN, ground + 15),
                Text("today", WIDTH, ground + 15, "end"),
            ],
            rules=[HEAD, ground],
            line=" ".join(f"{_round(x)},{_round(y)}" for x, y in line),
            left=MARGIN,
        ),
        headings=["Date", "Achievement", named.capitalize(), "Total"],
        rows=rows,
    )


def _round_step(least: int) -> int:
    """Return the smallest round number of years that is at least this many."""
    return next(step for step in ROUND_STEPS if step >= min(least, ROUND_STEPS[-1]))


def _largest(counts: Sequence[Count]) -> int:
    return max([1, *(count.total for count in counts)])


def _numbers(count: Count, series: Series) -> str:
    if not series.hollow:
        return f"{count.solid:,}"
    if not count.hollow:
        return f"{count.solid:,} {series.solid}"
    return f"{count.solid:,} {series.solid}, {count.hollow:,} {series.hollow}"


def _shorten(name: str) -> str:
    return (
        name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
    )


def _round(number: float) -> float:
    return round(number, 1)
