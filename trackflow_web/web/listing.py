"""Lists: their query arguments, parsed in one place for pages and the API, and links to pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from flask import request

from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks
from trackflow_web.kernel.pagination import MOST_PAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trackflow_web.kernel.text import Choice

T = TypeVar("T")

# Longer searches find nothing that a shorter one does not.
LONGEST_SEARCH = 100


class ListArguments(Checks):
    """The query arguments of a list; `finish` raises Invalid naming each invalid one.

    They are those of the request, or others that are given.
    """

    def __init__(self, arguments: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._arguments = request.args if arguments is None else arguments

    def search(self, *, longest: int = LONGEST_SEARCH) -> str:
        """Return the search text `q`; empty without one."""
        return self(text.line, self._arguments.get("q"), "q", longest=longest, required=False)

    def text(self, name: str, *, longest: int) -> str:
        """Return the text of a required argument."""
        return self(text.line, self._arguments.get(name), name, longest=longest)

    def page(self, *, most: int = MOST_PAGES) -> int:
        """Return the number of the requested page, 1 by default."""
        return self.number("page", most=most) or 1

    def number(self, name: str, *, most: int) -> int | None:
        """Return the whole number from 1 to `most`, or None when it is absent or empty."""
        return self(text.whole_number, self._arguments.get(name), name, least=1, most=most)

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        """Return the member of `kind` with this value, or None when it is absent or empty."""
        return self.optional(name, lambda value: text.choice(value, name, kind))

    def optional(self, name: str, rule: Callable[[str], T]) -> T | None:
        """Return the result of the rule for the value, or None if it is absent or empty."""
        value = self._arguments.get(name)
        return self(rule, value) if value else None


def requested(parse: Callable[[ListArguments], T]) -> T:
    """Return the only argument that a list takes. Raises Invalid naming it."""
    arguments = ListArguments()
    value = parse(arguments)
    arguments.finish()
    return value


def requested_page() -> int:
    """Return the number of the requested page, 1 by default. Raises Invalid naming `page`."""
    return requested(ListArguments.page)


class Paged(Protocol):
    """One page of something."""

    @property
    def page(self) -> int:
        """Return its number, from 1."""

    @property
    def pages(self) -> int:
        """Return the number of pages."""


def pager(paged: Paged, address: Callable[[int], str]) -> dict[str, object]:
    """Return the arguments of the macro `pages`; `address(page)` returns the URL of a page."""
    return {
        "page": paged.page,
        "pages": paged.pages,
        "previous_url": address(paged.page - 1) if paged.page > 1 else None,
        "next_url": address(paged.page + 1) if paged.page < paged.pages else None,
    }
