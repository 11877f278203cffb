"""Row limits: how many songs, packs and so on one account may have.

Near a limit the account's row is locked before rows are counted, so that parallel requests cannot
pass it together. A limit is checked where rows are inserted: in the action, not in the view.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.domain.people.models import User
from trackflow_web.kernel.database import db, dialect
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

# More requests than insert rows for one account at the same time.
MOST_AT_ONCE = 100


class RowLimit(StrEnum):
    """The limited rows, by the setting of their limit."""

    SONGS = "MAX_SONGS"
    PACKS = "MAX_PACKS"
    ALBUMS = "MAX_ALBUMS"
    COLLABORATORS = "MAX_COLLABORATORS"
    COMMENTS = "MAX_COMMENTS"
    REQUESTS = "MAX_REQUESTS"
    TOKENS = "MAX_TOKENS"
    TEMPLATES = "MAX_TEMPLATES"
    IMPORTS = "MAX_IMPORTS"
    IMPORT_ROWS = "MAX_IMPORT_ROWS"
    PREVIEWS = "MAX_PREVIEWS"
    WEBHOOKS = "MAX_WEBHOOKS"
    DELIVERIES = "MAX_DELIVERIES"


# Messages to users. Rows of imports and previews have none: the oldest ones are deleted. Deliveries
# over the limit are not queued.
MESSAGES = {
    RowLimit.SONGS: "An account can have up to {:,} songs, and yours is full. Delete some first.",
    RowLimit.PACKS: "An account can have up to {:,} packs, and yours is full. Delete some first.",
    RowLimit.ALBUMS: "An account can have up to {:,} albums, and yours is full. Delete some first.",
    RowLimit.COLLABORATORS: "A song can have up to {:,} collaborators. Remove one first.",
    RowLimit.COMMENTS: "An account can write up to {:,} comments, and you've written them.",
    RowLimit.REQUESTS: (
        "An account can submit up to {:,} requests and reports, and you've submitted them."
    ),
    RowLimit.TOKENS: "An account can have up to {:,} tokens. Revoke one first.",
    RowLimit.TEMPLATES: "An account can have up to {:,} templates. Delete one first.",
    RowLimit.WEBHOOKS: "An account can have up to {:,} webhooks. Delete one first.",
    RowLimit.IMPORTS: (
        "An account can have up to {:,} imports whose songs are still there."
        " Delete songs of an import or undo one first."
    ),
}

_most: dict[RowLimit, int] = {}


class LimitReached(Invalid):
    """The account has as many rows as it may have."""

    def __init__(self, limit: RowLimit, field: str = "form") -> None:
        super().__init__(**{field: MESSAGES[limit].format(most(limit))})
        self.limit = limit


def use(settings: Mapping[str, int]) -> None:
    """Apply the settings to this process."""
    _most.update({RowLimit(name): number for name, number in settings.items()})


def most(limit: RowLimit) -> int:
    """Return how many rows there may be."""
    return _most[limit]


def hold(user_id: int) -> None:
    """Lock the account, so that other inserts for it wait until the commit."""
    if dialect() == "sqlite":  # a writing transaction holds the whole file
        return
    # Rows that refer to the account may still be written.
    account = sa.select(User.id).where(User.id == user_id).with_for_update(key_share=True)
    db.session.execute(account)


def require_room(
    limit: RowLimit,
    user_id: int,
    counted: sa.ColumnElement[bool],
    *,
    stored: sa.Select[int] | None = None,
    field: str = "form",
) -> None:
    """Check that one more row may be inserted beside those that are `counted`.

    The account is only locked near the limit, so that other requests do not wait. `stored` selects
    an existing counter where counting the rows would take longer. Raises
    LimitReached naming `field`.
    """
    enough = most(limit) - MOST_AT_ONCE
    if enough > 0:
        few = _is_below(enough, counted) if stored is None else _count_in(stored) < enough
        if few:
            return
    hold(user_id)
    require_room_among(limit, counted, field=field)


def _is_below(number: int, counted: sa.ColumnElement[bool]) -> bool:
    """Return whether there are fewer rows; read at most that many."""
    nth = sa.select(sa.literal(1)).where(counted).offset(number - 1).limit(1)
    return db.session.scalar(nth) is None


def _count_in(stored: sa.Select[int]) -> int:
    return db.session.scalar(stored) or 0


def require_room_among(
    limit: RowLimit, counted: sa.ColumnElement[bool], *, field: str = "form"
) -> None:
    """Check the limit under a lock that other inserts of such rows wait for.

    Raises LimitReached naming `field`.
    """
    if not _is_below(most(limit), counted):
        raise LimitReached(limit, field)


def room(limit: RowLimit, counted: sa.ColumnElement[bool]) -> int:
    """Return how many more rows may be inserted; call `hold` first to rely on it."""
    found = db.session.scalar(sa.select(sa.func.count()).where(counted)) or 0
    return max(most(limit) - found, 0)
