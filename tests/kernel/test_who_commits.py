"""Only `kernel/transactions.py` begins, commits and rolls back."""

from __future__ import annotations

import ast
from pathlib import Path

import trackflow_web

PACKAGE = Path(trackflow_web.__file__).parent
# The flag is set where it is defined, too.
ALLOWED = {"kernel/transactions.py", "kernel/database.py"}
# Whatever they are called on, unless it is the transactions module itself.
FORBIDDEN = {"commit", "rollback", "set_writing"}
# Also names of ordinary functions, so that what they are called on decides.
FORBIDDEN_ON_A_DATABASE = {"begin", "invalidate"}
DATABASES = {"session", "engine", "connection"}


def is_forbidden(call):
    """Return whether a call begins, commits or rolls back, or opens a session that does."""
    if isinstance(call.func, ast.Name):
        return call.func.id == "set_writing" or (call.func.id == "Session" and bool(call.args))
    if not isinstance(call.func, ast.Attribute):
        return False
    owner, name = ast.unparse(call.func.value), call.func.attr
    if name in FORBIDDEN:
        return owner != "transactions"
    return name in FORBIDDEN_ON_A_DATABASE and owner.rpartition(".")[2] in DATABASES


def offences(source):
    """The lines of a module that do it, as text."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if is_forbidden(call)]


def test_nothing_but_the_transactions_module_begins_commits_or_rolls_back():
    found = {
        path.relative_to(PACKAGE).as_posix(): offences(path.read_text("utf-8"))
        for path in PACKAGE.rglob("*.py")
    }
    assert {name: where for name, where in found.items() if where and name not in ALLOWED} == {}


def test_the_scan_finds_each_way_around_the_transactions_module():
    for source in (
        "db.session.commit()",
        "db.session.rollback()",
        "with session.begin(): pass",
        "set_writing(writing=True)",
        "database.set_writing(writing=True)",
        "with Session(db.engine) as other: pass",
    ):
        assert offences(source), source
    assert not offences("transactions.commit()")
