"""Imports go downwards only; pyproject.toml holds the law."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.tools
def test_imports_respect_the_contracts():
    program = shutil.which("lint-imports", path=Path(sys.executable).parent)
    assert program, "import-linter is missing: pip install -r requirements-dev.txt"
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_module_imports_wsgi():
    """`wsgi` is above all layers, where import-linter does not check."""
    for path in (ROOT / "trackflow_web").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [
            line for line in lines if line.split()[:2] in (["import", "wsgi"], ["from", "wsgi"])
        ]
