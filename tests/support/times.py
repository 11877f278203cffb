"""The time of a test run: seconds by folder, as rows of a table in Markdown."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

POSTGRESQL = "postgresql"


def times_by_folder(terminal: pytest.TerminalReporter) -> Iterator[str]:
    """Yield a row for each folder: tests, seconds of all, seconds of those on PostgreSQL."""
    tests: dict[str, set[str]] = defaultdict(set)
    seconds: dict[str, float] = defaultdict(float)
    on_postgresql: dict[str, float] = defaultdict(float)
    for reports in terminal.stats.values():
        for report in reports:
            duration = getattr(report, "duration", None)
            if duration is None or hasattr(report, "context"):  # a subtest is part of its test
                continue
            folder = "/".join(report.nodeid.split("/")[:2]).partition("::")[0]
            tests[folder].add(report.nodeid)
            seconds[folder] += duration
            if POSTGRESQL in report.nodeid.partition("[")[2]:
                on_postgresql[folder] += duration
    yield "| folder | tests | seconds | of them on PostgreSQL |"
    yield "| --- | ---: | ---: | ---: |"
    for folder in sorted(seconds, key=seconds.__getitem__, reverse=True):
        count, all_of_it, part = len(tests[folder]), seconds[folder], on_postgresql[folder]
        yield f"| {folder} | {count:,} | {all_of_it:.0f} | {part:.0f} |"
