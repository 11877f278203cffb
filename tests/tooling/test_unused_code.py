"""Nothing is defined that neither the code nor a template uses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Rows of an enum or a schema are data: they are read by value, or all together.
UNUSED = re.compile(r"(?P<place>[^:]+:\d+): unused (?P<kind>\w+) '(?P<name>\w+)'")
KINDS = {"function", "class", "method", "property", "import", "attribute"}


@pytest.mark.tools
def test_every_function_class_and_property_is_used():
    command = [sys.executable, "-m", "vulture", "--min-confidence", "60"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not found.stderr
    templates = "\n".join(path.read_text() for path in ROOT.glob("templates/**/*.html"))
    unused = [
        match[0]
        for match in map(UNUSED.match, found.stdout.splitlines())
        if match
        and match["kind"] in KINDS
        and not match["place"].startswith("tests/")
        and not re.search(rf"\b{match['name']}\b", templates)
    ]
    assert unused == []
