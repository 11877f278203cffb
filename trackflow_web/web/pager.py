"""Numbered pages of a list: the requested one, and links to its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from flask import request

from trackflow_web.kernel import text
from trackflow_web.kernel.pagination import MOST_PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = {"least": 1, "most": MOST_PAGES}


class Paged(Protocol):
    """One page of a list."""

    @property
    def page(self) -> int:
        """Its number, from 1."""

    @property
    def pages(self) -> int:
        """The number of pages."""


def asked_page() -> int:
    """Return the requested page number, by default 1. Raises Invalid naming `page`."""
    return text.whole_number(request.args.get("page"), "page", **LIMITS) or 1


def pager(paged: Paged, address: Callable[[int], str]) -> dict[str, object]:
    """Return the context of the macro `pages`; `address(page)` returns a page's address."""
    return {
        "page": paged.page,
        "pages": paged.pages,
        "previous_url": address(paged.page - 1) if paged.page > 1 else None,
        "next_url": address(paged.page + 1) if paged.page < paged.pages else None,
    }
