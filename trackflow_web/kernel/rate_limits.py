"""Rate limits: one row per key and window, counted atomically.

The count is stored in the database, because every process must see the same one. An attempt is
counted in a separate transaction, because it must survive an error response; an action in its own
transaction. Searches, which are sent with every key pressed, are counted in the process (`Recent`).
"""

from __future__ import annotations

import math
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from trackflow_web.kernel import clock
from trackflow_web.kernel.database import Base, db, upsert
from trackflow_web.kernel.errors import TooMany
from trackflow_web.kernel.transactions import reading, writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limits import RateLimitItem

# Above this number of keys, those of expired windows are deleted.
MOST_KEPT = 10_000


class LimitCount(Base):
    """The number of hits of a key in a scope since its window began."""

    __tablename__ = "limit_counts"

    scope: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(320), primary_key=True)
    n: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


def hit(scope: str, key: str, limit: RateLimitItem) -> int:
    """Count one more; return the seconds to wait, 0 within the limit.

    Counting comes first and decides, so that parallel attempts cannot pass together.
    """
    with writing() as session:
        return _count(session, scope, key, limit)


def undo_hit(scope: str, key: str) -> None:
    """Undo one hit: the attempt turned out to be allowed."""
    with writing() as session:
        session.execute(
            sa.update(LimitCount)
            .where(LimitCount.scope == scope, LimitCount.key == key, LimitCount.n > 0)
            .values(n=LimitCount.n - 1)
        )


def count(scope: str, key: str) -> int:
    """Return the number of hits of a window that is not over."""
    with reading():
        hits = sa.select(LimitCount.n).where(
            LimitCount.scope == scope, LimitCount.key == key, LimitCount.ends_at > clock.now()
        )
        return db.session.scalar(hits) or 0


def enforce(scope: str, key: str, limit: RateLimitItem, message: str) -> None:
    """Count one more; raises TooMany with `message` when that is over the limit."""
    if seconds := hit(scope, key, limit):
        raise TooMany(message, seconds)


def enforce_within(scope: str, key: str, limit: RateLimitItem, message: str) -> None:
    """Count one more in the running transaction; raises TooMany with `message` over the limit.

    For actions, which count once they are committed; attempts are counted by `enforce`.
    """
    if seconds := _count(db.session(), scope, key, limit):
        raise TooMany(message, seconds)


def enforce_all_within(scope: str, key: str, limits: Iterable[RateLimitItem], message: str) -> None:
    """Count one more for each of several limits, such as one an hour and one a day.

    Raises TooMany like `enforce_within`.
    """
    for limit in limits:
        enforce_within(f"{scope} {limit.get_expiry()}", key, limit, message)


class Recent:
    """Counts in memory: a row for each would cost more than the counted request.

    The effective limit is the limit times the number of processes.
    """

    def __init__(self, limit: RateLimitItem) -> None:
        self.limit = limit
        self.lock = threading.Lock()
        self.counts: dict[str, tuple[int, datetime]] = {}

    def enforce(self, key: str, message: str) -> None:
        """Count one more; raises TooMany with `message` when that is over the limit."""
        now = clock.now()
        with self.lock:
            n, ends_at = self.counts.get(key, (0, now))
            if ends_at <= now:
                n, ends_at = 0, now + timedelta(seconds=self.limit.get_expiry())
            self.counts[key] = (n + 1, ends_at)
            if len(self.counts) > MOST_KEPT:
                self.counts = {k: it for k, it in self.counts.items() if it[1] > now}
        if n >= self.limit.amount:
            raise TooMany(message, _seconds(ends_at - now))


def forget_ended() -> int:
    """Delete the counts whose window is over; return how many there were."""
    with writing() as session:
        ended = sa.delete(LimitCount).where(LimitCount.ends_at <= clock.now())
        return len(session.scalars(ended.returning(LimitCount.n)).all())


def _count(session: Session, scope: str, key: str, limit: RateLimitItem) -> int:
    now = clock.now()
    window = timedelta(seconds=limit.get_expiry())
    over = LimitCount.ends_at <= now
    statement = upsert(LimitCount).values(scope=scope, key=key, n=1, ends_at=now + window)
    statement = statement.on_conflict_do_update(
        index_elements=[LimitCount.scope, LimitCount.key],
        set_={
            "n": sa.case((over, 1), else_=LimitCount.n + 1),
            "ends_at": sa.case((over, now + window), else_=LimitCount.ends_at),
        },
    )
    n, ends_at = session.execute(statement.returning(LimitCount.n, LimitCount.ends_at)).one()
    if n <= limit.amount:
        return 0
    return _seconds(ends_at - now)


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))
