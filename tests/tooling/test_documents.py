"""Guarantees in documents name existing tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMED = re.compile(r"\b(tests/[\w/]+\.py)::(\w+)")
# These name the tests of every guarantee.
KEEPERS = [path for path in DOCUMENTS if path.name in {"reliability.md", "security.md"}]
FEWEST_TESTS_NAMED = 20


def functions_of(file):
    """Return the names of the functions of a file, at module level or in a class."""
    path = ROOT / file
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def not_there(text):
    """Return the missing tests that a text names as `tests/folder/test_file.py::test_name`."""
    named = set(NAMED.findall(text))
    return sorted(f"{file}::{test}" for file, test in named if test not in functions_of(file))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_named_in_a_document_exists(document):
    assert not_there(document.read_text("utf-8")) == []


@pytest.mark.parametrize("document", KEEPERS, ids=lambda path: path.name)
def test_guarantees_name_their_tests(document):
    tests = set(NAMED.findall(document.read_text("utf-8")))
    assert len(tests) >= FEWEST_TESTS_NAMED


def test_a_missing_test_is_detected():
    here, found = "tests/tooling/test_documents.py", "test_a_missing_test_is_detected"
    text = f"`{here}::test_nothing`, `tests/nowhere.py::test_it` and `{here}::{found}`"
    assert not_there(text) == ["tests/nowhere.py::test_it", f"{here}::test_nothing"]
