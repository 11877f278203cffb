"""The structure of a response without its texts: the same for every text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.test import TestResponse

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr"}  # fmt: skip
# Attributes that define behaviour: their values must not depend on input either.
FIXED = {"id", "class", "for", "name", "type", "role", "rel", "method", "action", "target", "form",
         "aria-describedby", "aria-labelledby", "aria-controls"}  # fmt: skip
# Values that differ between responses for other reasons.
CHANGING = {"content-length", "set-cookie", "date", "etag", "last-modified"}
# A search URL is repeated with the search text.
WITH_TEXT = {"hx-get", "hx-push-url"}
# Made up for each step that can be undone.
UNDO_TOKEN = re.compile(r"(?<=undo[-/])[\w-]{22}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.found: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = sorted((name, _kept(name, value)) for name, value in attrs)
        self.found.append((self.depth, tag, kept))
        if tag not in VOID:
            self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = sorted((name, _kept(name, value)) for name, value in attrs)
        self.found.append((self.depth, tag, kept))

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_comment(self, data: str) -> None:
        self.found.append((self.depth, "comment"))

    def handle_decl(self, decl: str) -> None:
        self.found.append((self.depth, "declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.found.append((self.depth, "instruction"))

    def unknown_decl(self, data: str) -> None:
        self.found.append((self.depth, "unknown declaration"))


def _kept(name: str, value: str | None) -> str | None:
    return UNDO_TOKEN.sub("", value) if value and _is_fixed(name) else None


def _is_fixed(name: str) -> bool:
    return name in FIXED or (name.startswith("hx-") and name not in WITH_TEXT)


def of_html(html: str) -> list[object]:
    """Every element with its depth, the names of its attributes and the values of some."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def of_json(value: object) -> object:
    """The names and the kinds of the values."""
    if isinstance(value, dict):
        return {name: of_json(it) for name, it in sorted(value.items())}
    if isinstance(value, list):
        return [of_json(it) for it in value]
    return type(value).__name__


def of_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """All headers, without what differs for other reasons than a text."""
    return sorted((name, value) for name, value in headers if name.lower() not in CHANGING)


def of_answer(response: TestResponse) -> list[object]:
    """Status, headers and the structure of the body."""
    body = response.get_data(as_text=True)
    is_json = response.mimetype.endswith("json")
    structure = of_json(json.loads(body)) if is_json else of_html(body)
    return [response.status_code, of_headers(response.headers), structure]
