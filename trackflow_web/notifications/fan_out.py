"""Notices for many: what one request does not write, a job does, slice by slice.

Each slice and the id of its last recipient are committed together, so that a job that was killed
goes on behind the last slice and tells nobody twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from trackflow_web.kernel import clock, failpoints, leases
from trackflow_web.kernel.database import db
from trackflow_web.notifications import write
from trackflow_web.notifications.models import FanOut
from trackflow_web.notifications.notices import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

# So many are written with the action itself.
MOST_AT_ONCE = 200
SLICE = 1000
LEASE = timedelta(seconds=30)
_LEFT = "notices left to a job"


def is_left_to_job(notice: Notice) -> bool:
    """Return whether a notice has too many recipients for a request, and was left to a job."""
    if write.last_of_slice(notice, after=0, size=MOST_AT_ONCE + 1) is None:
        return False
    db.session.add(
        FanOut(
            user_id=notice.actor_id,
            notice=notice.to_json(),
            last_user_id=0,
            created_at=clock.now(),
        )
    )
    db.session.flush()
    db.session().info[_LEFT] = True
    return True


def is_left() -> bool:
    """Return whether this unit of work has left something to a job."""
    return bool(db.session().info.get(_LEFT))


def waiting(limit: int) -> Sequence[int]:
    """Return the ids of fan-outs that nobody works on, oldest first."""
    found = sa.select(FanOut.id).where(leases.is_free(FanOut)).order_by(FanOut.id).limit(limit)
    return db.session.scalars(found).all()


def count_waiting() -> int:
    """Return how many fan-outs are not finished."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(FanOut)) or 0


def acquire(fan_out_id: int, worker: str) -> bool:
    """Acquire a fan-out that nobody works on; return whether the worker has it."""
    return leases.acquire(FanOut, fan_out_id, worker, lasts=LEASE)


def step(fan_out_id: int, worker: str) -> bool:
    """Write the next slice; return whether there is another one. Raises LeaseLost."""
    row = leases.renew(FanOut, fan_out_id, worker, lasts=LEASE)
    notice = Notice.from_json(row.notice)
    last = write.last_of_slice(notice, after=row.last_user_id, size=SLICE)
    write.send(notice, after=row.last_user_id, upto=write.LARGEST_ID if last is None else last)
    failpoints.point(failpoints.Point.IN_FAN_OUT)
    if last is None:
        db.session.delete(row)
        return False
    row.last_user_id = last
    return True
