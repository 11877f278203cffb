"""The errors in the OpenAPI document: written out once, and referred to by every operation."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from trackflow_web.web import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUSES = (400, 401, 403, 404, 413, 415, 422, 503)
OTHERS = "default"
_REFERENCE = "#/components/responses/{status}"


def errors(problem: str) -> dict[str, Any]:
    """Return all error responses; `problem` is the reference to their schema."""
    content = {problems.MIMETYPE: {"schema": {"$ref": problem}}}
    texts = {str(status): HTTPStatus(status).phrase for status in STATUSES}
    texts[OTHERS] = "Any other error."
    return {name: {"description": text, "content": content} for name, text in texts.items()}


def references(path: str, *, writes: bool, takes_input: bool) -> dict[str, Any]:
    """Return the references to the errors of an operation, by status."""
    statuses = [*map(str, _statuses(path, writes=writes, takes_input=takes_input)), OTHERS]
    return {status: {"$ref": _REFERENCE.format(status=status)} for status in statuses}


def _statuses(path: str, *, writes: bool, takes_input: bool) -> Iterator[int]:
    yield 401
    yield 503
    if "<" in path or path.endswith("/check"):
        yield 404
    if writes:
        yield from (400, 403, 413, 415)
    if writes or takes_input:
        yield 422
