"""The filters of the inbox in its address, and the cursor of its next part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import url_for

from trackflow_web.kernel.errors import Invalid
from trackflow_web.notifications.inbox import Item, Wanted
from trackflow_web.notifications.types import Type
from trackflow_web.web.listing import ListArguments

CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})", re.ASCII)
NO_CURSOR = "This cursor isn't from this list."


class Read(StrEnum):
    """Which notifications are shown."""

    ALL = "all"
    UNREAD = "unread"


@dataclass(frozen=True)
class Filters:
    """What the address of the inbox asks for."""

    read: Read = Read.ALL
    type: Type | None = None
    after: tuple[int, int] | None = None

    @property
    def is_everything(self) -> bool:
        """Return whether nothing is left out."""
        return self == Filters()

    def wanted(self, limit: int) -> Wanted:
        """Return the rows to read."""
        return Wanted(
            unread=self.read is Read.UNREAD, type=self.type, after=self.after, limit=limit
        )

    @property
    def query(self) -> str:
        """Return the query of the address of this part, for forms on it; empty without filters."""
        _path, mark, query = self.here().partition("?")
        return mark + query

    def address(self, *, read: Read | str | None = None, cursor: str | None = None) -> str:
        """Return the address of the inbox with these filters, or another `filter`."""
        chosen = Read(read) if read else self.read
        return url_for("notifications.index", **self._values(chosen), cursor=cursor)

    def here(self, *, undo: str = "") -> str:
        """Return the address of this part of the inbox, with what can be undone."""
        return url_for(
            "notifications.index",
            **self._values(self.read),
            cursor=None if self.after is None else "{}-{}".format(*self.after),
            undo=undo or None,
        )

    def _values(self, read: Read) -> dict[str, Any]:
        return {"filter": None if read is Read.ALL else read, "type": self.type}


def requested_filters() -> Filters:
    """Return the filters in the address. Raises Invalid naming each one that is refused."""
    arguments = ListArguments()
    filters = Filters(
        read=arguments.choice("filter", Read) or Read.ALL,
        type=arguments.choice("type", Type),
        after=arguments.optional("cursor", place_of),
    )
    arguments.finish()
    return filters


def place_of(cursor: str) -> tuple[int, int]:
    """Return the version and id in a cursor. Raises Invalid naming `cursor`."""
    found = CURSOR.fullmatch(cursor)
    if found is None:
        raise Invalid(cursor=NO_CURSOR)
    return int(found[1]), int(found[2])


def cursor_after(item: Item) -> str:
    """Return the cursor of what comes after a row."""
    return f"{item.version}-{item.id}"
