"""Lists in pages: which one is asked for, and the ways to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from flask import request

from trackflow_web.kernel import text
from trackflow_web.kernel.pagination import MOST_PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = {"least": 1, "most": MOST_PAGES}


class Paged(Protocol):
    """One page of something."""

    @property
    def page(self) -> int:
        """Which one, from 1."""

    @property
    def pages(self) -> int:
        """How many there are."""


def asked_page() -> int:
    """The page that the address asks for, the first by default. Raises Invalid naming `page`."""
    return text.whole_number(request.args.get("page"), "page", **LIMITS) or 1


def pager(paged: Paged, address: Callable[[int], str]) -> dict[str, object]:
    """What the macro `pages` shows; `address(page)` gives the address of another one."""
    return {
        "page": paged.page,
        "pages": paged.pages,
        "previous_url": address(paged.page - 1) if paged.page > 1 else None,
        "next_url": address(paged.page + 1) if paged.page < paged.pages else None,
    }
