"""The application's own list of addresses, so that a test forgets none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask import Flask

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Route:
    """An address with everything filled in, and a method it takes."""

    method: str
    path: str
    endpoint: str
    arguments: frozenset[str]

    @property
    def is_unsafe(self) -> bool:
        return self.method not in SAFE_METHODS

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def html_routes(app: Flask, values: Mapping[str, object]) -> Iterator[Route]:
    """Every address of the HTML side with its methods; `values` fill its arguments by name."""
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api") or rule.endpoint == "static":
            continue
        path = urls.build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield Route(method, path, rule.endpoint, frozenset(rule.arguments))
