"""The benchmarks run, so that their figures can be had when they are asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import recheck, report
from bench.__main__ import BENCHMARKS

ROOT = Path(__file__).parents[2]
# The peers come from the registry: see test_bench_peers.
NAMES = BENCHMARKS.keys() - {"peers"}

pytestmark = pytest.mark.postgresql  # they measure both databases


def test_every_benchmark_runs():
    done = subprocess.run(
        [sys.executable, "-m", "bench", *NAMES, "--quick", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert set(figures) == NAMES
    assert all(figures.values())


def test_figures_are_put_into_their_block_of_the_document(tmp_path, monkeypatch):
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
