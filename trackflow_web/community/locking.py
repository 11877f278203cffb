"""The lock of those who write entries of the same users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.kernel.database import db, dialect

if TYPE_CHECKING:
    from collections.abc import Iterable


def lock_entries_of(actor_ids: Iterable[int]) -> None:
    """Wait for others who write entries of these users: what they committed is then counted.

    Entries may not exist yet, so that no row of the feed can be locked, and a row of the user is
    locked by other actions in another order.
    """
    if dialect() == "sqlite":  # where one transaction writes at a time
        return
    db.session.execute(_LOCK, {"actor_ids": sorted(set(actor_ids))})


# In the order of the ids, as the subquery sorts them: no two wait for each other.
_LOCK = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended('feed ' || actors.id, 0))"
    " FROM (SELECT id FROM unnest(CAST(:actor_ids AS bigint[])) AS id ORDER BY id) AS actors"
)
