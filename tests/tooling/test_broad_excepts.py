"""Few places catch every exception: boundaries that log it and go on, each with its reason."""

from __future__ import annotations

import ast
from pathlib import Path

import trackflow_web

PACKAGE = Path(trackflow_web.__file__).parent
MOST = 9
BROAD = {"Exception", "BaseException"}


def broad_handlers(source):
    """The `except` clauses that catch everything, with their lines."""
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    return [each for each in handlers if each.type is None or ast.unparse(each.type) in BROAD]


def all_of_the_package():
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text("utf-8")
        for handler in broad_handlers(source):
            yield path.relative_to(PACKAGE).as_posix(), source.splitlines(), handler


def test_the_package_has_few_broad_excepts():
    places = [f"{name}:{handler.lineno}" for name, _, handler in all_of_the_package()]
    assert len(places) <= MOST, places


def test_every_broad_except_has_a_reason_and_logs():
    for name, lines, handler in all_of_the_package():
        above = lines[handler.lineno - 2].strip()
        assert above.startswith("# "), f"{name}:{handler.lineno} has no reason above it"
        assert "log.exception(" in ast.unparse(handler), f"{name}:{handler.lineno} does not log"


def test_the_scan_finds_each_form_of_a_broad_except():
    for clause in ("except:", "except Exception:", "except BaseException as error:"):
        assert broad_handlers(f"try:\n    pass\n{clause}\n    pass\n"), clause
    assert not broad_handlers("try:\n    pass\nexcept ValueError:\n    pass\n")
