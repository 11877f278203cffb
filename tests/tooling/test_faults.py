"""Every reported fault has a test that is marked with its id."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parent.parent

# Security and operations.
SECURITY = {
    "A1": "white space at the end of a line took quadratic time",
    "A2": "long names were normalised before their length was checked",
    "A3": "a slow body held the lock of the database",
    "A4": "an account could store and export without limits",
    "A5": "an undo after large imports ran into a time limit",
    "A6": "failures of others locked users out",
    "B1": "an old session could create keys and change other accounts",
    "B2": "each IPv6 address was counted by itself",
    "B4": "the profile form revealed which addresses have accounts",
    "B5": "usernames could look alike",
    "B6": "private profiles were listed among holders",
    "B7": "complete packs counted packs of unreleased songs",
    "C1": "deleting an account twice at once was an error",
    "C2": "errors of libraries reached the user",
    "C3": "missing tables looked like a busy database",
    "C4": "a form sent twice acted twice",
    "C5": "the direction of a text affected the text around it",
    "C6": "unread messages made the cookie grow",
    "D1": "imported songs kept their achievements after an undo",
    "D2": "one song completed every track",
    "D3": "nobody was asked before they became a collaborator",
    "D4": "a new registration under an old name shed limits",
    "D5": "titles could differ by invisible characters only",
    "E1": "production accepted known keys and cheap hashes",
    "E2": "invalid settings caused tracebacks",
    "E3": "files were cached under versions of others",
    "E4": "accounts could not be managed",
    "E5": "passwords on the command line, strict HSTS and a script name from a header",
}
# Files and names, and streaks.
FILES_AND_STREAKS = {
    "1": "headers in other languages were not recognised",
    "2": "files of other services and own sheets were not recognised",
    "3": "escaped commas became part of names",
    "6": "line endings and long fields caused errors",
    "8": "an invalid year rejected the file",
    "10": "the size limit did not fit the limit of rows",
    "11": "typographic variants were different songs",
    "14": "changes of the time zone broke streaks",
    "15": "an unearned streak achievement showed the longest streak",
    "16": "a song could not exist twice, and could fill two tracks",
    "17": "undone imports kept their achievements",
    "18": "files in legacy encodings were rejected",
    "18b": "likely duplicates were not shown",
    "preview": "imports had no preview",
}


def test_every_fault_has_a_marked_test():
    found = {fault for path in TESTS.rglob("test_*.py") for fault in marked_in(path)}
    assert found == {*SECURITY, *FILES_AND_STREAKS}


def marked_in(path: Path) -> Iterator[str]:
    """Return the ids in the marks of tests."""
    source = path.read_text("utf-8")
    if "mark.fault(" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
                    yield from (ast.literal_eval(each) for each in mark.args)
