"""Print figures and write them into docs/performance.md, or into the DOCUMENT of the module.

The document is written by hand, except the blocks between two comments. The benchmark of that name
writes the block: its description, the command and the table.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"


def show(name: str, module: ModuleType, figures: Mapping[str, object]) -> None:
    """Print one figure per line, with its goal if there is one."""
    print(f"\n{name}: {_title(module)}")
    width = max(len(label) for label in figures)
    for label, figure in figures.items():
        goal = _goals(module).get(label)
        print(f"  {label:<{width}}  {figure}" + (f"   (goal: {goal})" if goal else ""))


def write(name: str, module: ModuleType, figures: Mapping[str, object]) -> None:
    """Write figures into their block of the document; raise LookupError if it has none."""
    block = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    document: Path = getattr(module, "DOCUMENT", DOCUMENT)
    text = document.read_text("utf-8")
    if not block.search(text):
        message = f"docs/{document.name} has no block for {name}."
        raise LookupError(message)
    table = _table(name, module, figures)
    document.write_text(block.sub(lambda found: f"{found[1]}{table}{found[2]}", text), "utf-8")


def _table(name: str, module: ModuleType, figures: Mapping[str, object]) -> str:
    goals = _goals(module)
    rows = [f"| {label} | {figure} | {goals.get(label, '')} |" for label, figure in figures.items()]
    return "\n".join(
        [
            _title(module),
            "",
            f"```sh\npython -m bench {name}\n```",
            "",
            "| what | measured | goal |",
            "|---|--:|--:|",
            *rows,
            "",
        ]
    )


def _title(module: ModuleType) -> str:
    return str(module.__doc__).splitlines()[0]


def _goals(module: ModuleType) -> Mapping[str, str]:
    goals: Mapping[str, str] = getattr(module, "GOALS", {})
    return goals
