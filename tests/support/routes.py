"""The routes of the application, so that tests miss none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask import Flask
    from werkzeug.routing import Rule

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_CONVERTER = re.compile(r"<[^<>:]+:")


@dataclass(frozen=True)
class Route:
    """A URL with its arguments filled in, and one of its methods."""

    method: str
    path: str
    pattern: str
    endpoint: str
    arguments: frozenset[str]

    @property
    def is_unsafe(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("/api")

    @property
    def name(self) -> str:
        """As a table names it: `GET /songs/<song_id>`."""
        return f"{self.method} {self.pattern}"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_routes(app: Flask, values: Mapping[str, object]) -> Iterator[Route]:
    """Every URL with its methods; `values` fill its arguments by name."""
    urls = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        path = urls.build(
            rule.endpoint, {name: _value(rule, name, values) for name in rule.arguments}
        )
        pattern = _CONVERTER.sub("<", rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield Route(method, path, pattern, rule.endpoint, frozenset(rule.arguments))


def html_routes(app: Flask, values: Mapping[str, object]) -> Iterator[Route]:
    """Every URL of the HTML side with its methods."""
    for route in all_routes(app, values):
        if not route.is_api and route.endpoint != "static":
            yield route


def _value(rule: Rule, name: str, values: Mapping[str, object]) -> object:
    if name == "item_id":
        return values["bug_id" if "/bugs/" in rule.rule else "feature_id"]
    return values[name]
