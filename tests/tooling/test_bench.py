"""The benchmarks run, so that their figures can be had when they are asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.__main__ import BENCHMARKS

ROOT = Path(__file__).parents[2]
# The peers come from the registry: see test_bench_peers.
NAMES = BENCHMARKS.keys() - {"peers"}


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
    assert figures.keys() == NAMES
    assert all(figures.values())
