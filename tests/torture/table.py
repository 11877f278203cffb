"""The table of faults and their results."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.torture.journal import Tally
    from tests.torture.verdict import Verdict

HEADINGS = (
    "database", "fault", "tried", "writes", "lost", "duplicated", "missed", "toasts", "5xx", "503",
    "no response", "repeated",
)  # fmt: skip
TEXTS = 2


@dataclass(frozen=True)
class Row:
    """One fault on one database.

    `writes` were acknowledged; `toasts` are those shown not exactly once, and `repeated` messages
    came twice under one id, of which a browser shows the first. `broken` are 5xx other than 503.
    """

    database: str
    fault: str
    tried: int
    writes: int = 0
    lost: int = 0
    doubled: int = 0
    missed: int = 0
    toasts: int = 0
    broken: int = 0
    busy: int = 0
    unanswered: int = 0
    repeated: int = 0
    why_not: str = ""
    # Goals of the notes that were not reached.
    missed_goals: int = 0
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    # How many things of each kind the verdict compared.
    compared: dict[str, int] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Return whether a guarantee was broken; a malformed request (a 4xx) counts too."""
        wrong = self.lost or self.doubled or self.missed or self.toasts or self.broken
        return bool(wrong or self.missed_goals)

    def missing(self, goals: int) -> Row:
        """The same row, of a fault that missed goals of its own."""
        return replace(self, missed_goals=goals)

    def to_json(self) -> str:
        """As one line, which `row_from_json` reads."""
        return json.dumps(asdict(self))

    def cells(self) -> list[str]:
        """As the headings have it."""
        if self.why_not:
            return [self.database, self.fault, self.why_not]
        numbers = (
            self.tried, self.writes, self.lost, self.doubled, self.missed, self.toasts,
            self.broken, self.busy, self.unanswered, self.repeated,
        )  # fmt: skip
        return [self.database, self.fault, *(f"{number:,}" for number in numbers)]


def row_from_json(line: str) -> Row:
    """Return the row of a line."""
    values = json.loads(line)
    return Row(**values | {"notes": tuple(values["notes"])})


def sums(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each fault on each database, of several runs."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row.database, row.fault)
        found[key] = _sum(found[key], row) if key in found else row
    return list(found.values())


def _sum(first: Row, second: Row) -> Row:
    numbers = {
        each.name: getattr(first, each.name) + getattr(second, each.name)
        for each in fields(Row)
        if each.type in {"int", "float"} or each.name == "notes"
    }
    compared = Counter(first.compared) + Counter(second.compared)
    return replace(first, **numbers, compared=dict(compared))


def row_of(database: str, fault: str, tried: int, tally: Tally, verdict: Verdict) -> Row:
    """Return the row of a fault."""
    return Row(
        database=database,
        fault=fault,
        tried=tried,
        writes=tally.acknowledged,
        lost=verdict.lost,
        doubled=verdict.doubled,
        missed=verdict.missed,
        toasts=verdict.toasts,
        # A response that is malformed is as bad as an error.
        broken=tally.failures + sum(not text.startswith("5") for text in tally.strange),
        busy=tally.answers[503],
        unanswered=tally.answers[0],
        repeated=verdict.repeated,
        notes=(*verdict.notes, *tally.strange),
        compared=dict(verdict.compared),
    )


def as_text(rows: Sequence[Row]) -> str:
    """Return the table as Markdown, with the first problems below it."""
    table = [list(HEADINGS), *(row.cells() for row in rows)]
    widths = [
        max(len(line[i]) for line in table if i < TEXTS or len(line) == len(HEADINGS))
        for i in range(len(HEADINGS))
    ]
    lines = [_line(line, widths) for line in table]
    rules = [
        "-" * width if i < TEXTS else "-" * (width - 1) + ":" for i, width in enumerate(widths)
    ]
    lines.insert(1, "| " + " | ".join(rules) + " |")
    for row in rows:
        lines += [f"{row.database}, {row.fault}: {note}" for note in row.notes[:10]]
    for row in rows:
        numbers = ", ".join(f"{number:,} {name}" for name, number in row.compared.items())
        lines += [f"{row.database}, {row.fault}: compared {numbers}"] if numbers else []
    return "\n".join(lines)


def _line(cells: list[str], widths: list[int]) -> str:
    padded = [
        cell.ljust(width) if i < TEXTS else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=False))
    ]
    return "| " + " | ".join(padded) + " |"
