"""Pages of a list, counted from 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

# An offset makes the database read all skipped rows; further items are found by searching.
MOST_PAGES = 200

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list of `total` rows, `size` a page."""

    rows: Sequence[Row]
    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return last_page(self.total, self.size)


def last_page(total: int, size: int) -> int:
    """Return the number of the last page, at least 1."""
    return min(MOST_PAGES, max(1, -(-total // size)))
