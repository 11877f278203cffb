"""The benchmarks run and write their figures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import recheck, report
from bench.__main__ import BENCHMARKS

ROOT = Path(__file__).parents[2]
# Measured by tests of their own, for what they need: the registry, a PostgreSQL server.
NAMES = BENCHMARKS.keys() - {"peers", "size"}
# Those that repeat most of the program's code; each starts a process.
IN_EVERY_RUN = {"action", "pages"}

pytestmark = pytest.mark.postgresql  # they measure both databases


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(IN_EVERY_RUN, id="some"),
        pytest.param(NAMES - IN_EVERY_RUN, id="others", marks=pytest.mark.stress),
    ],
)
def test_benchmarks_run_in_quick_mode(names):
    figures = measured(*names)

    assert figures.keys() == names
    assert all(figures.values())


@pytest.mark.stress
def test_storage_per_user_is_measured_on_both_databases():
    figures = measured("size")["size"]

    rows = re.search(r"rows written ([\d.]+) / ([\d.]+);", figures["release a song"])
    assert rows[1] == rows[2], figures
    assert float(rows[1]) > 4  # the song, its events, its counters
    assert {"songs", "activities", "users", "user_achievements"} <= figures.keys()


def measured(*names):
    done = subprocess.run(
        [sys.executable, "-m", "bench", *names, "--quick", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_figures_are_written_into_their_block_of_the_document(tmp_path, monkeypatch):
    document = tmp_path / "performance.md"
    document.write_text("Before\n<!-- bench: recheck -->\nold\n<!-- end -->\nAfter\n", "utf-8")
    monkeypatch.setattr(report, "DOCUMENT", document)

    report.write("recheck", recheck, {"users a second": 7})

    text = document.read_text("utf-8")
    assert text.startswith("Before\n")
    assert text.endswith("<!-- end -->\nAfter\n")
    assert "python -m bench recheck" in text
    assert "| users a second | 7 |  |" in text
    assert "old" not in text
    with pytest.raises(LookupError):
        report.write("nothing", recheck, {})
