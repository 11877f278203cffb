"""Failpoints kill a process once where a test arms them, and nowhere else."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trackflow_web.kernel import failpoints
from trackflow_web.kernel.failpoints import Point

ROOT = Path(__file__).parents[2]
PASSING = """
import sys
from pathlib import Path
from trackflow_web.kernel import failpoints

failpoints.arm(Path(sys.argv[1]))
failpoints.point(failpoints.Point.BEFORE_COMMIT)
"""


@pytest.fixture
def pass_by(tmp_path):
    """Run a process that passes one failpoint; return its exit status."""

    def run():
        command = [sys.executable, "-c", PASSING, str(tmp_path)]
        return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode

    return run


def test_an_armed_failpoint_kills_the_first_process_only(tmp_path, pass_by):
    (tmp_path / Point.BEFORE_COMMIT).touch()
    assert [pass_by(), pass_by()] == [-signal.SIGKILL, 0]


def test_a_failpoint_that_is_not_armed_does_nothing(tmp_path, pass_by):
    (tmp_path / Point.AFTER_COMMIT).touch()
    assert pass_by() == 0


def test_no_failpoint_is_armed_by_default(app):
    assert failpoints._folder is None


def test_a_failpoint_in_raise_mode_raises_until_the_block_ends():
    with failpoints.failing(Point.BEFORE_COMMIT, ZeroDivisionError()):
        failpoints.point(Point.AFTER_COMMIT)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                failpoints.point(Point.BEFORE_COMMIT)
    failpoints.point(Point.BEFORE_COMMIT)
