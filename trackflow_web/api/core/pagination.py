"""Cursor pagination: at most `limit` items, and a cursor for the items after them.

A cursor contains the item to continue after, not a number to skip: a growing list repeats
nothing. It is signed, so that only cursors that a list has returned are accepted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer

from trackflow_web.kernel.errors import Checks, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Place = TypeVar("Place", int, str)

MOST_ITEMS = 100
USUAL_ITEMS = 50
A_LIMIT = re.compile(r"[0-9]{1,3}", re.ASCII)
NO_LIMIT = f"Enter a limit between 1 and {MOST_ITEMS}."
NO_SUCH_CURSOR = "This cursor isn't from this list."


def limit() -> int:
    """Return the requested number of items. Raises Invalid naming `limit`."""
    asked = request.args.get("limit")
    if asked is None:
        return USUAL_ITEMS
    # A form may leave a field empty or put a space before it; a program that does means another.
    if not A_LIMIT.fullmatch(asked) or not 1 <= int(asked) <= MOST_ITEMS:
        raise Invalid(limit=NO_LIMIT)
    return int(asked)


def place(kind: type[Place]) -> Place | None:
    """Return the item to continue after; None at the start. Raises Invalid naming `cursor`."""
    cursor = request.args.get("cursor")
    if not cursor:
        return None
    try:
        found = _signer().loads(cursor)
    except BadData:
        raise Invalid(cursor=NO_SUCH_CURSOR) from None
    if not isinstance(found, kind):
        raise Invalid(cursor=NO_SUCH_CURSOR)
    return found


def cursor_after(
    items: Sequence[Item], limit: int, place_of: Callable[[Item], int | str]
) -> str | None:
    """Return the cursor after the first `limit` items, or None if there are no more."""
    return _signer().dumps(place_of(items[limit - 1])) if len(items) > limit else None


def fetch(
    load: Callable[[int | None, int], Sequence[Item]],
    place_of: Callable[[Item], int],
    arguments: Checks | None = None,
) -> tuple[Sequence[Item], str | None]:
    """Return the requested part of a list and the cursor of the next part.

    `load(after, limit)` reads up to `limit` items that come after the place `after`; one more than
    requested is read, to find out whether there is a next part. Raises Invalid naming `limit`,
    `cursor` and the errors of `arguments` so far.
    """
    check = arguments or Checks()
    at_most, after = check(limit), check(place, int)
    check.finish()
    items = load(after, at_most + 1)
    return items[:at_most], cursor_after(items, at_most, place_of)


def piece(
    items: Sequence[Item], place_of: Callable[[Item], str]
) -> tuple[Sequence[Item], str | None]:
    """Return the requested items of a complete list, and the next cursor. Raises Invalid."""
    check = Checks()
    at_most, after = check(limit), check(place, str)
    check.finish()
    if after is not None:
        places = [place_of(item) for item in items]
        if after not in places:
            raise Invalid(cursor=NO_SUCH_CURSOR)
        items = items[places.index(after) + 1 :]
    return items[:at_most], cursor_after(items, at_most, place_of)


def _signer() -> URLSafeSerializer:
    config = current_app.config
    keys = [*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]]
    # A salt for each list: the cursor of one is not valid for another.
    return URLSafeSerializer(keys, salt=f"cursor of {request.endpoint}")
