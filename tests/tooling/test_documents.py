"""What the documents promise is shown by a test that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# tests/pages/test_toasts.py, or a test in it: tests/pages/test_toasts.py::test_four_become_one
NAMED = re.compile(r"\b(tests/[\w/]+\.py)(?:::(\w+))?")
# These say with every promise by which test it is kept.
KEEPERS = [path for path in DOCUMENTS if path.name in {"reliability.md", "security.md"}]
FEWEST_TESTS_NAMED = 20


def tests_named(text):
    """Each file that a text names, with the test in it, or with nothing."""
    return {(file, test) for file, test in NAMED.findall(text)}


def tests_in(file):
    """The names of the tests of a file, at its top or in a class."""
    path = ROOT / file
    if not path.exists():
        return None
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def not_there(text):
    """What a text names and nobody can find, as the text has it."""
    missing = set()
    for file, test in tests_named(text):
        tests = tests_in(file)
        if tests is None or (test and test not in tests):
            missing.add(f"{file}::{test}" if test else file)
    return sorted(missing)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_that_a_document_names_is_there(document):
    assert not_there(document.read_text("utf-8")) == []


@pytest.mark.parametrize("document", KEEPERS, ids=lambda path: path.name)
def test_promises_name_the_tests_that_keep_them(document):
    tests = {test for _, test in tests_named(document.read_text("utf-8")) if test}
    assert len(tests) >= FEWEST_TESTS_NAMED


def test_a_test_that_is_not_there_is_found_out():
    text = (
        "`tests/tooling/test_documents.py::test_nothing`, `tests/nowhere.py` and"
        " `tests/tooling/test_documents.py::test_a_test_that_is_not_there_is_found_out`"
    )
    assert not_there(text) == ["tests/nowhere.py", "tests/tooling/test_documents.py::test_nothing"]
